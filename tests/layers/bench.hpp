// SPDX-License-Identifier: MIT
// A layer with started parameters, called on plain batches.
#pragma once

#include "rheo/evaluation/certify.hpp"

namespace rheo_test {
using namespace rheo;

template <class L> struct Kept {
  L kept;
};
template <class L, class T> struct Bench : private Kept<L>, detail::LayerBench<L, T> {  // its own layer: benches are made of temporaries
  Batch<T> none;
  explicit Bench(const L& l, double spread = 0, std::uint64_t seed = 7) : Kept<L>{l}, detail::LayerBench<L, T>(this->kept) {
    Vector<double> start = Vector<double>::Zero(L::param_count), untrained = Vector<double>::Zero(L::buffer_count);
    detail::init<L, double>(l, Params<double>(start.data(), start.size()), Params<double>(untrained.data(), untrained.size()), Noise{seed});
    for (Index i = 0; i < start.size(); ++i) start(i) += spread * Noise{seed + 1}.normal(i, 0);
    this->theta = start.template cast<T>();
    this->buffers = untrained.template cast<T>();
  }
  /// out and v, one column more.
  template <bool Encode> Batch<T> run(const Batch<T>& in) {
    Batch<T> out;
    Column<T> v;
    none.resize(in.rows(), L::context_dim);
    this->template call<Encode>(in, none, Noise{3}, out, v);
    Batch<T> both(in.rows(), out.cols() + 1);
    both << out, v;
    return both;
  }
  Batch<T> encode(const Batch<T>& x) { return run<true>(x).leftCols(L::z_dim); }
  Batch<T> decode(const Batch<T>& z) { return run<false>(z).leftCols(L::x_dim); }
  Column<T> v(const Batch<T>& x) { return run<true>(x).col(L::z_dim); }
  /// The cotangent of the input, for cotangents 1 of out and of v.
  template <bool Encode> Batch<T> pull(const Batch<T>& in) {
    Batch<T> out, g_in, g_context(in.rows(), L::context_dim);
    Column<T> v;
    Vector<T> g_theta = Vector<T>::Zero(L::param_count);
    none.resize(in.rows(), L::context_dim);
    this->template call<Encode>(in, none, Noise{3}, out, v);
    detail::LayerBench<L, T>::template pull<Encode>(in, out, none, Noise{3}, Batch<T>::Ones(out.rows(), out.cols()), Column<T>::Ones(in.rows()), g_in, g_theta, g_context);
    return g_in;
  }
};

inline Batch<double> normals(Index n, Index d, std::uint64_t seed = 11) {
  Batch<double> x(n, d);
  Noise{seed}.normals(view(x));
  return x;
}

}  // namespace rheo_test
