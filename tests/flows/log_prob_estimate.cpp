// SPDX-License-Identifier: MIT
// log_prob_estimate from its draws: by hand, and a NaN among draws of weight 0 is not taken for one of them.
#include "catch.hpp"
#include "rheo/flows/model.hpp"

namespace flows_log_prob_estimate {
using namespace rheo;

TEMPLATE_TEST_CASE("the estimate from its draws: by hand, and NaN wherever one draw is", "", float, double) {
  using T = TestType;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  Batch<T> w(8, 6);
  w.setConstant(-inf);
  for (Index i = 0; i < 6; ++i) w(i, i) = nan;
  w.row(7) << T(std::log(3.0)), T(0), -inf, -inf, T(std::log(2.0)), -inf;
  const auto e = detail::estimate<T>(w, true);
  for (Index i = 0; i < 6; ++i) CHECK((std::isnan(e.value(i)) && std::isnan(e.standard_error(i))));
  CHECK((e.value(6) == -inf && e.standard_error(6) == T(0)));
  CHECK(static_cast<double>(e.value(7)) ==
        Approx(0).margin(1e-6));  // weights 3, 1, 2 and three of 0: their mean is 1, their squares sum to 14
  CHECK(static_cast<double>(e.standard_error(7)) == Approx(std::sqrt((14.0 - 6) / 5 / 6)));
  for (Index i = 0; i < 6; ++i) CHECK(std::isnan(detail::estimate<T>(w, false).value(i)));
}

}  // namespace flows_log_prob_estimate
