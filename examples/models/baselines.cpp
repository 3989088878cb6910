// SPDX-License-Identifier: MIT
// What every flow should beat.
#include "models.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/normal.hpp"

namespace models {
using namespace rheo;
Entry normal() { return entry<Flow<Standardize<2>, FullNormal<2>>>("normal", "one normal with full covariance"); }
Entry mixture() {
  return entry<Flow<Standardize<2>, NormalMixture<2, 16>>>("mixture", "16 normals with diagonal covariances");
}
}  // namespace models
