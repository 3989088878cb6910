// SPDX-License-Identifier: MIT
// The linear assignment problem by shortest augmenting paths: Kuhn 1955, Munkres 1957; in this form Jonker and Volgenant 1987.
#pragma once

#include <limits>

#include "rheo/core/arena.hpp"

namespace rheo::math {

/// match(i) = the column given to row i such that the sum of cost(i, match(i)) over the rows of the n x n matrix is least, in O(n^3) steps.
/// Costs must be finite.  Among equal sums one is taken that depends on the costs alone.
inline void assign(CView<double> cost, ColView<Index> match, Arena& scratch) {
  Arena::Scope scope(scratch);
  const Index n = cost.rows(), none = -1;
  constexpr double far = std::numeric_limits<double>::infinity();
  auto u = scratch.column<double>(n), w = scratch.column<double>(n), shortest = scratch.column<double>(n);
  auto owner = scratch.column<Index>(n), before = scratch.column<Index>(n);
  auto reached = scratch.column<char>(n);
  u.setZero();
  w.setZero();
  owner.setConstant(none);
  for (Index root = 0; root < n; ++root) {
    shortest.setConstant(far);
    reached.setZero();
    before.setConstant(none);
    Index row = root, from = none, end = none;
    double length = 0;
    while (end == none) {  // Dijkstra over columns with reduced costs, until a free one is reached
      double least = far;
      Index next = none;
      for (Index j = 0; j < n; ++j) {
        if (reached(j)) continue;
        const double d = length + cost(row, j) - u(row) - w(j);
        if (d < shortest(j)) {
          shortest(j) = d;
          before(j) = from;
        }
        if (shortest(j) < least || next == none) {
          least = shortest(j);
          next = j;
        }
      }
      length = least;
      reached(next) = 1;
      from = next;
      if (owner(next) == none) {
        end = next;
      } else {
        row = owner(next);
      }
    }
    u(root) += length;
    for (Index j = 0; j < n; ++j) {
      if (!reached(j) || j == end) continue;
      u(owner(j)) += length - shortest(j);
      w(j) -= length - shortest(j);
    }
    for (Index j = end; j != none;) {
      const Index previous = before(j);
      owner(j) = previous == none ? root : owner(previous);
      j = previous;
    }
  }
  for (Index j = 0; j < n; ++j) match(owner(j)) = j;
}

}  // namespace rheo::math
