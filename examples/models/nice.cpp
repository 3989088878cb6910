// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"

namespace models {
using namespace rheo;
using Step = Chain<AdditiveCoupling<2, MlpOf<Silu, 64, 64>>, Reverse<2>>;
Entry nice() { return entry<Flow<Standardize<2>, Repeat<8, Step>, ActNorm<2>, StandardNormal<2>>>("nice", "8 additive couplings, nets 1-64-64-1 with SiLU, a learned scale at the end"); }
}  // namespace models
