// SPDX-License-Identifier: MIT
#include "rheo/math/assignment.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "catch.hpp"
#include "rheo/core/noise.hpp"

namespace math_assignment {
using namespace rheo;

TEST_CASE("the assignment of least cost, against all permutations of six") {
  Arena arena;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Batch<double> cost(6, 6);
    Noise{seed}.normals(view(cost));
    if (seed % 5 == 0) cost = cost.round();  // ties
    Column<Index> match(6);
    math::assign(view(std::as_const(cost)), ColView<Index>(match.data(), 6), arena);
    std::array<Index, 6> p{};
    std::iota(p.begin(), p.end(), 0);
    double best = 1e300, found = 0;
    do {
      double sum = 0;
      for (Index i = 0; i < 6; ++i) sum += cost(i, p[static_cast<std::size_t>(i)]);
      best = std::min(best, sum);
    } while (std::next_permutation(p.begin(), p.end()));
    std::array<bool, 6> taken{};
    for (Index i = 0; i < 6; ++i) {
      found += cost(i, match(i));
      taken[static_cast<std::size_t>(match(i))] = true;
    }
    CHECK(std::abs(found - best) < 1e-12);
    CHECK(std::all_of(taken.begin(), taken.end(), [](bool t) { return t; }));
  }
}

TEST_CASE("on the line, squared distances pair in order") {
  const Index n = 128;
  Batch<double> ends(n, 2);
  Noise{3}.normals(view(ends));
  Batch<double> cost(n, n);
  for (Index i = 0; i < n; ++i) cost.row(i) = (ends(i, 0) - ends.col(1)).square().transpose();
  Column<Index> match(n);
  Arena arena;
  math::assign(view(std::as_const(cost)), ColView<Index>(match.data(), n), arena);
  for (Index i = 0; i < n; ++i) CHECK((ends.col(0) < ends(i, 0)).count() == (ends.col(1) < ends(match(i), 1)).count());
  Column<Index> none(0);
  math::assign(view_of(static_cast<const double*>(nullptr), 0, 0, 0), ColView<Index>(none.data(), 0), arena);
}

TEST_CASE("costs that are not finite still give a permutation") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (double bad : {nan, inf, -inf}) {
    for (Index every : {1, 2, 3, 7}) {
      Arena arena;
      arena.take<double>(8, 8).setConstant(1e300);  // what stood in the room before
      Batch<double> cost(8, 8);
      Noise{5}.normals(view(cost));
      for (Index i = 0; i < 64; i += every) cost(i % 8, i / 8) = bad;
      Column<Index> match(8);
      math::assign(view(std::as_const(cost)), ColView<Index>(match.data(), 8), arena);
      std::sort(match.data(), match.data() + 8);
      for (Index i = 0; i < 8; ++i) CHECK(match(i) == i);
    }
  }
}

}  // namespace math_assignment
