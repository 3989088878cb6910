// SPDX-License-Identifier: MIT
// Schedules: the learning rate over a run, as a factor of the base rate.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <variant>

#include "rheo/math/whole_part.hpp"

namespace rheo {

/// The rate as it is.
struct Constant {};
/// Half a cosine from 1 down to `last`.
struct Cosine {
  double last = 0;  ///< share of the rate at the end
};
/// Times `factor` after every `every`-th part of the run: {0.1, 0.5} divides by ten half-way.
struct StepDecay {
  double factor = 0.1;  ///< of the rate
  double every = 0.5;   ///< part of the run, in (0, 1]
};

/// Any of them, after `warm_up` steps of a linear rise.
struct Schedule {
  std::variant<Constant, Cosine, StepDecay> shape = Constant{};  ///< the factor behind the rise
  std::int64_t warm_up = 0;                                      ///< steps

  /// The factor at step `step` (from 0) of `steps`.
  double operator()(std::int64_t step, std::int64_t steps) const {
    if (step < warm_up) return static_cast<double>(step + 1) / static_cast<double>(warm_up);
    const double t = steps > warm_up ? static_cast<double>(step - warm_up) / static_cast<double>(steps - warm_up) : 0;
    if (const auto* c = std::get_if<Cosine>(&shape))
      return c->last + (1 - c->last) * 0.5 * (1 + std::cos(std::numbers::pi * t));
    if (const auto* s = std::get_if<StepDecay>(&shape)) return std::pow(s->factor, math::whole_part(t / s->every));
    return 1;
  }
};

}  // namespace rheo
