// SPDX-License-Identifier: MIT
// W5: eight residual layers, each behind an ActNorm, on two moons, net 2-H-H-2 with LipSwish, kappa 0.9: a training
// step with the spectral norms' refresh (five rounds, proven bound), log_prob and sampling (residual to 32 eps) of 10
// 000 rows.  V is exact: a row's products are the net's value and two tangents; a draw, which wants no V, is held
// against one value of the net, so its "products" are the passes of the fixed point.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/targets/curves.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

template <Index H>
using W5 =
    Flow<Repeat<8, Chain<ActNorm<2>, Residual<2, BasicLipschitzMlp<LipSwish, UniformLast, H, H>>>>, StandardNormal<2>>;
template <Index H> constexpr double flop = 3 * 8.0 * 2 * (2 * H + H * H + H * 2);

Batch<float> moons(Index n) { return targets::moons<float>(n, Noise{1}); }
/// A model after 100 steps.
template <Index H> Model<W5<H>, float> model() {
  const auto data = moons(25600);
  auto m = make_model<float>(W5<H>{}, Noise{2});
  m.initialise(data);
  Trainer<W5<H>, float> trainer(m, Adam{});
  const auto none = Model<W5<H>, float>::template nothing<const float>(data.rows());
  for (Index k = 0; k < 100; ++k) trainer.step(view(data), none, {k * 256, 256}, Noise{}, 3e-3);
  return m;
}
template <Index H> void put(const std::string& name, double train, double draw) {
  add<float>({name + " train 256", 256, 3 * flop<H>, H, true, train},
             [] { return training(model<H>(), moons(20000), 256); });
  add<float>({name + " log_prob 10 k", 1e4, flop<H>, H}, [] { return scoring(model<H>(), moons(10000)); });
  add<float>({name + " sample 10 k", 1e4, flop<H> / 3, H, false, draw}, [] { return sampling(model<H>(), 10000); });
}
}  // namespace

void w5() {
  put<64>("W5, H = 64", 3840, 35300);
  put<128>("W5, H = 128", 7460, 118000);
}

}  // namespace rheo::bench
