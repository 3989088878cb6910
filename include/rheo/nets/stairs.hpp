// SPDX-License-Identifier: MIT
// Dense kernels for weights of staircase shape: columns in groups, group s sees the first row_end[s] rows and no more.
// Masks of autoregressive nets have it once units are ordered by degree; whole panels of groups go through one product,
// the masked half is skipped.
#pragma once

#include <algorithm>

#include "rheo/nets/linear.hpp"

namespace rheo::detail {

/// The shape.  Group s has columns [column[s], column[s + 1]); row_end does not fall with s.
struct Stairs {
  const Index* column;   ///< groups + 1
  const Index* row_end;  ///< groups
  Index groups;
  Index first(Index s) const { return column[s]; }
  Index width(Index s) const { return column[s + 1] - column[s]; }
};

/// Least columns of one panel: narrower products spend their time on packing.
inline constexpr Index panel_columns = 8;

/// Calls body(s, e) over runs of groups [s, e) that make a panel.  Groups of one height stay together.
template <class Body> void panels(const Stairs& stairs, Body body) {
  for (Index s = 0; s < stairs.groups;) {
    Index e = s + 1;
    while (e < stairs.groups &&
           (stairs.column[e] - stairs.column[s] < panel_columns || stairs.row_end[e] == stairs.row_end[s]))
      ++e;
    if (stairs.column[stairs.groups] - stairs.column[e] < panel_columns / 2) e = stairs.groups;
    if (stairs.column[e] > stairs.column[s]) body(s, e);
    s = e;
  }
}

/// Rows [first, last) of the columns of groups [s, e), with zeros above the stairs; a view of W itself where nothing is
/// masked.
template <class T>
CView<T> unmasked(CView<T> W, const Stairs& stairs, Index s, Index e, Index first, Index last, Arena& scratch) {
  const Index c = stairs.column[s];
  if (stairs.row_end[s] >= last) return rows(columns(W, c, stairs.column[e] - c), first, last - first);
  View<T> M = scratch.take<T>(last - first, stairs.column[e] - c);
  for (Index g = s; g < e; ++g) {
    const Index seen = std::clamp<Index>(stairs.row_end[g] - first, 0, last - first);
    for (Index j = stairs.column[g]; j < stairs.column[g + 1]; ++j) {
      column(M, j - c).head(seen) = column(W, j).segment(first, seen);
      column(M, j - c).tail(last - first - seen).setZero();
    }
  }
  return read(M);
}

/// out = act(in W + b), see dense(); masked weights are never read.
template <class T, class Act>
void stairs_dense(CView<T> in, CView<T> W, CColView<T> b, const Stairs& stairs, View<T> out, T* pre, Arena& scratch) {
  panels(stairs, [&](Index s, Index e) {
    Arena::Scope scope(scratch);
    const Index c = stairs.column[s], width = stairs.column[e] - c, k = stairs.row_end[e - 1];
    const CView<T> M = unmasked(W, stairs, s, e, 0, k, scratch);
    dense<T, Act>(columns(in, 0, k), M, CColView<T>(b.data() + c, width), columns(out, c, width),
                  pre ? pre + c * in.rows() : nullptr);
  });
}

/// The same for group s alone.
template <class T, class Act>
void stairs_dense_group(CView<T> in, CView<T> W, CColView<T> b, const Stairs& stairs, Index s, View<T> out, T* pre) {
  const Index c = stairs.first(s), width = stairs.width(s), k = stairs.row_end[s];
  if (width == 0) return;
  dense<T, Act>(columns(in, 0, k), rows(columns(W, c, width), 0, k), CColView<T>(b.data() + c, width),
                columns(out, c, width), pre ? pre + c * in.rows() : nullptr);
}

/// g_W += in' g where W is not masked; masked entries are left as they are.
template <class T> void stairs_weight_pull(CView<T> in, CView<T> g, const Stairs& stairs, View<T> g_W, Arena& scratch) {
  panels(stairs, [&](Index s, Index e) {
    Arena::Scope scope(scratch);
    const Index c = stairs.column[s], width = stairs.column[e] - c, full = stairs.row_end[s],
                rest = stairs.row_end[e - 1] - full;
    if (full > 0) weight_pull<T>(columns(in, 0, full), columns(g, c, width), rows(columns(g_W, c, width), 0, full));
    if (rest == 0) return;
    View<T> G = scratch.take<T>(rest, width);
    G.setZero();
    weight_pull<T>(columns(in, full, rest), columns(g, c, width), G);
    for (Index t = s; t < e; ++t) {
      const Index seen = stairs.row_end[t] - full;
      for (Index j = stairs.column[t]; j < stairs.column[t + 1]; ++j)
        column(g_W, j).segment(full, seen) += column(G, j - c).head(seen);
    }
  });
}

/// Calls body(M, g, r, k) for panels of rows [r, r + k) of W: g_in columns [r, r + k) = g M'.  Columns of g_in that no
/// group sees get zero.
template <class T, class Body>
void stairs_rows(CView<T> W, CView<T> g, const Stairs& stairs, View<T> g_in, Arena& scratch, Body body) {
  Index r = 0;
  panels(stairs, [&](Index s, Index e) {
    Arena::Scope scope(scratch);
    const Index c = stairs.column[s], k = stairs.row_end[e - 1] - r;
    if (k <= 0) return;
    body(unmasked(W, stairs, s, stairs.groups, r, r + k, scratch), columns(g, c, g.cols() - c), r, k);
    r += k;
  });
  columns(g_in, r, g_in.cols() - r).setZero();
}
/// g_in = g W'.
template <class T> void stairs_input_pull(CView<T> W, CView<T> g, const Stairs& stairs, View<T> g_in, Arena& scratch) {
  stairs_rows(W, g, stairs, g_in, scratch,
              [&](CView<T> M, CView<T> g_seen, Index r, Index k) { gemm_nt<T>(g_seen, M, columns(g_in, r, k)); });
}
/// g_in (n x count) = the cotangents of rows [row, row + count) from the groups at and after s, which see all of them.
template <class T>
void stairs_group_pull(CView<T> W, CView<T> g, const Stairs& stairs, Index s, Index row, Index count, View<T> g_in) {
  const Index c = stairs.column[s], width = g.cols() - c;
  if (width == 0) {
    g_in.setZero();
  } else {
    gemm_nt<T>(columns(g, c, width), rows(columns(W, c, width), row, count), g_in);
  }
}
/// g_a = (g W') act'(a), see input_act_pull().
template <class T, class Act>
void stairs_input_act_pull(CView<T> h, const T* pre, CView<T> W, CView<T> g, const Stairs& stairs, View<T> g_a,
                           ColView<T> g_b, Arena& scratch) {
  stairs_rows(W, g, stairs, g_a, scratch, [&](CView<T> M, CView<T> g_seen, Index r, Index k) {
    input_act_pull<T, Act>(columns(h, r, k), pre ? pre + r * h.rows() : nullptr, M, g_seen, columns(g_a, r, k),
                           ColView<T>(g_b.data() + r, k));
  });
}

}  // namespace rheo::detail
