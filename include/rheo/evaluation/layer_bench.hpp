// SPDX-License-Identifier: MIT
// LayerBench: one layer with parameters of its own and its four calls on plain batches, for laws and tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "rheo/core/layer.hpp"

namespace rheo::detail {

/// The part of a bench that is alike for all layers.
template <class T> struct BenchRoom {
  Column<T> theta, buffers;
  Arena scratch{};

  BenchRoom(Index params, Index state);
  BenchRoom(const BenchRoom&);
  BenchRoom& operator=(const BenchRoom&);
  ~BenchRoom();
  Params<const T> params() const { return {theta.data(), theta.size()}; }
  Params<const T> state() const { return {buffers.data(), buffers.size()}; }
  static void blank(Batch<T>& out, Index n, Index c);
  static void blank(Column<T>& v, Index n, T value);
};
template <class T>
BenchRoom<T>::BenchRoom(Index params, Index state) : theta(Column<T>::Zero(params)), buffers(Column<T>::Zero(state)) {}
template <class T> BenchRoom<T>::BenchRoom(const BenchRoom& o) : theta(o.theta), buffers(o.buffers) {}
template <class T> BenchRoom<T>& BenchRoom<T>::operator=(const BenchRoom& o) {
  theta = o.theta, buffers = o.buffers;
  return *this;
}
template <class T> BenchRoom<T>::~BenchRoom() = default;
template <class T> void BenchRoom<T>::blank(Batch<T>& out, Index n, Index c) {
  out.setConstant(n, c, T(std::numeric_limits<double>::quiet_NaN()));
}
template <class T> void BenchRoom<T>::blank(Column<T>& v, Index n, T value) { v.setConstant(n, value); }

/// A layer in scalar T with parameters, and its four calls on plain batches.
template <class L, class T> struct LayerBench : BenchRoom<T> {
  L layer;
  CacheOf<L, T> cache{};
  using BenchRoom<T>::theta, BenchRoom<T>::buffers, BenchRoom<T>::scratch, BenchRoom<T>::params, BenchRoom<T>::state;

  explicit LayerBench(const L& l) : BenchRoom<T>(L::param_count, L::buffer_count), layer(l) {}

  template <bool Encode>
  void call(const Batch<T>& in, const Batch<T>& context, Noise noise, Batch<T>& out, Column<T>& v, bool keep = true,
            T v_before = T(0)) {
    const Index n = in.rows();
    if (theta.size() < L::param_count)
      detail::fail("this layer has " + std::to_string(L::param_count) + " parameters, it was given " +
                   std::to_string(theta.size()));
    this->blank(out, n, Encode ? L::z_dim : L::x_dim);
    this->blank(v, n, v_before);
    Pass<T, CacheOf<L, T>> p{
        view(in), view(out), ColView<T>(v.data(), n), params(), state(), view(context), noise, cache, scratch, keep};
    if constexpr (Encode) layer.encode(p);
    else layer.decode(p);
  }
  template <bool Encode>
  void pull(const Batch<T>& in, const Batch<T>& out, const Batch<T>& context, Noise noise, const Batch<T>& g_out,
            const Column<T>& g_v, Batch<T>& g_in, Column<T>& g_theta, Batch<T>& g_context) {
    const Index n = in.rows();
    this->blank(g_in, n, in.cols());
    Pull<T, CacheOf<L, T>> p{view(in),
                             view(out),
                             view(g_out),
                             CColView<T>(g_v.data(), n),
                             view(g_in),
                             params(),
                             Params<T>(g_theta.data(), g_theta.size()),
                             state(),
                             view(context),
                             view(g_context),
                             noise,
                             cache,
                             scratch};
    if constexpr (Encode) layer.encode_pull(p);
    else layer.decode_pull(p);
  }
};

}  // namespace rheo::detail
