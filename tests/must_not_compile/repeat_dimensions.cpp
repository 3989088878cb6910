// SPDX-License-Identifier: MIT
// error: rheo: Repeat: a repeated layer must keep the dimension
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/repeat.hpp"
#include "rheo/layers/bijections/permute.hpp"

#ifdef RIGHT
using Repeated = rheo::Reverse<2>;
#else
using Repeated = rheo::StandardNormal<2>;
#endif

rheo::Repeat<3, Repeated> repeat;
