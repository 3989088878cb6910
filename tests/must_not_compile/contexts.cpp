// SPDX-License-Identifier: MIT
// expect: rheo: Chain: two layers want contexts of different width
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/coupling.hpp"
using namespace rheo;
#ifdef RIGHT
constexpr Index other = 3;
#else
constexpr Index other = 2;
#endif
Chain<AffineCoupling<2, Mlp<8>, 3>, AffineCoupling<2, Mlp<8>, other>> chain;
int main() { return static_cast<int>(chain.z_support.size()); }
