// SPDX-License-Identifier: MIT
// expect: rheo: Mixture: the log of a sum of noisy estimates is biased; take a base whose V is exact, or noise_free
#include "rheo/distributions/mixture_of.hpp"
#include "rheo/distributions/resampled.hpp"
using namespace rheo;
struct Noisy : StandardNormal<2> {
  static constexpr Exactness exactness = Exactness::estimate;
};
#ifdef RIGHT
Mixture<2, ResampledBase<2, Mlp<4>>> base;
#else
Mixture<2, Noisy> base;
#endif
int main() { return static_cast<int>(base.x_dim); }
