// SPDX-License-Identifier: MIT
// The same of presets of autoregressive layers, of flows of the whole plane, and behind surjections.
#include "catch.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/discrete_flows.hpp"
#include "rheo/flows/presets/residual_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "wiring.hpp"

namespace flows_wirings_others {
using namespace rheo;
using rheo_test::check_wiring;
using rheo_test::each_dimension;
using Net = rheo_test::Sines<false>;
using Masked = rheo_test::Sines<true>;

TEST_CASE("autoregressive layers: every latent coordinate depends on all of the data") {
  each_dimension<2, 9>([]<Index D>() {
    check_wiring<presets::Maf<D, 5, Masked, 1>>("Maf");
    check_wiring<presets::Iaf<D, 5, Masked, 1>>("Iaf");
    check_wiring<presets::Bnaf<D, 3, Blocks<4>, 1>>("Bnaf");
  });
  each_dimension<2, 4>([]<Index D>() {  // the wiring of Maf with other maps
    check_wiring<presets::NsfAutoregressive<D, 3, Masked, 1, 3>>("NsfAutoregressive");
    check_wiring<presets::Naf<D, 3, Masked, 1, 3>>("Naf");
    check_wiring<presets::Umnn<D, 3, Masked, 1>>("Umnn");
    check_wiring<presets::Sospf<D, 3, Masked, 1>>("Sospf");
    check_wiring<presets::BernsteinFlow<D, 3, Masked, 1, 4>>("BernsteinFlow");
  });
}

TEST_CASE("flows of the whole plane: every latent coordinate depends on all of the data") {
  each_dimension<2, 5>([]<Index D>() {
    check_wiring<presets::PlanarFlow<D>>("PlanarFlow");
    check_wiring<presets::RadialFlow<D>>("RadialFlow");
    check_wiring<presets::SylvesterFlow<D>>("SylvesterFlow");
    check_wiring<presets::GaussianizationFlow<D>>("GaussianizationFlow");
    check_wiring<presets::FreeFormFlow<D, MlpOf<Tanh, 4>, 1>>("FreeFormFlow");
  });
}

TEST_CASE("flows behind surjections: every latent coordinate depends on all of the data") {
  each_dimension<2, 9>([]<Index D>() {
    check_wiring<presets::AbsFlow<D, 8, Net, SoftplusInverseMap<D>, FairSigns, 1>>("AbsFlow", 0.1, 3);
    check_wiring<presets::SliceFlow<D, (D + 1) / 2, 8, Net, Fixed<StandardNormal>>>("SliceFlow");
    check_wiring<presets::AugmentedFlow<D, D, 8, Net, Fixed<StandardNormal>>>("AugmentedFlow, as many drawn");
  });
  each_dimension<2, 5>([]<Index D>() {
    check_wiring<presets::AugmentedFlow<D, 1, 8, Net, Fixed<StandardNormal>>>("AugmentedFlow, one drawn");
    check_wiring<presets::DequantizedFlow<D, 4, 8, Net, Fixed<Uniform>>>("DequantizedFlow", 0, 3.9);
  });
}

}  // namespace flows_wirings_others
