// SPDX-License-Identifier: MIT
// Families of the study without a chain of steps: a continuous flow, and nets without any inverse.
#include "families.hpp"
#include "rheo/flows/presets/continuous_flows.hpp"
#include "rheo/flows/presets/residual_flows.hpp"
#include "rheo/training/flow_matching.hpp"
#include "rheo/training/free_form.hpp"

namespace study {
namespace {

template <Index D> using Matched = presets::Cnf<D, Velocity<MlpOf<Silu, 94, 94, 94>, FourierTime<4>>>;
template <Index D> using FreeForm = presets::FreeFormFlow<D, BasicMlp<Silu, WideZeroLast, 56, 56, 56, 56>>;

}  // namespace

std::vector<Family> continuous() {
  return {preset<Matched>("cnf", "continuous, by flow matching", FlowMatching{}, false),
          preset<FreeForm>("free_form", "an encoder and a decoder without an inverse, beta 150",
                           FreeFormLikelihood{.beta = 150}, false)};
}

}  // namespace study
