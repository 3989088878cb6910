// SPDX-License-Identifier: MIT
// W1: eight affine couplings on two moons, conditioner 1-64-64-2 with ReLU.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/targets/curves.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

using Even = AffineCoupling<2, Mlp<64, 64>>;
using Odd = AffineCoupling<2, Mlp<64, 64>, 0, BoundedExp, Mask<1, 0>>;
using W1 = Flow<Repeat<4, Chain<Even, Odd>>, StandardNormal<2>>;
constexpr double flop = 68608;  // 8 layers x 2 x (1 x 64 + 64 x 64 + 64 x 2)

template <class T> Batch<T> moons(Index n) { return targets::moons<T>(n, Noise{1}); }
template <class T> Model<W1, T> model() { return started<T>(W1{}, 0.05); }
}  // namespace

void w1() {
  add<float>({"W1 train 256", 256, 3 * flop, 64, true, 389},
             [] { return training(model<float>(), moons<float>(20000), 256); });
  add<float>({"W1 train 1024", 1024, 3 * flop, 64, true, 1498},
             [] { return training(model<float>(), moons<float>(20000), 1024); });
  add<float>({"W1 log_prob 100 k", 1e5, flop, 64, false, 43800},
             [] { return scoring(model<float>(), moons<float>(100000)); });
  add<float>({"W1 sample 100 k", 1e5, flop, 64, false, 44100}, [] { return sampling(model<float>(), 100000); });
  add<float>({"W1 log_prob 1", 1, flop, 64, false, 7.5}, [] { return scoring(model<float>(), moons<float>(1)); });
  add<float>({"W1 train 256, 2 threads, wall", 256, 3 * flop, 64, true, 0, true},
             [] { return training(model<float>(), moons<float>(20000), 256, 2); });
  add<float>({"W1 train 1024, 2 threads, wall", 1024, 3 * flop, 64, true, 769, true},
             [] { return training(model<float>(), moons<float>(20000), 1024, 2); });
  add<float>({"W1 log_prob 100 k, 2 threads, wall", 1e5, flop, 64, false, 23600, true},
             [] { return scoring(model<float>(), moons<float>(100000), 2); });
  add<double>({"W1 train 256, double", 256, 3 * flop, 64, true, 810},
              [] { return training(model<double>(), moons<double>(20000), 256); });
  add<double>({"W1 log_prob 100 k, double", 1e5, flop, 64, false, 99600},
              [] { return scoring(model<double>(), moons<double>(100000)); });
}

}  // namespace rheo::bench
