// SPDX-License-Identifier: MIT
// The study's configuration: families and targets.  A new family is a line in one of the families_*.cpp; a new target
// is a line below.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "places.hpp"
#include "subject.hpp"

namespace study {

/// All of about 20 000 parameters, but where the text says otherwise.
std::vector<Family> bijections();
std::vector<Family> continuous();
std::vector<Family> relaxed();
std::vector<Family> sampling();
std::vector<Family> diffusions();

inline const std::vector<Family>& families() {
  static const std::vector<Family> table = [] {
    std::vector<Family> all;
    for (auto part : {bijections, continuous, relaxed, sampling, diffusions}) {
      for (Family& f : part()) all.push_back(std::move(f));
    }
    return all;
  }();
  return table;
}

/// The study whose rows and report are kept beside the program.
inline const std::vector<std::string> core_families{
    "real_nvp",     "nsf", "real_nvp_resampled", "abs_flow",  "augmented_flow",
    "cif_real_nvp", "snf", "snf_energy",         "diff_flow", "vae",
    "ddpm"};
inline const std::vector<std::string> core_targets{"two_uniforms",    "checkerboard",   "eight_gaussians",
                                                   "moons",           "double_well",    "near_curve_0.1",
                                                   "near_curve_0.03", "near_curve_0.01"};
inline const std::vector<std::string> quick_families = core_families, quick_targets{"two_uniforms", "moons"};

}  // namespace study
