// SPDX-License-Identifier: MIT
// The running mean of a fit's parameters: FitOptions::average.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "rheo/training/trainer.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace detail {

/// An exponential moving average of the parameters, that forgets its start quickly: of step k it keeps min(average, k /
/// (k + 9)).
template <class T> class RunningMean {
 public:
  RunningMean(const Numbers<T>& theta, double average) : average_(average) { restart(theta); }
  void restart(const Numbers<T>& theta) {
    if (average_ > 0) mean_ = theta, steps_ = 0;
  }
  void add(const Numbers<T>& theta) {
    if (average_ == 0) return;
    ++steps_;
    mean_ += T(1 - std::min(average_, static_cast<double>(steps_) / static_cast<double>(steps_ + 9))) * (theta - mean_);
  }
  /// The mean in the parameters' place, with the buffers that belong to it, until swap_back.
  void swap(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer) {
    if (average_ == 0) return;
    own_buffers_ = buffers;
    theta.swap(mean_);
    trainer.refresh();
  }
  void swap_back(Numbers<T>& theta, Numbers<T>& buffers) {
    if (average_ == 0) return;
    theta.swap(mean_);
    buffers = own_buffers_;
  }
  void visit(StateWalk& walk) {
    walk("average", mean_);
    walk("average_steps", steps_, 0, walk.any);
  }

 private:
  double average_;
  Column<T> mean_, own_buffers_;
  std::int64_t steps_ = 0;
};

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
