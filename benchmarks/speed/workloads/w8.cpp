// SPDX-License-Identifier: MIT
// W8: a continuous flow on two moons, field 3-64-64-2 with tanh and exact trace, by eight steps of Runge and Kutta's
// and by adaptive ones.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/targets/curves.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

template <class Solver>
using W8 = Flow<Continuous<2, Velocity<MlpOf<Tanh, 64, 64>>, ExactTrace, Solver>, StandardNormal<2>>;
constexpr double flop =
    8 * 4 * 3 * 2.0 * (3 * 64 + 64 * 64 + 64 * 2);  // a value and two directions at each of 32 points

Batch<float> moons(Index n) { return targets::moons<float>(n, Noise{1}); }
template <class Solver> void put(const std::string& name, double f) {
  add<float>({name + " train 256", 256, 3 * f, 64, true},
             [] { return training(started<float>(W8<Solver>{}, 0.1), moons(20000), 256); });
  add<float>({name + " log_prob 10 k", 1e4, f, 64},
             [] { return scoring(started<float>(W8<Solver>{}, 0.1), moons(10000)); });
  add<float>({name + " sample 10 k", 1e4, f / 3, 64},
             [] { return sampling(started<float>(W8<Solver>{}, 0.1), 10000); });
}
}  // namespace

void w8() {
  put<Rk4<8>>("W8, eight steps,", flop);
  put<Dopri5<5>>("W8, adaptive,", 0);
}

}  // namespace rheo::bench
