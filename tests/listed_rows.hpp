// SPDX-License-Identifier: MIT
// Sources of rows that stand in memory.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "rheo/targets/curves.hpp"
#include "rheo/training/row_source.hpp"

namespace rheo_test {

/// Rows of an array, `most` at a time; a row whose number is in `unreadable` is broken.
template <class T> struct Listed : rheo::RowSource<T> {
  rheo::Batch<T> x, context;
  rheo::Index most = 7, at = 0, first = 0;
  int passes = 0;
  std::set<rheo::Index> unreadable{};
  bool knows = true, weights = false;  ///< whether it knows its length, and the context ends with the weight

  explicit Listed(rheo::Batch<T> rows, rheo::Batch<T> contexts = {})
      : x(std::move(rows)), context(std::move(contexts)) {}
  rheo::Index x_dim() const override { return x.cols(); }
  rheo::Index context_dim() const override { return context.cols(); }
  rheo::Index read(rheo::View<T> to, rheo::View<T> to_context, rheo::BrokenRows& broken) override {
    first = at;
    rheo::Index n = 0;
    for (; n < std::min(most, to.rows()) && at < x.rows(); ++at) {
      if (unreadable.count(at)) {
        broken.add(where(at - first) + ": unreadable");
        continue;
      }
      for (rheo::Index j = 0; j < x.cols(); ++j) to(n, j) = x(at, j);
      for (rheo::Index j = 0; j < context.cols(); ++j) to_context(n, j) = context(at, j);
      ++n;
    }
    return n;
  }
  void rewind() override { at = 0, ++passes; }
  std::string where(rheo::Index i) const override { return "row " + std::to_string(first + i); }
  bool weighted() const override { return weights; }
  rheo::Index rows() const override { return knows ? x.rows() : -1; }
};

template <class T> rheo::Batch<T> numbered(rheo::Index n) {
  rheo::Batch<T> x = rheo::targets::moons<T>(n, rheo::Noise{1});
  for (rheo::Index i = 0; i < n; ++i) x(i, 1) = T(i);  // tells which row it is
  return x;
}

}  // namespace rheo_test
