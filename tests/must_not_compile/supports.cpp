// SPDX-License-Identifier: MIT
// expect: rheo: Chain: the support that a layer gives differs from the one that the next wants; put a range map between
#include "rheo/flows/flow.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Flip<2>{}, Uniform<2>{}};
#else
Flow flow{Flip<2>{}, AffineCoupling<2, Mlp<8> >{}, Uniform<2>{}};
#endif
int main() { return static_cast<int>(flow.z_support.size()); }
