// SPDX-License-Identifier: MIT
// A NaN in one coordinate, or in one parameter, is not lost on the way through a layer: V or the result is NaN, or the
// number was not read at all.
#pragma once

#include <limits>

#include "catch.hpp"
#include "layers/bench.hpp"

namespace rheo_test {

template <class T> Batch<T> normal_rows(Index d) {
  Batch<T> x(20, d);
  Noise{11}.normals(view(x));
  return x;
}
/// Context-free layers; `in` holds rows of the side that goes in.
template <bool Encode, class T, class L>
void keeps_nan(const char* name, const L& layer, const Batch<T>& in, double spread = 0.3) {
  INFO(name << (Encode ? ", encode" : ", decode"));
  const T nan = std::numeric_limits<T>::quiet_NaN();
  Bench<L, T> b(layer, spread);
  const Batch<T> sound = b.template run<Encode>(in);
  const Index row = 3;
  for (Index j = 0; j < in.cols(); ++j) {
    Batch<T> sick = in;
    sick(row, j) = nan;
    const Batch<T> out = b.template run<Encode>(sick);
    INFO("coordinate " << j << ": " << out.row(row));
    CHECK(out.row(row).isNaN().any());
    CHECK((out.row(row + 1) == sound.row(row + 1)).all());
  }
  for (Index k = 0; k < L::param_count; ++k) {
    Bench<L, T> ill = b;
    ill.theta(k) = nan;
    const Batch<T> out = ill.template run<Encode>(in);
    INFO("parameter " << k);
    for (Index i = 0; i < in.rows(); ++i) {
      INFO(out.row(i) << " was " << sound.row(i));
      REQUIRE((out.row(i).isNaN().any() || (out.row(i) == sound.row(i)).all()));
    }
  }
}
template <class T, class L> void keeps_nan(const char* name, const L& layer) {
  keeps_nan<true, T>(name, layer, normal_rows<T>(L::x_dim));
  if constexpr (CanDecode<L, T>) keeps_nan<false, T>(name, layer, normal_rows<T>(L::z_dim));
}

}  // namespace rheo_test
