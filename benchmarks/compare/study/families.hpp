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

/// What the recorded study compares: all but the ones that sample an energy, or need minutes a row to be scored.
inline const std::vector<std::string> fair_families{
    "real_nvp", "nsf", "real_nvp_resampled", "abs_flow",  "augmented_flow", "cif_real_nvp",
    "snf",      "cnf", "free_form",          "diff_flow", "ddpm",           "vae",
    "iwae"};

}  // namespace study
