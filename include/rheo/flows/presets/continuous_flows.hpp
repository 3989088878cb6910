// SPDX-License-Identifier: MIT
// Presets of continuous flows by their papers' names.  Both directions integrate a differential equation
// whose field is a recipe, as those of the diffusions are.
#pragma once

#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace rheo::presets {

/// Grathwohl et al. 2019, arXiv:1810.01367, with the exact trace (Trace = HutchinsonTrace<> in many dimensions).
template <Index D, class Field = Velocity<MlpOf<Tanh, 64, 64, 64>>, class Trace = ExactTrace, class Solver = Dopri5<>,
          Index C = 0>
using Ffjord = Flow<Standardize<D>, Continuous<D, Field, Trace, Solver, C>, StandardNormal<D>>;

/// The flow for flow matching (Lipman et al. 2023, arXiv:2210.02747): fit(model, data, options, FlowMatching{}) trains
/// it without solving anything; scoring and sampling integrate.
template <Index D, class Field = Velocity<MlpOf<Silu, 128, 128, 128>, FourierTime<4>>, class Trace = ExactTrace,
          class Solver = Dopri5<>, Index C = 0>
using Cnf = Flow<Standardize<D>, Continuous<D, Field, Trace, Solver, C>, StandardNormal<D>>;

}  // namespace rheo::presets
