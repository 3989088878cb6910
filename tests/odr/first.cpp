// SPDX-License-Identifier: MIT
// The unit with the tests: both must see one library.
#include "catch.hpp"
#include "unit.hpp"

TEST_CASE("two units that include the umbrella link and agree") {
  const OdrModel model = odr_model();
  const rheo::Batch<double> x = odr_points();
  const rheo::Column<double> here = model.log_prob(x), there = log_prob_in_second(model, x);
  REQUIRE(here.isFinite().all());
  CHECK((here == there).all());
  CHECK((here != rheo::make_model<double>(OdrFlow{}, rheo::Noise{1}).log_prob(x)).all());
  CHECK((model.sample(5, rheo::Noise{3}) == sample_in_second()).all());
}

TEST_CASE("inline variables are one across units") { CHECK(static_cast<const void*>(&rheo::fail_handler) == fail_handler_in_second()); }
