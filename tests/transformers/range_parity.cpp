// SPDX-License-Identifier: MIT
// Log-densities that SurVAE's library computed behind its logit and softplus maps; the absolute value in front of them
// is taken here by hand.
#include "survae_abs.hpp"

namespace transformers_range_parity {

namespace {
using namespace rheo;
template <class Map> double worst(const char* name, const Map& map) {
  const rheo_test::Reference r(name);
  const Batch<double> x = r.batch("x").abs();
  return rheo_test::survae_error(r, rheo_test::survae_model(r, map).log_prob(x) - 2 * std::numbers::ln2);
}
}  // namespace

TEST_CASE("log-densities behind a logit are SurVAE's") { CHECK(worst("survae_abs_logit", LogitMap<2>{}) < 1e-10); }
TEST_CASE("log-densities behind an inverse softplus are SurVAE's") {
  CHECK(worst("survae_abs_softplus", SoftplusInverseMap<2>{}) < 1e-10);
}

}  // namespace transformers_range_parity
