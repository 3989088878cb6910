// SPDX-License-Identifier: MIT
// W2: four rational-quadratic spline couplings of 8 bins on two moons, conditioner 1-64-64-23 with ReLU.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

template <class M> using Spline = Coupling<2, RationalQuadraticSpline<8>, Mlp<64, 64>, 0, M>;
using W2 = Flow<Repeat<2, Chain<Spline<Mask<0, 1>>, Spline<Mask<1, 0>>>>, StandardNormal<2>>;
constexpr double flop = 45056;  // 4 layers x 2 x (1 x 64 + 64 x 64 + 64 x 23)

Batch<float> moons(Index n) { return targets::moons<float>(n, Noise{1}); }
Model<W2, float> model() { return started<float>(W2{}, 0.05); }
}  // namespace

void w2() {
  add<float>({"W2 train 256", 256, 3 * flop, 64, true, 371}, [] { return training(model(), moons(20000), 256); });
  add<float>({"W2 train 1024", 1024, 3 * flop, 64, true, 1361}, [] { return training(model(), moons(20000), 1024); });
  add<float>({"W2 log_prob 100 k", 1e5, flop, 64, false, 39300}, [] { return scoring(model(), moons(100000)); });
  add<float>({"W2 sample 100 k", 1e5, flop, 64, false, 38700}, [] { return sampling(model(), 100000); });
  add<float>({"W2 log_prob 1", 1, flop, 64}, [] { return scoring(model(), moons(1)); });
}

}  // namespace rheo::bench
