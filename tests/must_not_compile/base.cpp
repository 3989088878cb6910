// SPDX-License-Identifier: MIT
// expect: rheo: Flow: the last part must be a distribution
#include "rheo/flows/flow.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/permute.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Flip<2>{}, StandardNormal<2>{}};
#else
Flow flow{Flip<2>{}, Flip<2>{}};
#endif
int main() { return static_cast<int>(flow.latent_dim); }
