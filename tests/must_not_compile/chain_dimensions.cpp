// SPDX-License-Identifier: MIT
// error: rheo: Chain: z_dim of a layer differs from x_dim of the next
// error: dimensions_agree<.*layer_index<1.*gives_dim<4.*next_wants_dim<6
#include "rheo/flows/chain.hpp"
#include "rheo/layers/bijections/permute.hpp"

#ifdef RIGHT
constexpr rheo::Index third = 4;
#else
constexpr rheo::Index third = 6;
#endif

rheo::Chain<rheo::Reverse<4>, rheo::Reverse<4>, rheo::Reverse<third>> path;
