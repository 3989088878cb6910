// SPDX-License-Identifier: MIT
// The law of points off a layer's support: V = -inf, no gradient to the coordinate that is off, finite ones elsewhere,
// nothing in other rows.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "rheo/evaluation/subject.hpp"

namespace rheo::detail {

/// Whether some coordinate has an outside that is known without the layer's numbers; that of an interval is far away.
inline bool has_outside(const std::vector<Support>& supports) {
  for (Support s : supports) {
    if (s != Support::any && s != Support::real && s != Support::circle &&
        !(s == Support::ordered && supports.size() == 1))
      return true;
  }
  return false;
}

/// Numbers for coordinate j of a row which take it off the support.
template <class T, class Row>
std::vector<T> outside(const std::vector<Support>& supports, std::size_t j, Index categories, const Row& row) {
  switch (supports[j]) {
    case Support::positive:
    case Support::censored:
    case Support::simplex: return {T(-0.5), T(-1e30)};
    case Support::unit: return {T(-0.5), T(1.5), T(1e30)};
    case Support::interval: return {T(-1e6), T(1e6)};
    case Support::sphere:
    case Support::correlation: return {T(-1.5), T(1.5)};
    case Support::integer:
    case Support::category:
      return categories > 0 ? std::vector<T>{T(0.5), T(-1), T(static_cast<double>(categories))}
                            : std::vector<T>{T(0.5)};
    case Support::ordered:
      for (std::size_t i = j; i-- > 0;) {
        if (supports[i] == Support::ordered) return {row(static_cast<Index>(i)) - T(0.5)};
      }
      return {};
    default: return {};
  }
}

/// Whether the layer keeps the law at every such number, put into one row of `at`; of gradients where it pulls.
template <bool Encode, class T>
bool kept_off_support(Runner<T>& b, const std::vector<Support>& supports, const std::vector<Index>& categories,
                      Index out_dim, bool pulls, const Batch<T>& at, const Batch<T>& context, Noise noise) {
  const Index n = at.rows(), bad = 2;
  const Batch<T> g_out = Batch<T>::Zero(n, out_dim);
  Batch<T> out, g_in, g_context;
  Column<T> v, v_here;
  b.template call<Encode>(at, context, noise, out, v);
  for (std::size_t k = 0; k < supports.size(); ++k) {
    const auto j = static_cast<Index>(k);
    for (const T value : outside<T>(supports, k, categories[k], at.row(bad))) {
      Batch<T> in = at;
      in(bad, j) = value;
      b.template call<Encode>(in, context, noise, out, v_here);
      bool good = v_here(bad) == T(-std::numeric_limits<double>::infinity());
      if (pulls) {
        Column<T> g_theta = Column<T>::Zero(b.theta.size());
        g_context.setZero(n, context.cols());
        b.template pull<Encode>(in, out, context, noise, g_out, Column<T>::Ones(n), g_in, g_theta, g_context);
        good = good && g_in(bad, j) == T(0) && g_in.allFinite() && g_theta.allFinite() && g_context.allFinite();
      }
      for (Index i = 0; i < n; ++i) good = good && (i == bad || v_here(i) == v(i));
      if (!good) return false;
    }
  }
  return true;
}

}  // namespace rheo::detail
