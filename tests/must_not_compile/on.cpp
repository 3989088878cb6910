// SPDX-License-Identifier: MIT
// expect: rheo: On: the mask transforms nothing
#include "rheo/layers/bijections/on.hpp"
#include "rheo/transformers/range.hpp"
using namespace rheo;
#ifdef RIGHT
On<2, Mask<0, 1>, range::Log> layer;
#else
On<2, Mask<0, 0>, range::Log> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
