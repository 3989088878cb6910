// SPDX-License-Identifier: MIT
// expect: rheo: Chain: ascending numbers must stay in their order until Ordered: no Flip or Squeeze between
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/surjections/sort.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Sort<3>{}, Ordered<3>{}, Flip<3>{}, StandardNormal<3>{}};
#else
Flow flow{Sort<3>{}, Flip<3>{}, Ordered<3>{}, StandardNormal<3>{}};
#endif
int main() { return static_cast<int>(flow.z_support.size()); }
