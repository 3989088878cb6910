// SPDX-License-Identifier: MIT
// expect: rheo: Round: the fibre's law must live on the unit cube
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/dequantize.hpp"
using namespace rheo;
#ifdef RIGHT
Dequantize<2, Fixed<Uniform>, 4> layer{};
#else
Dequantize<2, Fixed<StandardNormal>, 4> layer{};
#endif
int main() { return static_cast<int>(layer.categories); }
