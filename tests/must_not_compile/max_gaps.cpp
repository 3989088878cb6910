// SPDX-License-Identifier: MIT
// expect: rheo: Max: the law of the gaps must live on (0, inf), as Plain<family::HalfNormal<>>
#include "rheo/distributions/location_scale.hpp"
#include "rheo/layers/surjections/max.hpp"
using namespace rheo;
#ifdef RIGHT
Max<2, Plain<family::HalfNormal<>>> layer;
#else
Max<2, Plain<family::Normal<>>> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
