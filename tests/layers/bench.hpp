// SPDX-License-Identifier: MIT
// A layer with started parameters, called on plain batches.
#pragma once

#include "rheo/evaluation/layer_bench.hpp"

namespace rheo_test {
using namespace rheo;

/// What benches do alike for all layers.
template <class T> struct BenchParts {
  static Batch<T> beside(const Batch<T>& out, const Column<T>& v);  ///< v, one column more
  static Column<T> shaken(const Column<double>& start, double spread, std::uint64_t seed);
  static Batch<T> ones(Index n, Index c);
  static Column<T> ones(Index n);
};
template <class T> Batch<T> BenchParts<T>::beside(const Batch<T>& out, const Column<T>& v) {
  Batch<T> both(out.rows(), out.cols() + 1);
  both << out, v;
  return both;
}
template <class T> Column<T> BenchParts<T>::shaken(const Column<double>& start, double spread, std::uint64_t seed) {
  Column<T> to(start.size());
  for (Index i = 0; i < start.size(); ++i)
    to(i) = static_cast<T>(start(i) + (spread != 0 ? spread * Noise{seed}.normal(i, 0) : 0));
  return to;
}
template <class T> Batch<T> BenchParts<T>::ones(Index n, Index c) { return Batch<T>::Ones(n, c); }
template <class T> Column<T> BenchParts<T>::ones(Index n) { return Column<T>::Ones(n); }

template <class L> struct Kept { L kept; };
template <class L, class T>
struct Bench : private Kept<L>, detail::LayerBench<L, T> {  // its own layer: benches are made of temporaries
  Batch<T> none;
  explicit Bench(const L& l, double spread = 0, std::uint64_t seed = 7)
      : Kept<L>{l}, detail::LayerBench<L, T>(this->kept) {
    detail::BenchRoom<double> start(L::param_count, L::buffer_count);
    detail::init<L, double>(l, Params<double>(start.theta.data(), start.theta.size()),
                            Params<double>(start.buffers.data(), start.buffers.size()), Noise{seed});
    this->theta = BenchParts<T>::shaken(start.theta, spread, seed + 1);
    this->buffers = BenchParts<T>::shaken(start.buffers, 0, 0);
  }
  /// out and v, one column more.
  template <bool Encode> Batch<T> run(const Batch<T>& in) {
    Column<T> v;
    const Batch<T> out = map<Encode>(in, v);
    return BenchParts<T>::beside(out, v);
  }
  Batch<T> encode(const Batch<T>& x) {
    Column<T> v;
    return map<true>(x, v);
  }
  Batch<T> decode(const Batch<T>& z) {
    Column<T> v;
    return map<false>(z, v);
  }
  Column<T> v(const Batch<T>& x) {
    Column<T> v;
    map<true>(x, v);
    return v;
  }
  /// The cotangent of the input, for cotangents 1 of out and of v.
  template <bool Encode> Batch<T> pull(const Batch<T>& in) {
    const Index n = in.rows();
    Batch<T> g_in, g_context(n, L::context_dim);
    Column<T> v;
    detail::BenchRoom<T> g(L::param_count, 0);
    const Batch<T> out = map<Encode>(in, v);
    detail::LayerBench<L, T>::template pull<Encode>(in, out, none, Noise{3}, BenchParts<T>::ones(n, out.cols()),
                                                    BenchParts<T>::ones(n), g_in, g.theta, g_context);
    return g_in;
  }

 private:
  template <bool Encode> Batch<T> map(const Batch<T>& in, Column<T>& v) {
    Batch<T> out;
    none.resize(in.rows(), L::context_dim);
    this->template call<Encode>(in, none, Noise{3}, out, v);
    return out;
  }
};

inline Batch<double> normals(Index n, Index d, std::uint64_t seed = 11) {
  Batch<double> x(n, d);
  Noise{seed}.normals(view(x));
  return x;
}

}  // namespace rheo_test
