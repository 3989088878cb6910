// SPDX-License-Identifier: MIT
// TargetEnergy: a density of the table as an energy, values alone, for Metropolis moves and weights.
#pragma once

#include "rheo/core/fail.hpp"
#include "rheo/math/energy.hpp"
#include "rheo/targets/table.hpp"

namespace rheo::targets {

/// u = -log p, log Z = 0, computed in double row by row; a ValueEnergy, without gradients: many of the table's
/// densities have jumps. The target must outlive it, as those of the table do.  Throws std::invalid_argument for a
/// target without a density.
class TargetEnergy {
 public:
  static constexpr Index dim = 2;
  template <class T> using Workspace = NoWorkspace;
  /// The target must outlive it.
  explicit TargetEnergy(const Target& target) : target_(&target) {
    if (!target.log_prob) ::rheo::detail::fail("the target \"" + target.name + "\" has no density");
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i)
      u(i) = T(-target_->log_prob(static_cast<double>(x(i, 0)), static_cast<double>(x(i, 1))));
  }
  /// log of the integral of e^-u, nats.
  double log_z() const { return 0.0; }

 private:
  const Target* target_;
};

}  // namespace rheo::targets
