// SPDX-License-Identifier: MIT
// Products in tiles: every shape against sums in long double, to the bound that core/tile.hpp states; what follows a
// product; that a row's numbers depend on nothing but the row; that nothing is read or written beside the operands.
#include "rheo/core/product.hpp"

#include <limits>

#include "catch.hpp"
#include "rheo/core/noise.hpp"

namespace core_product {
namespace {

using namespace rheo;

/// n x c numbers in a memory of their own, `offset` numbers into it and with columns `stride` apart; what lies between
/// is NaN.
template <class T> struct Island {
  Column<T> memory;
  Index n, c, offset, stride;
  Island(Index rows, Index columns, Index from, Index gap) : n(rows), c(columns), offset(from), stride(rows + gap) {
    memory.setConstant(offset + stride * c + 1, std::numeric_limits<T>::quiet_NaN());
  }
  View<T> view() { return view_of(memory.data() + offset, n, c, stride); }
  CView<T> read() { return rheo::read(view()); }
  Island& fill(std::uint64_t seed) {
    const Noise noise{seed};
    for (Index j = 0; j < c; ++j) {
      for (Index i = 0; i < n; ++i) view()(i, j) = static_cast<T>(noise.normal(i, static_cast<std::uint32_t>(j)));
    }
    return *this;
  }
  bool sea_is_untouched() {
    const auto inside = [&](Index i) { return i >= offset && i - offset < stride * c && (i - offset) % stride < n; };
    for (Index i = 0; i < memory.size(); ++i) {
      if (!inside(i) && memory(i) == memory(i)) return false;
    }
    return true;
  }
};

/// What p says, term by term: the result and, in the same shape, the bound of its error.
template <class T> std::pair<Batch<long double>, Batch<long double>> term_by_term(const detail::Product<T>& p) {
  Batch<long double> out(p.rows, p.columns), bound = out;
  for (Index j = 0; j < p.columns; ++j) {
    for (Index i = 0; i < p.rows; ++i) {
      long double s = p.start ? p.start[j] : T(0), size = std::abs(s);
      for (Index k = 0; k < p.inner; ++k) {
        const long double term = static_cast<long double>(p.turned ? p.a[k + i * p.lda] : p.a[i + k * p.lda]) *
                                 p.b[k * p.along + j * p.across];
        s += term;
        size += std::abs(term);
      }
      if (p.add) {
        s += p.out[i + j * p.ldo];
        size += std::abs(static_cast<long double>(p.out[i + j * p.ldo]));
      }
      bound(i, j) = static_cast<long double>(p.inner + 1) * std::numeric_limits<T>::epsilon() * size;
      if (p.relu && s < 0) s = 0;
      if (p.gate && !(p.gate[i + j * p.ldg] > 0)) s = bound(i, j) = 0;
      out(i, j) = s;
    }
  }
  return {out, bound};
}

template <class T> void check(detail::Product<T> p, Island<T>& out) {
  const auto [want, bound] = term_by_term(p);
  Column<T> sums = Column<T>::Constant(p.columns, T(0.5));
  if (p.gate) p.sums = sums.data();
  detail::multiply(p);
  CHECK(((out.view().template cast<long double>() - want).abs() <= bound).all());
  CHECK(out.sea_is_untouched());
  for (Index j = 0; p.gate && j < p.columns; ++j) {
    const auto column = out.view().col(j).template cast<long double>();
    const long double size = 0.5L + column.abs().sum(),
                      most = static_cast<long double>(p.rows + 1) * std::numeric_limits<T>::epsilon() * size;
    CHECK(std::abs(static_cast<long double>(sums(j)) - 0.5L - column.sum()) <= most);
  }
}

template <class T> void every_shape() {
  for (const Index n : {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 33, 63, 64, 65, 100, 128, 130}) {
    for (const Index k : {0, 1, 2, 5, 8, 13, 64, 67, 300}) {
      for (const Index h : {0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 64, 131}) {
        if (n * k * h > 300000 && n != 65) continue;
        const Index gap = (n + h) % 3, offset = (n + k) % 5;
        INFO("n " << n << ", k " << k << ", h " << h);
        auto a = Island<T>(n, k, offset, gap).fill(1), b = Island<T>(k, h, offset, gap).fill(2),
             g = Island<T>(n, h, offset, gap).fill(3), start = Island<T>(h, 1, offset, 0).fill(4);
        Island<T> o(n, h, offset, gap), back(n, k, offset, gap), sum(k, h, offset, gap);
        auto p = detail::product_nn<T>(a.read(), b.read(), o.view());
        check(p, o);
        p.start = start.read().data();
        p.relu = true;
        check(p, o);
        if (n == 1) {
          auto x = Island<T>(k, 1, offset, 0).fill(6), y = Island<T>(h, 1, offset, 0);
          auto one =
              detail::product_nn<T>(view_of(x.read().data(), 1, k, 1), b.read(), view_of(y.view().data(), 1, h, 1));
          one.start = start.read().data();
          for (const bool relu : {false, true}) {
            one.relu = relu;
            const auto [want, bound] = term_by_term(one);
            detail::multiply_row(one);
            CHECK(((y.view().col(0).template cast<long double>() - want.row(0).transpose()).abs() <=
                   bound.row(0).transpose())
                      .all());
            CHECK(y.sea_is_untouched());
          }
        }
        p = detail::product_nt<T>(g.read(), b.read(), back.view());
        check(p, back);
        p.gate = a.read().data();
        p.ldg = a.stride;
        check(p, back);
        p = detail::product_tn<T>(a.read(), g.read(), sum.fill(5).view());
        p.add = true;
        check(p, sum);
      }
    }
  }
}

}  // namespace

TEST_CASE("products of every shape are within their bound of sums in long double, and touch nothing else") {
  every_shape<float>();
  every_shape<double>();
}

TEMPLATE_TEST_CASE("dot products down the columns of a few and of many", "", float, double) {
  using T = TestType;
  for (const Index n : {0, 1, 3, 8, 17, 64, 128, 131}) {
    for (const Index w : {1, 2, 3, 4, 5, 8, 9, 17, 64}) {
      for (const Index k : {1, 2, 3, 4}) {
        auto wide = Island<T>(n, w, 1, 3).fill(1), few = Island<T>(n, k, 2, 1).fill(2),
             across = Island<T>(k, w, 1, 1).fill(3), along = Island<T>(w, k, 1, 2).fill(3);
        detail::Product<T> p = detail::product_tn<T>(few.read(), wide.read(), across.view());
        p.add = true;
        const auto [want, bound] = term_by_term(p);
        detail::add_few_dots<T>(wide.read(), few.read(), across.view().data(), across.stride, 1);
        INFO(n << " rows, " << w << " by " << k);
        CHECK(((across.view().template cast<long double>() - want).abs() <= bound).all());
        CHECK(across.sea_is_untouched());
        for (Index i = 0; i < w; ++i) {
          for (Index j = 0; j < k; ++j) along.view()(i, j) = Island<T>(k, w, 1, 1).fill(3).view()(j, i);
        }
        detail::add_few_dots<T>(wide.read(), few.read(), along.view().data(), 1, along.stride);
        CHECK((along.view().matrix() == across.view().matrix().transpose()));
        CHECK(along.sea_is_untouched());
      }
    }
  }
}

TEST_CASE("a column stride that collides in the cache changes no bit") {
  auto a = Island<float>(128, 64, 0, 0).fill(1), far = Island<float>(128, 64, 3, 5),
       b = Island<float>(64, 40, 0, 0).fill(2);
  far.view() = a.view();
  Island<float> x(128, 40, 0, 0), y(128, 40, 1, 7);
  gemm_nn<float>(a.read(), b.read(), x.view());
  gemm_nn<float>(far.read(), b.read(), y.view());
  CHECK((x.view() == y.view()).all());
}

TEST_CASE("a row's numbers depend neither on the number of rows nor on its place, and a NaN stays in its row") {
  auto a = Island<float>(150, 70, 0, 0).fill(1), b = Island<float>(70, 33, 0, 0).fill(2);
  Island<float> all(150, 33, 0, 0);
  gemm_nn<float>(a.read(), b.read(), all.view());
  for (const Index n : {1, 2, 5, 8, 13, 40, 77}) {
    for (const Index first : {0, 1, 9, 60}) {
      Island<float> part(n, 33, 0, 0);
      gemm_nn<float>(rows(a.read(), first, n), b.read(), part.view());
      CHECK((part.view() == rows(all.view(), first, n)).all());
    }
  }
  Island<float> spoilt(150, 33, 0, 0);
  a.view()(149, 3) = std::numeric_limits<float>::quiet_NaN();
  auto p = detail::product_nn<float>(a.read(), b.read(), spoilt.view());
  p.relu = true;
  detail::multiply(p);
  CHECK((rows(spoilt.view(), 0, 149) == rows(all.view(), 0, 149).max(0.0f)).all());
  CHECK(spoilt.view().row(149).isNaN().all());
}

TEST_CASE("empty products are zero, or add nothing") {
  const Batch<double> none(3, 0), no_rows(0, 3), empty(0, 2);
  Batch<double> out = Batch<double>::Constant(3, 2, 7.0), sum = out, nothing(0, 2);
  gemm_nn<double>(view(none), view(empty), view(out));
  CHECK((out == 0).all());
  out.setConstant(7);
  const Batch<double> narrow(2, 0);
  gemm_nt<double>(view(none), view(narrow), view(out));
  CHECK((out == 0).all());
  gemm_tn_add<double>(view(no_rows), view(empty), view(sum));
  CHECK((sum == 7).all());
  const Batch<double> square = Batch<double>::Ones(3, 2);
  gemm_nn<double>(view(no_rows), view(square), view(nothing));
  CHECK(nothing.rows() == 0);
}

}  // namespace core_product
