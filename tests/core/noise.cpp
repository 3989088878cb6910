// SPDX-License-Identifier: MIT
#include "rheo/core/noise.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "catch.hpp"

namespace core_noise {
using namespace rheo;

TEST_CASE("Philox4x32-10 gives the published known answers") {
  // kat_vectors of the authors' Random123 distribution.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr auto f = 0xffffffffu;
  CHECK(philox4x32({f, f, f, f}, {f, f}) == PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a draw depends on seed, stream, row and number alone") {
  const Noise a{7};
  CHECK(a.normal(5, 3) == a.from_row(5).normal(0, 3));
  CHECK(a.uniform(5, 3) == a.from_row(2).uniform(3, 3));
  CHECK(a.normal<float>(5, 3) == static_cast<float>(a.normal(5, 3)));
  std::set<double> seen;
  for (int k = 0; k < 50; ++k) {
    for (Index i = 0; i < 20; ++i) seen.insert(a.fork(static_cast<std::uint64_t>(k)).uniform(i, 0));
  }
  seen.insert(a.uniform(0, 0));
  seen.insert(Noise{8}.uniform(0, 0));
  CHECK(seen.size() == 1002);
  Batch<double> block(33, 5);
  a.from_row(4).normals(view(block), 1);
  for (Index i = 0; i < 33; ++i) {
    for (Index j = 0; j < 5; ++j) CHECK(std::abs(block(i, j) - a.normal(4 + i, 1 + j)) < 1e-15 * 8);
  }
  CHECK(a.from_row(Index(1) << 33).uniform(0, 0) != a.from_row(Index(1) << 34).uniform(0, 0));
}

TEST_CASE("rows that are left of a batch keep their draws: one by one, in sweeps, forked, and left again") {
  const Noise a = Noise{9}.fork(3).from_row((Index(1) << 32) - 60);
  std::vector<Index> numbers, fewer;
  for (Index i = 0; i < 120; i += 1 + i % 3) numbers.push_back(a.row(i));
  const Noise left = a.of_rows(numbers.data());
  Batch<double> all(120, 5), z(static_cast<Index>(numbers.size()), 5);
  for (const bool forked : {false, true}) {
    (forked ? a.fork(7) : a).normals(view(all), 1);
    (forked ? left.fork(7) : left).normals(view(z), 1);
    Index k = 0;
    for (Index i = 0; i < 120; i += 1 + i % 3, ++k) CHECK((z.row(k) - all.row(i)).abs().maxCoeff() < 1e-14);
  }
  for (Index k = 3; k < z.rows(); k += 2) fewer.push_back(left.from_row(1).row(k - 1));
  const Noise again = left.of_rows(fewer.data());
  CHECK(again.from_row(2).uniform(1, 4) == left.uniform(9, 4));
  CHECK(again.index(3, 2, 1000) == left.index(9, 2, 1000));
}

TEST_CASE("sweeps give the draws one by one, odd firsts, left-over rows and rows beyond 2^32 too") {
  for (const Index row : {Index(0), Index(1000), (Index(1) << 32) - 20}) {
    const Noise a = Noise{9}.fork(3).from_row(row);
    for (const Index first : {0, 1, 6}) {
      for (const Index columns : {1, 2, 5}) {
        Batch<double> z(53, columns), u(53, columns);
        Batch<float> f(53, columns);
        a.normals(view(z), first);
        a.uniforms(view(u), first);
        a.uniforms(view(f), first);
        for (Index j = 0; j < columns; ++j) {
          for (Index i = 0; i < 53; ++i) {
            CHECK(std::abs(z(i, j) - a.normal(i, first + j)) < 1e-15 * 8);
            CHECK(u(i, j) == a.uniform(i, first + j));
            CHECK(f(i, j) == a.uniform<float>(i, first + j));
          }
        }
      }
    }
  }
  Batch<double> table = Batch<double>::Constant(40, 4, 0.25), out(17, 2);
  table.col(3).setConstant(0.75);
  const Noise given{0, 0, 20, &table};
  given.uniforms(view(out), 2);
  CHECK((out.col(0) == 0.25).all());
  CHECK((out.col(1) == 0.75).all());
}

TEST_CASE("normals of float are those of double to 4 eps of their pair's length, one by one and in sweeps alike") {
  const Noise noise = Noise{5}.fork(2);
  const Index n = 100003;
  Batch<float> f(n, 2);
  Batch<double> d(n, 2);
  noise.normals(view(f));
  noise.normals(view(d));
  double off = 0, length_off = 0;
  Index unlike = 0;
  for (Index i = 0; i < n; ++i) {
    const double length = std::hypot(d(i, 0), d(i, 1));
    for (Index j = 0; j < 2; ++j) {
      REQUIRE(std::isfinite(f(i, j)));
      off = std::max(off, std::abs(static_cast<double>(f(i, j)) - d(i, j)) / length);
      unlike += f(i, j) != noise.normal<float>(i, j);
    }
    length_off = std::max(
        length_off, std::abs(std::hypot(static_cast<double>(f(i, 0)), static_cast<double>(f(i, 1))) / length - 1));
  }
  CHECK(off < 4 * 1.2e-7);
  CHECK(length_off < 4 * 1.2e-7);
  CHECK(unlike == 0);
}

TEST_CASE("a float's -2 log u keeps its digits at both ends") {
  // the smallest, those around 1/2 and where the series change hands, and the largest
  for (const std::uint64_t k :
       {std::uint64_t(0), std::uint64_t(1), std::uint64_t(5), std::uint64_t(1) << 20, (std::uint64_t(1) << 52) - 1,
        std::uint64_t(1) << 52, (std::uint64_t(1) << 52) + 1, std::uint64_t(6369051672525772),
        std::uint64_t(6369051672525773), std::uint64_t(6369053000000000), (std::uint64_t(1) << 53) - 1000,
        (std::uint64_t(1) << 53) - 2}) {
    const std::uint64_t words = k << 11;
    const auto wanted = static_cast<double>(-2 * std::log((static_cast<long double>(k) + 0.5L) * 0x1p-53L));
    CAPTURE(k);
    CHECK(std::abs(static_cast<double>(detail::plain_length2(static_cast<std::uint32_t>(words >> 32),
                                                             static_cast<std::uint32_t>(words))) /
                       wanted -
                   1) < 4 * 1.2e-7);
  }
}

TEST_CASE("uniforms and normals have their distributions") {
  const Index n = 200000;
  std::vector<double> u(n), z(n);
  for (Index i = 0; i < n; ++i) {
    u[static_cast<std::size_t>(i)] = Noise{11}.uniform(i / 4, i % 4);
    z[static_cast<std::size_t>(i)] = 0.5 * std::erfc(-Noise{12}.normal(i / 4, i % 4) / std::sqrt(2.0));
  }
  for (auto* x : {&u, &z}) {  // Kolmogorov and Smirnov, level 1e-4
    std::sort(x->begin(), x->end());
    double d = 0;
    for (Index i = 0; i < n; ++i) {
      const double p = (*x)[static_cast<std::size_t>(i)];
      d = std::max({d, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
    }
    CHECK(d * std::sqrt(static_cast<double>(n)) < 2.23);
    CHECK(x->front() > 0);
    CHECK(x->back() < 1);
  }
  double mean[4] = {}, product = 0;
  for (Index i = 0; i < n; ++i) {
    const double even = Noise{13}.normal(i, 0), odd = Noise{13}.normal(i, 1);
    product += even * odd;
    mean[0] += std::pow(even, 4);
  }
  CHECK(std::abs(product / n) < 4 / std::sqrt(static_cast<double>(n)));
  CHECK(std::abs(mean[0] / n - 3) < 4 * std::sqrt(96.0 / n));
}

TEST_CASE("plain log and turn keep their bounds") {
  double log_error = 0, turn_error = 0;
  for (Index i = 0; i < 100000; ++i) {
    const double u = i == 0 ? 0x1p-54 : i == 1 ? 1 - 0x1p-53 : Noise{3}.uniform(i, 0);
    const double off = std::abs(detail::plain_log(u) / std::log(u) - 1);
    REQUIRE(std::isfinite(off));  // max drops a NaN
    log_error = std::max(log_error, off);
    double c, s;
    detail::plain_turn(u, c, s);
    const long double t = 2 * 3.14159265358979323846264L * static_cast<long double>(u);
    turn_error = std::max(
        {turn_error, std::abs(c - static_cast<double>(std::cos(t))), std::abs(s - static_cast<double>(std::sin(t)))});
  }
  CHECK(log_error < 4.5e-16);
  CHECK(turn_error < 3e-16);
}

TEST_CASE("permutations are permutations, each equally likely") {
  int count[6] = {};
  for (Index i = 0; i < 60000; ++i) {
    const auto p = Noise{5}.permutation(3, i);
    std::vector<Index> sorted = p;
    std::sort(sorted.begin(), sorted.end());
    REQUIRE(sorted == std::vector<Index>{0, 1, 2});
    ++count[p[0] * 2 + (p[1] > p[2])];
  }
  double chi = 0;
  for (int c : count) chi += (c - 1e4) * (c - 1e4) / 1e4;
  CHECK(chi < 25.7);  // 5 degrees of freedom, level 1e-4
  CHECK(Noise{5}.permutation(0).empty());
}

TEST_CASE("uniforms reach neither end") {
  constexpr std::uint64_t last = (std::uint64_t(1) << 53) - 1;
  CHECK(detail::open_unit(last) == 1 - 0x1p-53);
  CHECK(detail::open_unit(last - 1) == 1 - 0x1p-52);
  CHECK(detail::open_unit(last - 2) == 1 - 0x1p-52);
  CHECK(detail::open_unit(0) == 0x1p-54);
  CHECK(detail::open_unit(5) == 5.5 * 0x1p-53);
  CHECK(detail::plain_log(detail::open_unit(last)) < 0);
}

}  // namespace core_noise
