// SPDX-License-Identifier: MIT
#include "rheo/math/ode.hpp"

#include "catch.hpp"

namespace math_ode {
using namespace rheo::math;

namespace {
// The conditions of order up to 5 on trees with one branch, and that every row of a sums to c.
template <class Tableau> void check_tableau() {
  for (int i = 0; i < Tableau::stages; ++i) {
    double sum = 0;
    for (int j = 0; j < i; ++j) sum += Tableau::a[i][j];
    CHECK(std::abs(sum - Tableau::c[i]) < 1e-14);
  }
  for (int q = 1; q <= Tableau::order; ++q) {
    double quadrature = 0;
    for (int i = 0; i < Tableau::stages; ++i) quadrature += Tableau::b[i] * std::pow(Tableau::c[i], q - 1);
    CHECK(std::abs(quadrature - 1.0 / q) < 1e-14);
  }
}
}  // namespace

TEST_CASE("tableaus keep their order conditions") {
  check_tableau<ClassicalTableau>();
  check_tableau<DormandPrinceTableau>();
  using P = DormandPrinceTableau;
  for (int q = 1; q <= 4; ++q) {  // the error of a fourth-order embedded method is zero on quadratures of order four
    double sum = P::e[6];
    for (int i = 0; i < P::stages; ++i) sum += P::e[i] * std::pow(P::c[i], q - 1);
    CHECK(std::abs(sum) < 1e-15);
  }
}

TEST_CASE("steps: rounded, longer after small errors, shorter after large ones, never without end") {
  CHECK(StepControl::rounded(1.0) == 1.0);
  CHECK(StepControl::rounded(0.3) == 0.28125);
  CHECK(StepControl::rounded(0.3) == StepControl::rounded(0.3 * (1 + 1e-9)));
  StepControl c{0.125};
  CHECK(c.judge(0.01));
  CHECK(c.h > 0.125);
  CHECK(c.h <= 1.25);
  c.h = 0.125;
  CHECK(!c.judge(32));
  CHECK(c.h < 0.0625);
  CHECK(c.h >= 0.0234);
  CHECK(c.judge(1e-9));  // no growth right after a rejection
  CHECK(c.h < 0.0625);
  c.h = 0.125;
  CHECK(!c.judge(std::numeric_limits<double>::quiet_NaN()));
  CHECK(c.h < 0.0126);
  CHECK(!c.judge(std::numeric_limits<double>::infinity()));
  StepControl s;
  s.start(0.1, 0, 0);
  CHECK(s.h == 1);
  s.start(0.001, std::numeric_limits<double>::infinity(), 1);
  CHECK(s.h < 1e-5);
  CHECK(s.h > 0);
}

}  // namespace math_ode
