// SPDX-License-Identifier: MIT
// Whole flows with the weights of SurVAE's library behind the absolute value.
#include "rheo/io/import/survae.hpp"
#include "parity.hpp"

namespace parity_survae {

namespace {
using namespace rheo_test;
namespace theirs = rheo::io::survae;
using Affine = theirs::AffineCouplingBijection<2, 32, 32>;
using Reverse = theirs::Reverse<2>;
template <class Range> using AbsFlow = Flow<theirs::SimpleAbsSurjection<2>, Range, Affine, Reverse, Affine, Reverse, Affine, Reverse, Affine, StandardNormal<2>>;
template <class F> void check(const std::string& name) {
  const Reference r(name);
  CHECK(worst_relative(io::from_survae<F>(state_dict(name), name).log_prob(r.batch("x")), r.batch("log_prob")) < 1e-10);
}
}  // namespace

TEST_CASE("SurVAE: absolute value and logit") { check<AbsFlow<theirs::Logit<2>>>("survae_abs_logit"); }
TEST_CASE("SurVAE: absolute value and inverse softplus") { check<AbsFlow<theirs::SoftplusInverse<2>>>("survae_abs_softplus"); }

}  // namespace parity_survae
