// SPDX-License-Identifier: MIT
// One layer's calls on small batches, for the tests of this folder.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include "catch.hpp"
#include "rheo/evaluation/layer_bench.hpp"

namespace rheo_test {
using namespace rheo;
inline constexpr double inf = std::numeric_limits<double>::infinity(),
                        not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr double ln2 = std::numbers::ln2;

/// Values and pulls, where there are any, of one direction; g_v = 1 and g_out = 1.
template <class T = double> struct Called {
  Batch<T> out, g_in;
  Column<T> v;
  Column<T> g_theta;
};
template <bool Encode, class T = double, class L>
Called<T> call(const L& layer, const Batch<T>& in, Noise noise = {},
               const Column<T>& theta = Column<T>::Zero(L::param_count), const Batch<T>& context = {}) {
  rheo::detail::LayerBench<L, T> b(layer);
  b.theta = theta;
  const Batch<T> c = context.size() > 0 ? context : Batch<T>(in.rows(), 0);
  Called<T> r;
  b.template call<Encode>(in, c, noise, r.out, r.v);
  Batch<T> g_c = Batch<T>::Zero(in.rows(), L::context_dim);
  r.g_theta = Column<T>::Zero(L::param_count);
  if constexpr (Encode ? CanEncodePull<L, T> : CanDecodePull<L, T>)
    b.template pull<Encode>(in, r.out, c, noise, Batch<T>::Ones(in.rows(), r.out.cols()), Column<T>::Ones(in.rows()),
                            r.g_in, r.g_theta, g_c);
  return r;
}
inline Column<double> vector(std::initializer_list<double> numbers) {
  Column<double> x(static_cast<Index>(numbers.size()));
  Index i = 0;
  for (double u : numbers) x(i++) = u;
  return x;
}
inline Batch<double> batch(std::initializer_list<std::initializer_list<double>> rows) {
  Batch<double> x(static_cast<Index>(rows.size()), static_cast<Index>(rows.begin()->size()));
  Index i = 0;
  for (const auto& row : rows) {
    Index j = 0;
    for (double u : row) x(i, j++) = u;
    ++i;
  }
  return x;
}

}  // namespace rheo_test
