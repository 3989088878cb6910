// SPDX-License-Identifier: MIT
// What studies share: lists on the command line, processor time, fits by time.
#pragma once

#include <algorithm>
#include <cmath>
#include <ctime>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "rheo/training/fit.hpp"

namespace study {

/// What stands between commas.
inline std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

/// Of this process: other processes on the machine do not count.
inline double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// A flow fitted for about so many seconds of one processor, by the speed of a fit to the first `trial` batches, and the steps that it made.
template <class F>
std::pair<rheo::Model<F, float>, long> fitted_for(double seconds, const rheo::Batch<float>& x, rheo::Index trial, rheo::Noise start, rheo::FitOptions options) {
  const auto run = [&](const rheo::Batch<float>& part, int epochs) {
    auto model = rheo::make_model<float>(F{}, start);
    options.epochs = epochs;
    const auto r = rheo::fit(model, part, options);
    return std::pair{std::move(model), r.steps};
  };
  const double begin = cpu_seconds();
  const long made = run(x.topRows(trial * options.batch), 1).second;
  const double a_step = (cpu_seconds() - begin) / static_cast<double>(std::max(1L, made));
  return run(x, std::max(1, static_cast<int>(std::lround(seconds / a_step * static_cast<double>(options.batch) / static_cast<double>(x.rows())))));
}

}  // namespace study
