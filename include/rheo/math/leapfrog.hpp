// SPDX-License-Identifier: MIT
// Kick, drift, kick: one step of positions q and velocities v under a force, with friction and noise if wanted, and its
// pull.
//   Brünger, Brooks and Karplus 1984 (BBK), in the form of Wu et al. 2020, arXiv:2002.06707, appendix; without friction
//     it is the leapfrog.
#pragma once

#include <cmath>

#include "rheo/core/batch.hpp"

namespace rheo::math {

/// v_h = a v - (h / 2) u'(q) + r e1;  q' = q + h v_h;  v' = (v_h - (h / 2) u'(q') + r e2) / b, where r = sqrt(friction
/// h), a and b = 1 -+ r^2 / 2.
template <class T> struct Leapfrog {
  T h, a, b, r;
  Leapfrog(const T& step, double friction)
      : h(step), a(T(1) - step * T(0.5 * friction)), b(T(1) + step * T(0.5 * friction)), r(T(0)) {
    using std::sqrt;
    if (friction > 0) r = sqrt(step * T(friction));
  }
  /// Cotangents of the coefficients, to be collected; log_h() is that of log h.
  struct Gradient {
    T h = T(0), a = T(0), b = T(0), r = T(0);
    T log_h(const Leapfrog& c) const {
      return h * c.h + r * T(0.5) * c.r - a * T(0.5) * c.r * c.r + b * T(0.5) * c.r * c.r;
    }
  };

  /// q and v (n x D), u'(q) and e1 (null: no noise) to q' and v_h.
  void drift(CView<T> q, CView<T> v, CView<T> g, const View<T>* e1, View<T> q_next, View<T> v_half) const {
    for (Index j = 0; j < q.cols(); ++j) {
      column(v_half, j) = column(v, j) * a - column(g, j) * (T(0.5) * h);
      if (e1) column(v_half, j) += column(*e1, j) * r;
      column(q_next, j) = column(v_half, j) * h + column(q, j);
    }
  }
  /// v_h to v', in place.
  void kick(CView<T> g_next, const View<T>* e2, View<T> v) const {
    for (Index j = 0; j < v.cols(); ++j) {
      column(v, j) -= column(g_next, j) * (T(0.5) * h);
      if (e2) column(v, j) += column(*e2, j) * r;
      column(v, j) = column(v, j) / b;
    }
  }
  /// From the cotangent of v' to that of v_h (in place); adds to that of u'(q').
  void kick_pull(CView<T> g_next, CView<T> v_next, const View<T>* e2, View<T> w, View<T> c_next, Gradient& s) const {
    for (Index j = 0; j < w.cols(); ++j) {
      s.b -= (column(w, j) * column(v_next, j)).sum() / b;
      column(w, j) = column(w, j) / b;
      column(c_next, j) -= column(w, j) * (T(0.5) * h);
      s.h -= T(0.5) * (column(w, j) * column(g_next, j)).sum();
      if (e2) s.r += (column(w, j) * column(*e2, j)).sum();
    }
  }
  /// From the cotangents of q' (x, which becomes that of q) and v_h (w, which becomes that of v); c is overwritten with
  /// that of u'(q).
  void drift_pull(CView<T> q, CView<T> q_next, CView<T> v, CView<T> g, const View<T>* e1, View<T> x, View<T> w,
                  View<T> c, Gradient& s) const {
    for (Index j = 0; j < w.cols(); ++j) {
      s.h += (column(x, j) * (column(q_next, j) - column(q, j))).sum() / h;
      column(w, j) += column(x, j) * h;
      column(c, j) = column(w, j) * (T(-0.5) * h);
      s.h -= T(0.5) * (column(w, j) * column(g, j)).sum();
      s.a += (column(w, j) * column(v, j)).sum();
      if (e1) s.r += (column(w, j) * column(*e1, j)).sum();
      column(w, j) = column(w, j) * a;
    }
  }
};

}  // namespace rheo::math
