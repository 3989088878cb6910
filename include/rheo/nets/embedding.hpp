// SPDX-License-Identifier: MIT
// Embeddings of a field's arguments: of time, and of the point.
//   Fourier features: Tancik et al. 2020, arXiv:2006.10739 (nets of few coordinates learn fine things late without
//     them).
#pragma once

#include <cmath>
#include <numbers>

#include "rheo/core/batch.hpp"

namespace rheo {

/// Time as it is, one column.
struct PlainTime {
  static constexpr Index size = 1;
  template <class T> static void embed(CColView<T> t, View<T> out) { column(out, 0) = t; }
};

/// cos(pi k t) and sin(pi k t) for k = 1 ... F: 2 F columns that tell every t in [0, 2) apart.
template <Index F> struct FourierTime {
  static_assert(F > 0, "rheo: FourierTime wants at least one frequency");
  static constexpr Index size = 2 * F;
  /// The higher ones from those before by the sum of angles: an error of about k eps.
  template <class T> static void embed(CColView<T> t, View<T> out) {
    ColView<T> c = column(out, 0), s = column(out, 1);
    const T pi = T(std::numbers::pi);
    c = (pi * t).cos();
    s = (pi * t).sin();
    for (Index k = 1; k < F; ++k) {
      column(out, 2 * k) = column(out, 2 * k - 2) * c - column(out, 2 * k - 1) * s;
      column(out, 2 * k + 1) = column(out, 2 * k - 2) * s + column(out, 2 * k - 1) * c;
    }
  }
};

/// The point as it is, no features beside it.
struct PlainPoint {
  template <Index D> static constexpr Index size = 0;
};

/// sin(2^k x_j) and cos(2^k x_j) for k = 0 ... K-1, beside the point itself: 2 K D columns, for coordinates of order
/// one.  What nets of few dimensions need to see edges; learning and solvers with few steps meet fields that bend as
/// fast, so keep K small.  Far from the data the features repeat those of points within it: after short fits some
/// samples in a thousand may land there, where FourierPoint<1> leaves none.
template <Index K> struct FourierPoint {
  static_assert(K > 0, "rheo: FourierPoint wants at least one frequency");
  template <Index D> static constexpr Index size = 2 * K* D;

  /// features, n x size.
  template <class T> static void embed(CView<T> x, View<T> features) {
    each(x.cols(), [&](Index j, Index s, Index c, double w) {
      column(features, s) = (T(w) * column(x, j)).sin();
      column(features, c) = (T(w) * column(x, j)).cos();
    });
  }
  /// Their derivatives along directions of the point, kn x D.
  template <class T> static void embed_along(CView<T> features, CView<T> along, View<T> out) {
    each(along.cols(), [&](Index j, Index s, Index c, double w) {
      const Index n = features.rows();
      for (Index d = 0; d < along.rows(); d += n) {
        const auto step = T(w) * column(rows(along, d, n), j);
        column(rows(out, d, n), s) = step * column(features, c);
        column(rows(out, d, n), c) = -step * column(features, s);
      }
    });
  }
  /// Adds to g_x what the cotangents of the features, and of their derivatives along directions, make of it.
  template <class T>
  static void pull(CView<T> features, CView<T> g_features, CView<T> along, CView<T> g_along, View<T> g_x) {
    each(g_x.cols(), [&](Index j, Index s, Index c, double w) {
      const Index n = features.rows();
      column(g_x, j) +=
          T(w) * (column(g_features, s) * column(features, c) - column(g_features, c) * column(features, s));
      for (Index d = 0; d < along.rows(); d += n) {
        column(g_x, j) -= T(w * w) * column(rows(along, d, n), j) *
                          (column(rows(g_along, d, n), s) * column(features, s) +
                           column(rows(g_along, d, n), c) * column(features, c));
      }
    });
  }

 private:
  /// Coordinate j, where its sine and cosine stand, their frequency.
  template <class F> static void each(Index D, F f) {
    for (Index k = 0; k < K; ++k) {
      for (Index j = 0; j < D; ++j) f(j, 2 * (k * D + j), 2 * (k * D + j) + 1, std::ldexp(1.0, static_cast<int>(k)));
    }
  }
};

}  // namespace rheo
