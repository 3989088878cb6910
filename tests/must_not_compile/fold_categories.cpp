// SPDX-License-Identifier: MIT
// expect: rheo: the law of a fold has not as many categories as the fold has pieces
#include "rheo/layers/surjections/partition.hpp"
using namespace rheo;
#ifdef RIGHT
Partition<1, 3, Plain<family::Categorical<3>>> layer;
#else
Partition<1, 3, Plain<family::Categorical<4>>> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
