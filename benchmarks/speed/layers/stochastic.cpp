// SPDX-License-Identifier: MIT
// Sampling layers of 10 moves on a banana, and learned stochastic ones with nets of 64 and 64.
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "rheo/layers/stochastic/indexed.hpp"
#include "rheo/layers/stochastic/langevin.hpp"
#include "rheo/layers/stochastic/mala.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "rheo/layers/stochastic/underdamped_langevin.hpp"
#include "rheo/layers/stochastic/vae.hpp"
#include "rheo/math/path_energy.hpp"
#include "rheo/targets/energies.hpp"
#include "table.hpp"

void rheo::bench::stochastic(Table& t) {
  using Net = Mlp<64, 64>;
  using GivenNormal = Given<family::Normal<SoftBound>, Net>;
  const double s = 2, b = 0.1;
  t.add("Metropolis, 10 moves",
        [=](auto d) { return Metropolis<targets::Banana<d>, 10>(targets::Banana<d>(s, b), 0.3); });
  t.add("Mala, 10 moves", [=](auto d) { return Mala<targets::Banana<d>, 10>(targets::Banana<d>(s, b), 0.05); });
  t.add("Langevin, 10 moves", [=](auto d) { return Langevin<targets::Banana<d>, 10>(targets::Banana<d>(s, b), 0.01); });
  t.add("Hmc, 1 move of 10 leaps",
        [=](auto d) { return Hmc<targets::Banana<d>, 1, 10>(targets::Banana<d>(s, b), 0.1); });
  t.add(
      "underdamped Langevin, 10 moves",
      [](auto d) { return UnderdampedLangevin<NormalEnergy<d / 2>, 10>(NormalEnergy<d / 2>{}, 0.1, 1.0); },
      "half of the coordinates are velocities; on a normal");
  t.add("vae onto a quarter", [](auto d) { return VaeLayer<d, (d < 4 ? 1 : d / 4), GivenNormal, GivenNormal>{}; });
  t.add("indexed affine coupling",
        [](auto d) { return Indexed<AffineCoupling<d, Net>, 1, GivenNormal, GivenNormal, Net>{}; });
}
