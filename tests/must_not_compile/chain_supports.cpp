// SPDX-License-Identifier: MIT
// error: rheo: Chain: the support that a layer gives differs from the one that the next wants
// error: supports_agree<.*layer_index<1.*coordinate<1.*gives_support<.*real>.*next_wants_support<.*unit>
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"

#ifdef RIGHT
using Base = rheo::StandardNormal<2>;
#else
using Base = rheo::Uniform<2>;
#endif

rheo::Flow flow{rheo::Reverse<2>{}, rheo::AffineCoupling<2, rheo::Mlp<8>>{}, Base{}};
