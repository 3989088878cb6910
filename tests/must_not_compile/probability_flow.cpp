// SPDX-License-Identifier: MIT
// expect: probability_flow wants a model of the form of presets::DiffFlow
#include "rheo/flows/presets/diffusions.hpp"
using namespace rheo;
using Field = Velocity<MlpOf<Tanh, 3>>;
#ifdef RIGHT
using F = presets::DiffFlow<2, 3, Field>;
#else
using F = Flow<DiffFlow<2, 3, Field>, StandardNormal<2>>;
#endif
int main() { probability_flow(make_model<float>(F{}, Noise{1})); }
