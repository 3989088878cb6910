// SPDX-License-Identifier: MIT
// expect: rheo: Coupling: a mask must let some coordinate pass and transform some other
#include "rheo/layers/bijections/coupling.hpp"
using namespace rheo;
#ifdef RIGHT
AffineCoupling<2, Mlp<8>, 0, BoundedExp, Mask<0, 1>> layer;
#else
AffineCoupling<2, Mlp<8>, 0, BoundedExp, Mask<1, 1>> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
