// SPDX-License-Identifier: MIT
// expect: rheo: Chain: ascending numbers must stay in their order until Ordered: no Flip or Squeeze between
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/bijections/permute.hpp"
using namespace rheo;
#ifdef RIGHT
Chain chain{Ordered<3>{}, Flip<3>{}};
#else
Chain chain{Flip<3>{}, Ordered<3>{}};
#endif
int main() { return static_cast<int>(chain.z_support.size()); }
