// SPDX-License-Identifier: MIT
// LayerBench: one layer with parameters of its own and its four calls on plain batches, for laws and tests.
#pragma once

#include <algorithm>
#include <cmath>
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

/// A NaN is the worst of errors.
inline double worst(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::infinity() : std::max(a, b); }

/// A path that the layer knows how to go back (`reverse_draws`): the worst error of its beginning, of V, and of V of the pair where `weigh`
/// scores it, each relative to 1 + its size.
template <bool Encode, class L, class T> double path_back(LayerBench<L, T> b, const Batch<T>& in, const Batch<T>& context, Noise key) {
  const Index n = in.rows();
  Batch<T> out, back, table = Batch<T>::Zero(n, L::draws);
  Column<T> v, v_back;
  double w = 0;
  auto compare = [&](T a, T c) { w = worst(w, std::abs(static_cast<double>(a - c)) / (1 + std::abs(static_cast<double>(a)))); };
  b.template call<Encode>(in, context, key, out, v);
  const Pass<T, CacheOf<L, T>> made{view(std::as_const(in)), view(out), ColView<T>(v.data(), n), b.params(), b.state(), view(context), key, b.cache, b.scratch};
  b.layer.reverse_draws(made, view(table));
  const Batch<double> draws = table.template cast<double>();
  b.template call<!Encode>(Batch<T>(out), context, Noise{0, 0, 0, &draws}, back, v_back);
  for (Index i = 0; i < in.size(); ++i) compare(in.data()[i], back.data()[i]);
  for (Index i = 0; i < n; ++i) compare(v(i), v_back(i));
  const CView<T> x = view(std::as_const(Encode ? in : out)), z = view(std::as_const(Encode ? out : in));
  if constexpr (requires(ColView<T> c) { b.layer.weigh(x, z, c, b.params()); }) {
    Column<T> pair = Column<T>::Zero(n);
    b.layer.weigh(x, z, ColView<T>(pair.data(), n), b.params());
    for (Index i = 0; i < n; ++i) compare(v(i), pair(i));
  }
  return w;
}

}  // namespace rheo::detail
