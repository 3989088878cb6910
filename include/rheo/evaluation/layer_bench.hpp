// SPDX-License-Identifier: MIT
// LayerBench: one layer with parameters of its own and its four calls on plain batches, for laws and tests.
#pragma once

#include <limits>

#include "rheo/core/layer.hpp"

namespace rheo::detail {

/// A layer in scalar T with parameters, and its four calls on plain batches.
template <class L, class T> struct LayerBench {
  L layer;
  Vector<T> theta = Vector<T>::Zero(L::param_count), buffers = Vector<T>::Zero(L::buffer_count);
  CacheOf<L, T> cache{};
  Arena scratch{};

  explicit LayerBench(const L& l) : layer(l) {}
  Params<const T> params() const { return {theta.data(), theta.size()}; }
  Params<const T> state() const { return {buffers.data(), buffers.size()}; }

  template <bool Encode> void call(const Batch<T>& in, const Batch<T>& context, Noise noise, Batch<T>& out, Column<T>& v, bool keep = true, T v_before = T(0)) {
    const Index n = in.rows();
    out.setConstant(n, Encode ? L::z_dim : L::x_dim, T(std::numeric_limits<double>::quiet_NaN()));
    v.setConstant(n, v_before);
    Pass<T, CacheOf<L, T>> p{view(in), view(out), ColView<T>(v.data(), n), params(), state(), view(context), noise, cache, scratch, keep};
    if constexpr (Encode) layer.encode(p);
    else layer.decode(p);
  }
  template <bool Encode>
  void pull(const Batch<T>& in, const Batch<T>& out, const Batch<T>& context, Noise noise, const Batch<T>& g_out, const Column<T>& g_v, Batch<T>& g_in,
            Vector<T>& g_theta, Batch<T>& g_context) {
    const Index n = in.rows();
    g_in.setConstant(n, in.cols(), T(std::numeric_limits<double>::quiet_NaN()));
    Pull<T, CacheOf<L, T>> p{view(in), view(out), view(g_out), CColView<T>(g_v.data(), n), view(g_in), params(), Params<T>(g_theta.data(), g_theta.size()), state(),
                             view(context), view(g_context), noise, cache, scratch};
    if constexpr (Encode) layer.encode_pull(p);
    else layer.decode_pull(p);
  }
};

}  // namespace rheo::detail
