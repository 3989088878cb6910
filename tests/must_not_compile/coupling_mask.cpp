// SPDX-License-Identifier: MIT
// error: rheo: Coupling: a mask must let some coordinate pass and transform some other
#include "rheo/layers/bijections/coupling.hpp"

#ifdef RIGHT
using M = rheo::Mask<0, 1>;
#else
using M = rheo::Mask<0, 0>;
#endif

constexpr auto count = rheo::AffineCoupling<2, rheo::Mlp<8>, 0, rheo::BoundedExp, M>::param_count;
