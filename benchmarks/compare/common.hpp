// SPDX-License-Identifier: MIT
// What studies share: processor time, fits by time.
#pragma once

#include <algorithm>
#include <cmath>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "rheo/training/fit.hpp"

namespace study {

/// Of this process: other processes on the machine do not count.
inline double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Start of a preset, each parameter moved by N(0, 0.05^2): most presets start as the identity, which is a saddle of
/// the likelihood where the data's coordinates are independent, as those of two_uniforms are, and of the bounds of
/// autoencoders.
template <class F> rheo::Model<F, float> started(const F& flow, rheo::Noise noise) {
  auto model = rheo::make_model<float>(flow, noise.fork(100));
  rheo::Batch<float> jitter(model.parameters().size(), 1);
  noise.fork(101).normals(rheo::view(jitter));
  model.parameters() += 0.05f * jitter.col(0);
  if constexpr (rheo::detail::HasAfterStep<F, float>) flow.after_step(model.theta(), model.state());
  return model;
}

/// A model fitted for about so many seconds of one processor, and the steps that it made.  What a step costs is told by
/// fits to the first batches, of some epochs and of twice as many, ever more until they take a fiftieth of the time.
template <class F>
std::pair<rheo::Model<F, float>, long> fitted_for(const rheo::Model<F, float>& start, double seconds,
                                                  const rheo::Batch<float>& x, rheo::FitOptions options) {
  const auto run = [&](const rheo::Batch<float>& part, int epochs) {
    auto model = start;
    options.epochs = epochs;
    const auto r = rheo::fit(model, part, options);
    return std::pair{std::move(model), r.steps};
  };
  const rheo::Batch<float> first = x.topRows(std::min(16 * options.batch, x.rows()));
  double spent = 0, a_step = 0;
  for (int epochs = 1; spent < 0.02 * seconds; epochs *= 4) {
    const double begin = cpu_seconds();
    const long made = run(first, epochs).second;
    const double between = cpu_seconds();
    const long more = run(first, 2 * epochs).second - made;
    spent = cpu_seconds() - begin;
    a_step = std::max(spent - 2 * (between - begin), 0.02 * spent) / static_cast<double>(std::max(1L, more));
  }
  return run(x, std::max(1, static_cast<int>(std::lround(seconds / a_step * static_cast<double>(options.batch) /
                                                         static_cast<double>(x.rows())))));
}

}  // namespace study
