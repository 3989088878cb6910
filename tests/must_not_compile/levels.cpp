// SPDX-License-Identifier: MIT
// expect: rheo: Chain: the support that a layer gives differs from the one that the next wants; put a range map between
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/dequantize.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Dequantize<2, Fixed<Uniform>, 4>{}, LevelMap<2, 4>{}, StandardNormal<2>{}};
#else
Flow flow{Dequantize<2, Fixed<Uniform>, 4>{}, StandardNormal<2>{}};
#endif
int main() { return static_cast<int>(flow.categories); }
