// SPDX-License-Identifier: MIT
// Finding: what a law found, and how it is told.
#pragma once

#include <array>
#include <ostream>
#include <string>
#include <vector>

namespace rheo {

/// One law's outcome: the worst error found, and what the law allows.
struct Finding {
  std::string law;                                  ///< "double: round trip"
  double error;                                     ///< the worst that was found; NaN breaks the law
  double allowed;                                   ///< the most that the law lets pass
  std::string lacking = {};                         ///< what the layer would have to say for the law to be tried
  bool passed() const { return error <= allowed; }  ///< whether the law is kept
};
/// "kept: double: round trip, error 1e-16, allowed 2e-13", or "BROKEN: ...", or "not tried: ..., wants decode_pull".
inline std::ostream& operator<<(std::ostream& out, const Finding& f) {
  if (!f.lacking.empty()) return out << "not tried: " << f.law << ", wants " << f.lacking;
  return out << (f.passed() ? "kept: " : "BROKEN: ") << f.law << ", error " << f.error << ", allowed " << f.allowed;
}
/// One finding a line, the broken ones first, what was not tried last, and how many there are of each.
inline std::ostream& operator<<(std::ostream& out, const std::vector<Finding>& findings) {
  std::array<std::size_t, 3> count{};
  for (std::size_t kind = 0; kind < count.size(); ++kind) {
    for (const Finding& f : findings) {
      if ((!f.lacking.empty() ? 2u : f.passed() ? 1u : 0u) != kind) continue;
      out << f << '\n';
      ++count[kind];
    }
  }
  out << count[1] << " laws kept, " << count[0] << " broken";
  if (count[2] > 0) out << ", " << count[2] << " not tried";
  return out << '\n';
}

}  // namespace rheo
