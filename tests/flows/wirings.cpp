// SPDX-License-Identifier: MIT
// What presets and blocks make of their layers, D = 2 to 9, away from their start: every latent coordinate depends on every coordinate of the
// data and of the context, and none is an affine image of one.  Laws of single layers cannot see a mask and a turn that together leave a
// coordinate as it was.
#include <cmath>
#include <utility>

#include "catch.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/discrete_flows.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "wiring.hpp"

namespace {
using namespace rheo;
using rheo_test::check_moved;
using rheo_test::check_wiring;
using Net = MlpOf<Tanh, 8>;
using Masked = MadeOf<Tanh, 12, 12>;

/// body.operator()<D>() for D = 2, ..., 9.
template <class Body> void each_dimension(Body body) {
  [&]<Index... K>(std::integer_sequence<Index, K...>) { (body.template operator()<K + 2>(), ...); }(std::make_integer_sequence<Index, 8>{});
}

TEST_CASE("couplings: every latent coordinate depends on all of the data") {
  each_dimension([]<Index D>() {
    check_wiring<presets::Nice<D, 8, Net, 1>>("Nice");
    check_wiring<presets::RealNvp<D, 8, Net, 1>>("RealNvp");
    check_wiring<presets::Glow<D, 8, Net, 1>>("Glow");
    check_wiring<presets::Nsf<D, 4, Net, 1>>("Nsf");
    check_wiring<presets::FlowPlusPlus<D, 4, Net, 1, 4>>("FlowPlusPlus");
    check_wiring<presets::CircularNsf<D, 4, Net, 1>>("CircularNsf");
  });
}

TEST_CASE("autoregressive layers: every latent coordinate depends on all of the data") {
  each_dimension([]<Index D>() {
    check_wiring<presets::Maf<D, 5, Masked, 1>>("Maf");
    check_wiring<presets::Iaf<D, 5, Masked, 1>>("Iaf");
    check_wiring<presets::NsfAutoregressive<D, 3, Masked, 1>>("NsfAutoregressive");
    check_wiring<presets::Sospf<D, 3, Masked, 1>>("Sospf");
    check_wiring<presets::BernsteinFlow<D, 3, Masked, 1>>("BernsteinFlow");
    check_wiring<presets::Bnaf<D, 3, Blocks<6>, 1>>("Bnaf");
  });
}

TEST_CASE("blocks between sampling layers, fibres: every coordinate is moved") {
  each_dimension([]<Index D>() {
    check_wiring<Flow<Repeat<2, presets::RealNvpBlock<D, Net>>, StandardNormal<D>>>("two RealNvpBlock");
    check_wiring<Flow<Repeat<2, presets::NsfBlock<D, Net>>, StandardNormal<D>>>("two NsfBlock");
    check_moved<Flow<presets::RealNvpBlock<D, Net>, StandardNormal<D>>>("RealNvpBlock");
    check_moved<Flow<presets::NsfBlock<D, Net>, StandardNormal<D>>>("NsfBlock");
    check_wiring<UnitCouplings<D, 1, 4, Net>>("UnitCouplings", 0.05, 0.95);
  });
}
}  // namespace
