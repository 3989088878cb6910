// SPDX-License-Identifier: MIT
// The linear assignment problem by shortest augmenting paths: Kuhn 1955, Munkres 1957; in this form Jonker and
// Volgenant 1987.
#pragma once

#include <algorithm>
#include <limits>

#include "rheo/core/arena.hpp"

namespace rheo::math {

/// match(i) = the column given to row i such that the sum of cost(i, match(i)) over the rows of the n x n matrix is
/// least, in O(n^3) steps. Costs must be finite: with others `match` is a permutation, and no more is said of it. Among
/// equal sums one is taken that depends on the costs alone.
inline void assign(CView<double> cost, ColView<Index> match, Arena& scratch) {
  Arena::Scope scope(scratch);
  const Index n = cost.rows(), none = -1;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double *price = scratch.column<double>(n).data(), *earning = scratch.column<double>(n).data(),
         *shortest = scratch.column<double>(n).data();
  Index *before = scratch.column<Index>(n).data(), *owner = match.data();  // owner[i] is the column that has row i
  char* reached = scratch.column<char>(n).data();
  std::fill_n(price, n, 0.0);
  std::fill_n(earning, n, 0.0);
  std::fill_n(owner, n, none);
  for (Index root = 0; root < n; ++root) {
    std::fill_n(shortest, n, infinity);
    std::fill_n(before, n, none);  // stays where no cost is finite
    std::fill_n(reached, n, char(0));
    Index at = root, from = none, end = none;
    double length = 0;
    while (end ==
           none) {  // Dijkstra from column to column over their rows with reduced costs, until a free row is reached
      const double *c = column(cost, at).data(), base = length - earning[at];
      double least = infinity;
      Index next = none;
      for (Index i = 0; i < n; ++i) {
        if (reached[i]) continue;
        const double d = base + c[i] - price[i];
        if (d < shortest[i]) {
          shortest[i] = d;
          before[i] = from;
        }
        if (next == none || shortest[i] < least) {
          least = shortest[i];
          next = i;
        }
      }
      length = least;
      reached[next] = 1;
      from = next;
      if (owner[next] == none) {
        end = next;
      } else {
        at = owner[next];
      }
    }
    earning[root] += length;
    for (Index i = 0; i < n; ++i) {
      if (!reached[i] || i == end) continue;
      earning[owner[i]] += length - shortest[i];
      price[i] -= length - shortest[i];
    }
    for (Index i = end; i != none;) {
      const Index previous = before[i];
      owner[i] = previous == none ? root : owner[previous];
      i = previous;
    }
  }
}

}  // namespace rheo::math
