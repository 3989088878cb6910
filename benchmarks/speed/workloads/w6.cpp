// SPDX-License-Identifier: MIT
// W6: moduli, a logit up to the bound 4, four affine couplings with scales exp, coordinates reversed behind each,
// conditioner 1-64-64-2 with ReLU, on the checkerboard.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/surjections/abs.hpp"
#include "rheo/targets/compact.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

using W6 =
    Flow<Abs<2>, LogitUpToMap<2>, Repeat<4, Chain<AffineCoupling<2, Mlp<64, 64>, 0, Exp>, Flip<2>>>, StandardNormal<2>>;
constexpr double flop = 34304;  // 4 layers x 2 x (1 x 64 + 64 x 64 + 64 x 2)

Batch<float> squares(Index n) { return targets::checkerboard<float>(n, Noise{1}); }
Model<W6, float> model() {
  W6 flow;
  std::get<1>(flow.layers) = LogitUpToMap<2>(4.0);
  return started<float>(flow, 0.05);
}
}  // namespace

void w6() {
  add<float>({"W6 train 256", 256, 3 * flop, 64, true, 221}, [] { return training(model(), squares(20000), 256); });
  add<float>({"W6 log_prob 100 k", 1e5, flop, 64, false, 24200}, [] { return scoring(model(), squares(100000)); });
  add<float>({"W6 sample 100 k", 1e5, flop, 64}, [] { return sampling(model(), 100000); });
}

}  // namespace rheo::bench
