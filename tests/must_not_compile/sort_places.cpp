// SPDX-License-Identifier: MIT
// expect: rheo: SortPoints: the law of the places must be one of orders, as FairOrders or PlackettLuce<Net>
#include "rheo/distributions/discrete.hpp"
#include "rheo/layers/surjections/sort.hpp"
using namespace rheo;
#ifdef RIGHT
Sort<3, PlackettLuce<Mlp<4>>> layer;
#else
Sort<3, Given<family::Categorical<3>, Mlp<4>>> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
