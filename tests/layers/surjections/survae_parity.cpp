// SPDX-License-Identifier: MIT
// Whole flows of SurVAE behind the absolute value, against its library's log-densities, and their symmetry.
#include "rheo/layers/surjections/abs.hpp"
#include "survae_abs.hpp"

namespace surjections_survae_parity {

namespace {
using namespace rheo;
template <class Map> double worst(const char* name, const Map& map) {
  const rheo_test::Reference r(name);
  const auto model = rheo_test::survae_model(r, Abs<2>{}, map);
  Batch<double> x = r.batch("x");
  const Column<double> p = model.log_prob(x);
  REQUIRE((x < 0).any());
  for (Index j = 0; j < 2; ++j) {
    x.col(j) = -x.col(j);
    CHECK((model.log_prob(x) == p).all());  // to the last bit
  }
  return rheo_test::survae_error(r, p);
}
}  // namespace

TEST_CASE("the flow of absolute value and logit is SurVAE's") {
  CHECK(worst("survae_abs_logit", LogitUpToMap<2>{}) < 1e-10);
}
TEST_CASE("the flow of absolute value and inverse softplus is SurVAE's") {
  CHECK(worst("survae_abs_softplus", SoftplusInverseMap<2>{}) < 1e-10);
}

}  // namespace surjections_survae_parity
