// SPDX-License-Identifier: MIT
// W9: a diffusion of 100 steps on two moons, net 10-64-64-2 with SiLU: a step of its simple loss, and ancestral draws.
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/denoising.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

using W9 = presets::Ddpm<2, 100, Velocity<BasicMlp<Silu, WideZeroLast, 64, 64>, FourierTime<4>>>;
constexpr double flop = 2.0 * (10 * 64 + 64 * 64 + 64 * 2);

Model<W9, float> model() {
  auto m = make_model<float>(W9{}, Noise{2});
  m.initialise(targets::moons<float>(2000, Noise{1}));
  for (Index i = 0; i < m.parameters().size(); ++i)
    m.parameters()(i) += static_cast<float>(0.05 * Noise{3}.normal(i, 0));
  return m;
}
}  // namespace

void w9() {
  add<float>({"W9 train 256", 256, 3 * flop, 64, true},
             [] { return training(model(), targets::moons<float>(20000, Noise{1}), 256, 1, Denoising{}); });
  add<float>({"W9 sample 10 k", 1e4, 100 * flop, 64}, [] {
    auto m = std::make_shared<Model<W9, float>>(model());
    return Call([m] { benchmark::DoNotOptimize(m->sample(10000, Noise{4}).data()); });
  });
}

}  // namespace rheo::bench
