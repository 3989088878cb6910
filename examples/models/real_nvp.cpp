// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"

namespace models {
using namespace rheo;
using Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Reverse<2>>;
Entry real_nvp() { return entry<Flow<Standardize<2>, Repeat<8, Step>, StandardNormal<2>>>("real_nvp", "8 affine couplings, nets 1-64-64-2 with ReLU"); }
}  // namespace models
