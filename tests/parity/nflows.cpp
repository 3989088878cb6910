// SPDX-License-Identifier: MIT
// Whole flows with the weights of nflows: masked autoregressive, RealNVP and neural spline coupling with LU layers between, all with residual
// conditioners, which rheo's contract takes in.
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "weights.hpp"

namespace parity_nflows {

namespace {
using namespace rheo_test;

// Their outputs are (raw scale, shift) for each feature.
template <Index D> void maf(const std::string& name) {
  using Layer = Chain<Flip<D>, Autoregressive<D, ScaleShift<SoftplusPlusScale>, ResidualMade<32, 2>>>;
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
// Theirs is L U x + b: U's diagonal softplus(.) + 0.001, its other entries row by row (ours: column by column), L's row by row.
template <Index D> void lu(Importer& put, const std::string& name) {
  const Reference& r = put.reference;
  const Batch<double> diagonal = r.batch(name + ".unconstrained_upper_diag"), upper = r.batch(name + ".upper_entries");
  for (Index j = 0; j < D; ++j) put.theta.scalar() = 10 * std::atanh(std::log(math::softplus(diagonal(j, 0)) + 1e-3) / 10);
  for (Index column = 1; column < D; ++column) {
    for (Index row = 0; row < column; ++row) put.theta.scalar() = upper(row * (2 * D - row - 1) / 2 + column - row - 1, 0);
  }
  put.values(name + ".lower_entries");
  put.values(name + ".bias");
}

template <Index D> std::array<Index, static_cast<std::size_t>(D)> as_they_stand() {
  std::array<Index, static_cast<std::size_t>(D)> order{};
  for (Index j = 0; j < D; ++j) order[static_cast<std::size_t>(j)] = j;
  return order;
}

// Their conditioners' outputs are those of a feature side by side: widths, heights, inner slopes.
template <Index D> void spline_coupling(const std::string& name) {
  using Spline = RationalQuadraticSpline<8, NflowsKnots>;
  using Net = ResidualCoupling<32, 2>;
  const Reference r(name);
  const Coupling<D, Spline, Net, 0, AlternatingMask<D, 0>> odd(Spline(3, NflowsKnots(1e-3, 1e-3, 32)));
  const Coupling<D, Spline, Net, 0, AlternatingMask<D, 1>> even(Spline(3, NflowsKnots(1e-3, 1e-3, 32)));
  const LuLinear<D> mix(as_they_stand<D>());
  auto model = make_model<double>(Flow{odd, mix, even, mix, odd, mix, StandardNormal<D>{}}, Noise{});
  Importer put{r, model.theta()};
  for (int layer = 0; layer < 6; layer += 2) {
    const std::string at = "_transform._transforms." + std::to_string(layer), net = at + ".transform_net.";
    for (Index k = 0; k < D / 2; ++k) REQUIRE(r.integers(at + ".transform_features")[static_cast<std::size_t>(k)] == 2 * k + (layer % 4 == 0));
    put.linear(net + "initial_layer");
    for (const char* block : {"0.linear_layers.0", "0.linear_layers.1", "1.linear_layers.0", "1.linear_layers.1"}) put.linear(net + "blocks." + block);
    put.linear(net + "final_layer");
    lu<D>(put, "_transform._transforms." + std::to_string(layer + 1));
  }
  REQUIRE(put.done());
  check_parity(model, r);
}
}  // namespace

TEST_CASE("nflows: neural spline coupling flow with LU layers") {
  spline_coupling<2>("nflows_rq_coupling_D2");
  spline_coupling<6>("nflows_rq_coupling_D6");
}
TEST_CASE("nflows: masked autoregressive flow") {
  maf<2>("nflows_maf_D2");
  maf<6>("nflows_maf_D6");
}
TEST_CASE("nflows: RealNVP") {
  real_nvp<2>("nflows_realnvp_D2");
  real_nvp<6>("nflows_realnvp_D6");
}

}  // namespace parity_nflows
