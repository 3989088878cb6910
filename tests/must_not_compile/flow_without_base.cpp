// SPDX-License-Identifier: MIT
// error: rheo: Flow: the last part must be a distribution
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/permute.hpp"

#ifdef RIGHT
rheo::Flow flow{rheo::Reverse<2>{}, rheo::StandardNormal<2>{}};
#else
rheo::Flow flow{rheo::StandardNormal<2>{}, rheo::Reverse<2>{}};
#endif
