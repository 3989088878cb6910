// SPDX-License-Identifier: MIT
// expect: rheo: Chain: z_dim of a layer differs from x_dim of the next
// expect: dimensions_agree<.*layer_index<1.*gives_dim<4.*next_wants_dim<6
#include "rheo/flows/flow.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/permute.hpp"
#ifdef RIGHT
rheo::Chain<rheo::Flip<4>, rheo::Flip<4>, rheo::Flip<4>> chain;
#else
rheo::Chain<rheo::Flip<4>, rheo::Flip<4>, rheo::Flip<6>> chain;
#endif
int main() { return static_cast<int>(chain.z_dim + static_cast<int>(chain.z_support[0])); }
