// SPDX-License-Identifier: MIT
// expect: rheo: the score needs an exact log-density
// expect: differentiate elbo
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/model.hpp"
using namespace rheo;
#ifdef RIGHT
using F = Flow<IntervalMap<1>, StandardNormal<1>>;
#else
using F = Flow<Dequantize<1, Fixed<Uniform>, 4>, LevelMap<1, 4>, StandardNormal<1>>;
#endif
int main() { return static_cast<int>(make_model<double>(F{}, Noise{1}).score(Batch<double>(3, 1)).size()); }
