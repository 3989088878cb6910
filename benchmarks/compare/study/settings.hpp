// SPDX-License-Identifier: MIT
// What a search says: the setting that did best for a family.
#pragma once

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "json.hpp"
#include "row.hpp"

namespace study {

inline double seconds_of_budget(const std::string& name) {
  double seconds = 0;
  std::from_chars(name.data(), name.data() + name.size(), seconds);
  return seconds;
}

/// Of two budgets' names.
inline bool shorter(const std::string& a, const std::string& b) { return seconds_of_budget(a) < seconds_of_budget(b); }

/// Of the tries at that budget, or at the longest that is no longer: the least mean, over the places, of the score less
/// the best score there.  A try that crashed or has no finite score is none.  Without any: Setting{}.
inline Setting best_setting(const std::vector<Record>& tries, const std::string& family, double seconds) {
  double longest = 0;
  for (const Record& r : tries) {
    const double s = seconds_of_budget(r.text("budget"));
    if (r.text("family") == family && r.number("nll") && s <= seconds) longest = std::max(longest, s);
  }
  std::map<std::string, double> best;  // of a place
  std::map<std::pair<double, double>, std::map<std::string, double>> scores;
  for (const Record& r : tries) {
    const auto nll = r.number("nll");
    if (r.text("family") != family || !nll || seconds_of_budget(r.text("budget")) != longest) continue;
    const auto target = r.text("target");
    best[target] = best.count(target) ? std::min(best[target], *nll) : *nll;
    scores[{r.number("rate").value_or(0), r.number("averaged").value_or(0)}][target] = *nll;
  }
  Setting found;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [setting, at] : scores) {
    if (at.size() < best.size()) continue;
    double sum = 0;
    for (const auto& [target, nll] : at) sum += nll - best[target];
    if (sum < least) least = sum, found = {setting.first, setting.second > 0};
  }
  return found;
}

}  // namespace study
