// SPDX-License-Identifier: MIT
// Whole flows with the weights of normflows, whose layers run from noise to data: the inverse of a chain.
#include "rheo/io/import/normflows.hpp"
#include "parity.hpp"

namespace parity_normflows {

namespace {
using namespace rheo_test;
namespace theirs = rheo::io::normflows;
template <Index D> using Block = Chain<theirs::AffineCouplingBlock<D, 32, 32>, theirs::Swap<D>, theirs::ActNorm<D>>;
template <Index D> void real_nvp(const std::string& name) {
  const Reference r(name);
  const auto model =
      io::from_normflows<theirs::NormalizingFlow<theirs::DiagGaussian<D>, Repeat<4, Block<D>>>>(state_dict(name), name);
  check_parity(model, r);
  const Batch<double> loc = r.batch("q0.loc"), log_scale = r.batch("q0.log_scale"), noise = r.batch("noise");
  Column<double> base =
      Column<double>::Constant(noise.rows(), -0.91893853320467274178 * static_cast<double>(D) - log_scale.sum());
  for (Index j = 0; j < D; ++j) base -= 0.5 * ((noise.col(j) - loc(0, j)) * std::exp(-log_scale(0, j))).square();
  CHECK(worst_relative(base - model.log_prob(r.batch("sample")), r.batch("sample_log_det")) < 1e-10);
}
}  // namespace

TEST_CASE("normflows: RealNVP with ActNorm") {
  real_nvp<2>("normflows_realnvp_D2");
  real_nvp<5>("normflows_realnvp_D5");
}
TEST_CASE("normflows: masked affine layers, two nets side by side in one") {
  using Odd = theirs::MaskedAffineFlow<3, Mask<0, 1, 0>, 12, 10>;
  using Even = theirs::MaskedAffineFlow<3, Mask<1, 0, 1>, 12, 10>;
  const std::string name = "normflows_masked_affine_D3";
  using F = theirs::NormalizingFlow<theirs::DiagGaussian<3>, Odd, theirs::ActNorm<3>, Even, theirs::ActNorm<3>>;
  const Reference r(name);
  const auto model = io::from_normflows<F>(state_dict(name), name);
  CHECK(worst_relative(model.log_prob(r.batch("x")), r.batch("log_prob")) < 1e-10);
  CHECK(worst_relative(model.decode(r.batch("noise")), r.batch("sample")) < 1e-10);
}

}  // namespace parity_normflows
