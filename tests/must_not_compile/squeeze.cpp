// SPDX-License-Identifier: MIT
// expect: rheo: Squeeze: height and width must be even
#include "rheo/layers/bijections/squeeze.hpp"
using namespace rheo;
#ifdef RIGHT
Squeeze<1, 2, 4> layer;
#else
Squeeze<1, 3, 4> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
