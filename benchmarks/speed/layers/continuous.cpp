// SPDX-License-Identifier: MIT
// Layers that solve a differential equation, fields with hidden layers of 64 and 64.
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/stochastic/diff_flow.hpp"
#include "rheo/layers/stochastic/diffusion.hpp"
#include "table.hpp"

void rheo::bench::continuous(Table& t) {
  using Field = Velocity<MlpOf<Tanh, 64, 64>>;
  t.add("continuous, Rk4 of 8 steps, exact trace", [](auto d) { return Continuous<d, Field, ExactTrace, Rk4<8>>{}; });
  t.add("continuous, Dopri5 to 1e-5, one probe",
        [](auto d) { return Continuous<d, Field, HutchinsonTrace<>, Dopri5<5>>{}; });
  t.add("diff flow of 10 steps", [](auto d) { return DiffFlow<d, 10, Field>{}; });
  t.add("diffusion of 10 steps", [](auto d) { return Diffusion<d, 10, Field>{}; });
}
