// SPDX-License-Identifier: MIT
// Windows: the rows of a fit that come one window after another, as the fit sees them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/training/checkpoint.hpp"

namespace rheo::detail {

/// See RowWindows, which is all that there is of them: an interface, since a fit of an array has none.
template <class T> class Windows {
 public:
  virtual void hold_out(const Index* rows, Index n) = 0;
  virtual void sample(Index count, Noise noise, Batch<T>& x, Batch<T>& context) = 0;
  virtual bool next(Index window, Batch<T>& x, Batch<T>& context, std::vector<double>& weights, Index& kept) = 0;
  virtual void close() = 0;
  virtual std::int64_t hash() const = 0;
  virtual void describe(FactList& facts) const = 0;
  virtual void visit(StateWalk& walk, bool ended) = 0;
  virtual std::string go_back(Index window, Batch<T>& x, Batch<T>& context, std::vector<double>& weights,
                              Index& kept) = 0;
  virtual bool is_open() const = 0;
  virtual bool brought() const = 0;
  virtual Index most() const = 0;
  virtual bool first_pass() const = 0;
  virtual Index initial_rows() const = 0;
  virtual bool all() const = 0;
  virtual Index epoch_rows() const = 0;

 protected:
  ~Windows() = default;
};

}  // namespace rheo::detail
