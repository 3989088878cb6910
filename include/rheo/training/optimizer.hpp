// SPDX-License-Identifier: MIT
// Optimizers: the rule (hyper-parameters) and its state apart; one fused loop over a block of the flat vector.
//   Adam: Kingma and Ba 2015, arXiv:1412.6980, alg. 1;  AdamW: Loshchilov and Hutter 2019, arXiv:1711.05101;  momentum:
//     Polyak 1964.
#pragma once

#include <cmath>
#include <cstdint>
#include <variant>

#include "rheo/core/params.hpp"
#include "rheo/math/lane.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// weight_decay adds to the gradient (Adam) or shrinks the parameters directly (decoupled: AdamW).
struct Adam {
  double beta1 = 0.9;       ///< share of its past that the mean gradient keeps
  double beta2 = 0.999;     ///< the same of the mean square
  double epsilon = 1e-8;    ///< added to its root
  double weight_decay = 0;  ///< times the parameters
  bool decoupled = false;   ///< AdamW
};
/// AdamW.
inline Adam adam_w(double weight_decay = 1e-2) { return {0.9, 0.999, 1e-8, weight_decay, true}; }

/// v = momentum v + g; theta -= rate v.
struct Sgd {
  double momentum = 0.9;    ///< share of its past that the velocity keeps
  double weight_decay = 0;  ///< times the parameters, added to the gradient
};

/// Any of them.
using Optimizer = std::variant<Adam, Sgd>;

/// What one run of an optimizer remembers: moments as long as the parameters, and the number of steps taken.
template <class T> struct OptimizerState {
  Column<T> first, second;  ///< moments
  std::int64_t steps = 0;   ///< taken
  /// The state before the first step of n parameters.
  void reset(Index n) {
    first.setZero(n);
    second.setZero(n);
    steps = 0;
  }
};

namespace detail {

/// One block of one step; `g` is scaled by `scale` (clipping, averaging) on the way.
template <class T>
void apply(const Adam& o, OptimizerState<T>& s, T* theta, const T* g, Index first, Index n, double rate, double scale) {
  const double c1 = 1 - std::pow(o.beta1, static_cast<double>(s.steps)),
               c2 = 1 - std::pow(o.beta2, static_cast<double>(s.steps));
  const T b1 = T(o.beta1), b2 = T(o.beta2), step = T(rate / c1), root = T(1 / std::sqrt(c2)), eps = T(o.epsilon),
          k = T(scale);
  const T decay = T(o.decoupled ? 0 : o.weight_decay), shrink = T(o.decoupled ? 1 - rate * o.weight_decay : 1);
  const T tiny = T(1e-30);
  T *m = s.first.data() + first, *v = s.second.data() + first;
  theta += first, g += first;
  math::sweep<T>(n, [=](auto at, Index i) {
    using L = typename decltype(at)::Number;
    using math::select;
    using std::sqrt, std::abs;
    const L p = at.load(theta + i), gi = at.load(g + i) * L(k) + L(decay) * p;
    const L m_new = L(b1) * at.load(m + i) + L(T(1) - b1) * gi, vi = L(b2) * at.load(v + i) + L(T(1) - b2) * gi * gi;
    const L mi = select(abs(m_new) < L(tiny), L(0),
                        m_new);  // a dead unit's moment would become denormal, and those cost a hundred times more
    at.store(m + i, mi);
    at.store(v + i, vi);
    at.store(theta + i, L(shrink) * p - L(step) * mi / (sqrt(vi) * L(root) + L(eps)));
  });
}
template <class T>
void apply(const Sgd& o, OptimizerState<T>& s, T* theta, const T* g, Index first, Index n, double rate, double scale) {
  T* m = s.first.data();
  for (Index i = first; i < first + n; ++i) {
    m[i] = T(o.momentum) * m[i] + g[i] * T(scale) + T(o.weight_decay) * theta[i];
    theta[i] -= T(rate) * m[i];
  }
}

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
