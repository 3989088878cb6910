// SPDX-License-Identifier: MIT
// The table of all toy targets by name.
#pragma once

#include <string_view>

#include "rheo/targets/compact.hpp"
#include "rheo/targets/curves.hpp"

namespace rheo::targets {

/// All targets, made once.
inline const std::vector<Target>& all() {
  static const std::vector<Target> table{checkerboard(), corners(),  eight_gaussians(), four_circles(), rings(),         circles(),       moons(),
                                         swiss_roll(),   two_spirals(), pinwheel(),      diamond(),      two_uniforms(),  annulus(),       two_lines(),
                                         two_marginals(), split_gaussian(), one_uniform(), crescent(),  crescent_cubed(), sine(),         abs_curve(), sign_curve()};
  return table;
}

/// Throws std::invalid_argument that lists the names.
inline const Target& find(std::string_view name) {
  std::string names;
  for (const auto& t : all()) {
    if (t.name == name) return t;
    names += (names.empty() ? "" : ", ") + t.name;
  }
  rheo::detail::fail("no target is called '" + std::string(name) + "'; there are " + names);
}

/// The two moons, for a first program.
template <class T> Batch<T> moons(Index n, Noise noise) { return find("moons").sample(n, noise).template cast<T>(); }

}  // namespace rheo::targets
