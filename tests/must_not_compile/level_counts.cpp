// SPDX-License-Identifier: MIT
// expect: rheo: Chain: a layer gives whole numbers, or an interval, of other categories than the next wants
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/dequantize.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Dequantize<1, Fixed<Uniform>, 4>{}, LevelMap<1, 4>{}, StandardNormal<1>{}};
#else
Flow flow{Dequantize<1, Fixed<Uniform>, 4>{}, LevelMap<1, 5>{}, StandardNormal<1>{}};
#endif
int main() { return static_cast<int>(flow.categories); }
