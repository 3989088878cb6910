// SPDX-License-Identifier: MIT
// expect: rheo: LowRankLinear: the rank is between 1 and D
#include "rheo/layers/bijections/low_rank_linear.hpp"
using namespace rheo;
#ifdef RIGHT
LowRankLinear<3, 2> layer;
#else
LowRankLinear<3, 4> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
