// SPDX-License-Identifier: MIT
// Whole flows with the weights of nflows: masked autoregressive and RealNVP, both with residual conditioners, which rheo's contract takes in.
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "weights.hpp"

namespace {
using namespace rheo_test;

// Their outputs are (raw scale, shift) for each feature.
template <Index D> void maf(const std::string& name) {
  using Layer = Chain<Reverse<D>, Autoregressive<D, Affine<SoftplusPlusScale>, ResidualMade<32, 2>>>;
  const Reference r(name);
  auto model = make_model<double>(Flow{Repeat<3, Layer>{}, StandardNormal<D>{}}, Noise{});
  Importer put{r, model.theta()};
  Places shift_first;
  for (Index j = 0; j < D; ++j) shift_first.insert(shift_first.end(), {2 * j + 1, 2 * j});
  for (int layer = 0; layer < 3; ++layer) {
    const std::string net = "_transform._transforms." + std::to_string(2 * layer + 1) + ".autoregressive_net.";
    for (Index j = 0; j < D; ++j) REQUIRE(r.integers("_transform._transforms." + std::to_string(2 * layer) + "._permutation")[static_cast<std::size_t>(j)] == D - 1 - j);
    put.linear(net + "initial_layer", {}, {}, true);
    for (const char* block : {"0.linear_layers.0", "0.linear_layers.1", "1.linear_layers.0", "1.linear_layers.1"}) put.linear(net + "blocks." + block, {}, {}, true);
    put.linear(net + "final_layer", shift_first, {}, true);
  }
  REQUIRE(put.done());
  check_parity(model, r);
}

// Their outputs are all shifts, then all raw scales.
template <Index D> void real_nvp(const std::string& name) {
  constexpr Index K = D / 2;
  using Net = ResidualCoupling<32, 2>;
  using Odd = AffineCoupling<D, Net, 0, SigmoidScale, AlternatingMask<D, 0>>;
  using Even = AffineCoupling<D, Net, 0, SigmoidScale, AlternatingMask<D, 1>>;
  const Reference r(name);
  auto model = make_model<double>(Flow{Repeat<2, Chain<Odd, Even>>{}, StandardNormal<D>{}}, Noise{});
  Importer put{r, model.theta()};
  Places by_feature;
  for (Index k = 0; k < K; ++k) by_feature.insert(by_feature.end(), {k, K + k});
  for (int layer = 0; layer < 4; ++layer) {
    const std::string at = "_transform._transforms." + std::to_string(layer), net = at + ".transform_net.";
    for (Index k = 0; k < K; ++k) REQUIRE(r.integers(at + ".transform_features")[static_cast<std::size_t>(k)] == 2 * k + (layer % 2 == 0));
    put.linear(net + "initial_layer");
    for (const char* block : {"0.linear_layers.0", "0.linear_layers.1", "1.linear_layers.0", "1.linear_layers.1"}) put.linear(net + "blocks." + block);
    put.linear(net + "final_layer", by_feature);
  }
  REQUIRE(put.done());
  check_parity(model, r);
}
}  // namespace

TEST_CASE("nflows: masked autoregressive flow") {
  maf<2>("nflows_maf_D2");
  maf<6>("nflows_maf_D6");
}
TEST_CASE("nflows: RealNVP") {
  real_nvp<2>("nflows_realnvp_D2");
  real_nvp<6>("nflows_realnvp_D6");
}
