// SPDX-License-Identifier: MIT
// LU with row exchanges: matrices whose pivots stand below the diagonal, their determinants' signs, solutions, and
// derivatives.
#include "rheo/math/small_lu.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "rheo/core/noise.hpp"

namespace math_small_lu {
using namespace rheo;

namespace {
/// Column-major, with pivots kept beside it.
template <class T> struct Factored {
  Index D;
  std::vector<T> a;
  std::vector<Index> pivot;
  math::LogDet<T> det;
  Factored(Index d, std::vector<T> m)
      : D(d), a(std::move(m)), pivot(static_cast<std::size_t>(d)), det(math::lu_factor(a.data(), pivot.data(), d)) {}
  std::vector<T> solve(std::vector<T> b) const {
    math::lu_solve(a.data(), pivot.data(), D, b.data());
    return b;
  }
};
std::size_t at(Index i, Index j, Index D) { return static_cast<std::size_t>(i + j * D); }
/// max |A x - b|.
template <class T> double residual(const std::vector<T>& A, const std::vector<T>& x, const std::vector<T>& b) {
  const auto D = static_cast<Index>(x.size());
  double worst = 0;
  for (Index i = 0; i < D; ++i) {
    double sum = -static_cast<double>(b[static_cast<std::size_t>(i)]);
    for (Index j = 0; j < D; ++j)
      sum += static_cast<double>(A[at(i, j, D)]) * static_cast<double>(x[static_cast<std::size_t>(j)]);
    worst = std::max(worst, std::abs(sum));
  }
  return worst;
}
}  // namespace

TEST_CASE("a permutation has determinant 1 or -1 by its parity, and is undone by a solve to the bit") {
  for (Index D = 1; D <= 6; ++D) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      const auto order = Noise{seed}.permutation(D);
      std::vector<double> P(static_cast<std::size_t>(D * D), 0.0), b, want(static_cast<std::size_t>(D));
      int parity = 1;
      for (Index i = 0; i < D; ++i) {
        const Index from = order[static_cast<std::size_t>(i)];
        P[at(i, from, D)] = 1;
        b.push_back(static_cast<double>(10 + i));
        want[static_cast<std::size_t>(from)] = b.back();
        for (Index k = 0; k < i; ++k) parity *= order[static_cast<std::size_t>(k)] > from ? -1 : 1;
      }
      const Factored<double> f(D, P);
      CHECK(f.det.sign == parity);
      CHECK(f.det.log_abs == 0);
      CHECK(f.solve(b) == want);
    }
  }
}

TEST_CASE("small numbers on the diagonal are not divided by: the matrix and its exchanged rows by hand") {
  // A = (0 2 1; 1e-17 0 3; 4 1 0): det = -2 (1e-17 0 - 3 4) + 1 (1e-17) = 24.
  const std::vector<double> A{0, 1e-17, 4, 2, 0, 1, 1, 3, 0};
  const Factored<double> f(3, A);
  CHECK(f.det.sign == 1);
  CHECK(f.det.log_abs == Approx(std::log(24)).epsilon(1e-15));
  const auto x = f.solve({5, 9, 5});  // x = (1, 1, 3) up to 1e-17
  CHECK(std::abs(x[0] - 1) < 1e-12);
  CHECK(std::abs(x[1] - 1) < 1e-12);
  CHECK(std::abs(x[2] - 3) < 1e-12);
  const Factored<double> turned(2, {1e-20, 1, 1, 1});  // without an exchange x_1 is 0
  CHECK(turned.det.sign == -1);
  const auto y = turned.solve({1, 2});
  CHECK(std::abs(y[0] - 1) < 1e-12);
  CHECK(std::abs(y[1] - 1) < 1e-12);
}

TEMPLATE_TEST_CASE("every multiplier is at most 1, and solutions leave a residual of rounding's size", "", float,
                   double) {
  using T = TestType;
  for (Index D : {2, 3, 5, 9, 20}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      std::vector<T> A, b;
      for (Index k = 0; k < D * D; ++k) A.push_back(T(Noise{seed}.normal(k, 0)));
      for (Index k = 0; k < D; ++k) A[at(k, k, D)] *= T(1e-9), b.push_back(T(Noise{seed}.normal(k, 1)));
      const Factored<T> f(D, A);
      for (Index j = 0; j < D; ++j) {
        for (Index i = j + 1; i < D; ++i) CHECK(std::abs(f.a[at(i, j, D)]) <= T(1));
      }
      const auto x = f.solve(b);
      double size = 1;
      for (T c : x) size = std::max(size, std::abs(static_cast<double>(c)));
      INFO("D " << D << ", seed " << seed);
      CHECK(residual(A, x, b) < (sizeof(T) > 4 ? 1e-12 : 5e-4) * size / 10);
    }
  }
}

TEST_CASE(
    "duals go through the exchanges with their rows: log det has the slope trace(A^-1 dA), a solution -A^-1 dA x") {
  using D2 = Dual<double>;
  const std::vector<double> A{0, 1, 4, 2, 0.1, 1, 1, 3, 0.2}, dA{0.3, -1, 0.2, 0.5, 0.7, -0.4, 1.1, 0.1, -0.6},
      b{1, -2, 0.5};
  std::vector<D2> moving, right(b.begin(), b.end());
  for (std::size_t k = 0; k < 9; ++k) moving.push_back(D2{A[k], dA[k]});
  const Factored<D2> f(3, moving);
  const auto x = f.solve(right);
  const double h = 1e-6;
  std::vector<double> up = A, down = A;
  for (std::size_t k = 0; k < 9; ++k) up[k] += h * dA[k], down[k] -= h * dA[k];
  const Factored<double> plus(3, up), minus(3, down);
  CHECK(std::abs(f.det.log_abs.b - (plus.det.log_abs - minus.det.log_abs) / (2 * h)) < 1e-8);
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(x[i].b - (plus.solve(b)[i] - minus.solve(b)[i]) / (2 * h)) < 1e-8);
}

TEST_CASE("a singular matrix has sign 0 and log abs det -inf; a NaN leaves no sign") {
  const Factored<double> singular(3, {0, 0, 0, 1, 2, 3, 4, 5, 6});
  CHECK(singular.det.sign == 0);
  CHECK(singular.det.log_abs == -std::numeric_limits<double>::infinity());
  const Factored<double> sick(2, {0, 1, 1, std::numeric_limits<double>::quiet_NaN()});
  CHECK(sick.det.sign == 0);
  CHECK(std::isnan(sick.det.log_abs));
}

}  // namespace math_small_lu
