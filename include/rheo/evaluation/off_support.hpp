// SPDX-License-Identifier: MIT
// The law of points off a layer's support: V = -inf, no gradient to the coordinate that is off, finite ones elsewhere, nothing in other rows.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "rheo/evaluation/layer_bench.hpp"

namespace rheo::detail {

/// Whether some coordinate has an outside that is known without the layer's numbers; that of an interval is far away.
template <std::size_t D> constexpr bool has_outside(const std::array<Support, D>& supports) {
  for (std::size_t j = 0; j < D; ++j) {
    if (supports[j] != Support::any && supports[j] != Support::real && supports[j] != Support::circle && !(supports[j] == Support::ordered && D == 1)) return true;
  }
  return false;
}

/// Numbers for coordinate j of a row which take it off the support.
template <class T, std::size_t D, class Row> std::vector<T> outside(const std::array<Support, D>& supports, std::size_t j, Index categories, const Row& row) {
  switch (supports[j]) {
    case Support::positive:
    case Support::censored:
    case Support::simplex: return {T(-0.5), T(-1e30)};
    case Support::unit: return {T(-0.5), T(1.5), T(1e30)};
    case Support::interval: return {T(-1e6), T(1e6)};
    case Support::correlation: return {T(-1.5), T(1.5)};
    case Support::integer:
    case Support::category: return categories > 0 ? std::vector<T>{T(0.5), T(-1), T(static_cast<double>(categories))} : std::vector<T>{T(0.5)};
    case Support::ordered:
      for (std::size_t i = j; i-- > 0;) {
        if (supports[i] == Support::ordered) return {row(static_cast<Index>(i)) - T(0.5)};
      }
      return {};
    default: return {};
  }
}

/// 0 where the layer keeps the law at every such number, put into one row of `at`; else 1.
template <bool Encode, class L, class T, std::size_t D>
double off_support(LayerBench<L, T>& b, const std::array<Support, D>& supports, const Batch<T>& at, const Batch<T>& context, Noise noise) {
  const Index n = at.rows(), bad = 2;
  const Batch<T> g_out = Batch<T>::Zero(n, Encode ? L::z_dim : L::x_dim);
  Batch<T> out, g_in, g_context;
  Column<T> v, v_here;
  b.template call<Encode>(at, context, noise, out, v);
  for (std::size_t k = 0; k < D; ++k) {
    const auto j = static_cast<Index>(k);
    for (const T value : outside<T>(supports, k, category_count<L>(), at.row(bad))) {
      Batch<T> in = at;
      in(bad, j) = value;
      b.template call<Encode>(in, context, noise, out, v_here);
      Vector<T> g_theta = Vector<T>::Zero(L::param_count);
      g_context.setZero(n, L::context_dim);
      b.template pull<Encode>(in, out, context, noise, g_out, Column<T>::Ones(n), g_in, g_theta, g_context);
      bool good = v_here(bad) == T(-std::numeric_limits<double>::infinity()) && g_in(bad, j) == T(0);
      good = good && g_in.allFinite() && g_theta.allFinite() && g_context.allFinite();
      for (Index i = 0; i < n; ++i) good = good && (i == bad || v_here(i) == v(i));
      if (!good) return 1;
    }
  }
  return 0;
}

/// The law in both directions, as far as the layer has them and an outside.
template <class L, class T, class Add> void off_support_laws(LayerBench<L, T>&& b, const Batch<T>& x, const Batch<T>& z, const Batch<T>& context, Noise noise, Add add) {
  if constexpr (CanEncodePull<L, T> && has_outside(L::x_support)) {
    add("encode: off the support V is -inf, the gradient 0", off_support<true>(b, L::x_support, x, context, noise), 0);
  }
  if constexpr (CanDecodePull<L, T> && has_outside(L::z_support)) {
    add("decode: off the support V is -inf, the gradient 0", off_support<false>(b, L::z_support, z, context, noise), 0);
  }
}

}  // namespace rheo::detail
