// SPDX-License-Identifier: MIT
// error: rheo: Chain: two layers want contexts of different width
#include "rheo/flows/chain.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"

#ifdef RIGHT
constexpr rheo::Index context = 3;
#else
constexpr rheo::Index context = 2;
#endif

rheo::Chain<rheo::AffineCoupling<2, rheo::Mlp<8>, 3>, rheo::Reverse<2>, rheo::AffineCoupling<2, rheo::Mlp<8>, context>> path;
