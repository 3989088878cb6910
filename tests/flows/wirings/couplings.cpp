// SPDX-License-Identifier: MIT
// What presets and blocks of couplings make of their layers, D = 2 to 9, away from their start: every latent coordinate
// depends on every coordinate of the data and of the context, and none is an affine image of one.  Laws of single
// layers cannot see a mask and a turn that together leave a coordinate as it was.
#include <array>
#include <bit>
#include <bitset>
#include <cstdint>

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

/// Couplings by their masks and turns alone: which places are transformed, and what each coordinate has come to depend
/// on.
template <Index D> struct Rows {
  std::array<Index, D> at{};
  std::array<std::uint64_t, D> halves{};
  std::array<std::bitset<D>, D> seen{};

  Rows() {
    for (std::size_t j = 0; j < D; ++j) at[j] = static_cast<Index>(j), seen[j].set(j);
  }
  std::size_t who(Index place) const { return static_cast<std::size_t>(at[static_cast<std::size_t>(place)]); }
  void couple() {
    std::bitset<D> passed;
    for (Index p = 0; p < D; ++p) passed |= HalfMask<D>::transformed(p) ? std::bitset<D>() : seen[who(p)];
    for (Index p = 0; p < D; ++p) {
      halves[who(p)] = 2 * halves[who(p)] + (HalfMask<D>::transformed(p) ? 1 : 0);
      if (HalfMask<D>::transformed(p)) seen[who(p)] |= passed;
    }
  }
  template <class Turn> void turn() {
    const auto before = at;
    for (std::size_t p = 0; p < D; ++p) at[p] = before[static_cast<std::size_t>(Turn::support_source[p])];
  }
  void check_parted() const {
    for (std::size_t a = 0; a < D; ++a) {
      for (std::size_t b = a + 1; b < D; ++b) CHECK(halves[a] != halves[b]);
    }
  }
};

template <Index D> void check_turns() {
  INFO("D = " << D);
  const int rounds = std::bit_width(static_cast<unsigned>(D)) + 1;  // floor(log2 D) + 2
  Rows<D> row;
  for (int k = 0; k < rounds; ++k) row.couple(), row.template turn<Deal<D>>();
  row.check_parted();
  for (std::size_t a = 0; a < D; ++a) {
    CHECK(row.halves[a] != 0);
    CHECK(row.halves[a] != (std::uint64_t(1) << rounds) - 1);
  }
  Rows<D> pairs;
  for (int k = 0; k < rounds; ++k) {
    pairs.template turn<Deal<D>>();
    pairs.couple();
    pairs.template turn<Exchange<D>>();
    pairs.couple();
    for (std::size_t a = 0; a < D; ++a) CHECK(pairs.halves[a] % 4 != 0);  // every coordinate is moved by every two
    if (k == 1) {
      for (std::size_t a = 0; a < D; ++a) CHECK(pairs.seen[a].all());
    }
  }
  pairs.check_parted();
}

TEST_CASE(
    "Deal and Couplings: within log2(D) + 2 turns all are transformed, all passed, every two parted; four couplings "
    "mix all") {
  each_dimension<2, 33>([]<Index D>() { check_turns<D>(); });
  check_turns<64>();
  check_turns<65>();
}
}  // namespace flows_wirings_couplings
