// SPDX-License-Identifier: MIT
// What presets and blocks of couplings make of their layers, D = 2 to 9, away from their start: every latent coordinate depends on every coordinate
// of the data and of the context, and none is an affine image of one.  Laws of single layers cannot see a mask and a turn that together leave a
// coordinate as it was.
#include <array>
#include <bit>

#include "catch.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/discrete_flows.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "wiring.hpp"

namespace flows_wirings_couplings {
using namespace rheo;
using rheo_test::check_moved;
using rheo_test::check_wiring;
using rheo_test::each_dimension;
using Net = rheo_test::Sines<false>;

TEST_CASE("couplings: every latent coordinate depends on all of the data") {
  each_dimension<2, 9>([]<Index D>() {
    check_wiring<presets::Nice<D, 8, Net, 1>>("Nice");
    check_wiring<presets::RealNvp<D, 8, Net, 1>>("RealNvp");
    check_wiring<presets::Glow<D, 8, Net, 1>>("Glow");
    check_wiring<presets::Nsf<D, 4, Net, 1, 3>>("Nsf");
    check_wiring<presets::FlowPlusPlus<D, 4, Net, 1, 2>>("FlowPlusPlus");
    check_wiring<presets::CircularNsf<D, 4, Net, 1, 3>>("CircularNsf");
  });
}

TEST_CASE("blocks between sampling layers and fibres: every coordinate is moved") {
  each_dimension<2, 9>([]<Index D>() {
    check_moved<Flow<presets::RealNvpBlock<D, Net>, StandardNormal<D>>>("RealNvpBlock");
    check_moved<Flow<presets::NsfBlock<D, Net, 3>, StandardNormal<D>>>("NsfBlock");
    check_wiring<Flow<Repeat<3, presets::RealNvpBlock<D, Net>>, StandardNormal<D>>>("three RealNvpBlock");
    check_wiring<UnitCouplings<D, 1, 4, Net>>("UnitCouplings, 4 steps", 0.05, 0.95);
  });
}

// The halves that a row of couplings with Riffles between them sees, coordinate by coordinate.
template <Index D> void check_riffle() {
  constexpr int rounds = std::bit_width(static_cast<unsigned>(D)) + 1;  // floor(log2 D) + 2
  std::array<Index, D> at{};
  std::array<unsigned, D> halves{};
  for (Index j = 0; j < D; ++j) at[static_cast<std::size_t>(j)] = j;
  for (int k = 0; k < rounds; ++k) {
    auto next = at;
    for (Index place = 0; place < D; ++place) {
      auto& h = halves[static_cast<std::size_t>(at[static_cast<std::size_t>(place)])];
      h = 2 * h + (HalfMask<D>::transformed(place) ? 1 : 0);
      next[static_cast<std::size_t>(place)] = at[static_cast<std::size_t>(Riffle<D>::support_source[static_cast<std::size_t>(place)])];
    }
    at = next;
  }
  INFO("D = " << D);
  for (std::size_t a = 0; a < D; ++a) {
    CHECK(halves[a] != 0);
    CHECK(halves[a] != (1U << rounds) - 1);
    for (std::size_t b = a + 1; b < D; ++b) CHECK(halves[a] != halves[b]);
  }
}

TEST_CASE("Riffle: within log2(D) + 2 couplings all are transformed, all passed, every two parted") {
  each_dimension<2, 40>([]<Index D>() { check_riffle<D>(); });
  check_riffle<64>();
  check_riffle<65>();
}
}  // namespace flows_wirings_couplings
