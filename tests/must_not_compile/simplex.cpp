// SPDX-License-Identifier: MIT
// expect: rheo: StickBreaking: a simplex has at least 2 corners
#include "rheo/layers/bijections/stick_breaking.hpp"
using namespace rheo;
#ifdef RIGHT
StickBreaking<2> layer;
#else
StickBreaking<1> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
