// SPDX-License-Identifier: MIT
// Roots of x + g(x) = y: right ones for a true bound; for a false one, and for a g that is no number, NaN and a word in
// the report.
#include "rheo/math/contraction.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"

namespace math_contraction {
using namespace rheo;

namespace {
template <class T> struct Roots {
  Batch<T> x;
  Report report;
};
/// g is called on x and y row by row: g(x, row) for one column.
template <class T, class G> Roots<T> roots(const Batch<T>& y, double bound, G g) {
  Roots<T> found{Batch<T>::Constant(y.rows(), y.cols(), T(77)), {}};
  Arena scratch;
  long evaluated = 0;
  math::contraction_root<T>(
      view(y), view(found.x), bound, scratch, &found.report, [&](CView<T> x, View<T> out, const Index* which) {
        for (Index i = 0; i < x.rows(); ++i) {
          for (Index j = 0; j < x.cols(); ++j) out(i, j) = g(x(i, j), which ? which[i] : i);
        }
        for (Index i = 0; i < x.rows(); ++i)
          evaluated += !which || i == 0 || which[i] != which[i - 1];  // whole vectors: the last row may be repeated
      });
  CHECK(evaluated == found.report.evaluations);  // rows that are solved are left out
  return found;
}
const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
}  // namespace

TEMPLATE_TEST_CASE("a contraction's roots leave the residual stated; one that breaks its bound has none", "", float,
                   double) {
  using T = TestType;
  Batch<T> y(4, 2);
  y << T(0.3), T(-2), T(5), T(1), T(-30), T(0.1), T(1), T(1);
  for (double slope : {-0.8, -0.3, 0.4, 0.9}) {
    const auto g = [&](T x, Index) { return T(slope) * std::sin(x); };
    INFO("slope " << slope);
    const auto solved = roots<T>(y, std::abs(slope), g);
    CHECK(solved.report.unsolved == 0);
    CHECK(solved.report.worst_residual == 0);
    for (Index i = 0; i < 4; ++i) {
      double square = 0, size_x = 0, size_y = 0;
      for (Index j = 0; j < 2; ++j) {
        square += std::pow(double(solved.x(i, j) + g(solved.x(i, j), i) - y(i, j)), 2);
        size_x += std::pow(double(solved.x(i, j)), 2), size_y += std::pow(double(y(i, j)), 2);
      }
      CHECK(std::sqrt(square) <= math::contraction_tolerance<T> * (1 + std::sqrt(size_x) + std::sqrt(size_y)));
    }
  }
  // Linear ones, whose only root a secant would find at once: it is not given out, for no bound vouches for it.
  for (double slope : {-3.0, -0.9, 0.9, 3.0}) {
    const auto found = roots<T>(y, 0.5, [&](T x, Index) { return T(slope) * x; });
    INFO("slope " << slope);
    CHECK(found.x.isNaN().all());
    CHECK(found.report.unsolved == 4);
    CHECK(found.report.worst_residual > 0.01);
    CHECK(std::isfinite(found.report.worst_residual));
  }
  for (double bound : {1.0, 2.0, inf, nan}) {
    const auto found = roots<T>(y, bound, [](T x, Index) { return T(0.5) * x; });
    CHECK(found.x.isNaN().all());
    CHECK(found.report.unsolved == 4);
  }
}

TEMPLATE_TEST_CASE("a g that is no number is a row unsolved, its residual NaN; a y that is none is not counted", "",
                   float, double) {
  using T = TestType;
  const T not_finite = T(GENERATE(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()));
  Batch<T> y = Batch<T>::Constant(4, 2, T(1));
  const auto at_once = roots<T>(y, 0.5, [&](T x, Index i) { return i == 1 ? not_finite : T(0.5) * x; });
  const auto later =
      roots<T>(y, 0.5, [&](T x, Index i) { return i == 1 && x != T(1) ? not_finite : T(0.5) * std::sin(x); });
  for (const auto& found : {at_once, later}) {
    CHECK(found.x.row(1).isNaN().all());
    CHECK((found.x.row(0) == found.x.row(2)).all());
    CHECK(found.x.row(0).allFinite());
    CHECK(found.report.unsolved == 1);
    CHECK_FALSE(std::isfinite(found.report.worst_residual));
  }
  const auto both = roots<T>(y, 0.5, [&](T x, Index i) { return i == 1 ? T(nan) : i == 2 ? T(3) * x : T(0.5) * x; });
  CHECK(both.report.unsolved == 2);
  CHECK(std::isnan(both.report.worst_residual));
  y(2, 1) = not_finite;
  const auto sick = roots<T>(y, 0.5, [](T x, Index) { return T(0.5) * x; });
  CHECK(sick.x.row(2).isNaN().all());
  CHECK(sick.report.unsolved == 0);
  CHECK(sick.report.worst_residual == 0);
}

TEST_CASE("of added reports the worst residual is NaN if one of them is, whichever comes first") {
  Report sound, sick;
  sound.miss(0.5);
  sick.miss(nan);
  sick.miss(0.7);
  CHECK(sick.unsolved == 2);
  CHECK(std::isnan(sick.worst_residual));
  Report a = sound, b = sick, c;
  a += sick, b += sound, c += sound;
  for (const Report& r : {a, b}) {
    CHECK(r.unsolved == 3);
    CHECK(std::isnan(r.worst_residual));
  }
  CHECK(c.worst_residual == 0.5);
}

}  // namespace math_contraction
