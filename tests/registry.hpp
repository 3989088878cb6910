// SPDX-License-Identifier: MIT
// What the entries of the registry share.  The registry is the folder beside this file: every layer, transformer,
// conditioner and base stands there, with the settings in which it must keep the laws.  A new layer is one line in one
// of its files, `entry("name", (Layer{}))`; CMake puts a few files into one program (RHEO_LAWS_PER_PROGRAM); keep files
// small: the compiler works hard on every entry.
#pragma once

#include "rheo/core/layer.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace rheo_test {
using namespace rheo;
using SmoothNet = MlpOf<Tanh, 9, 8>;
using SmoothCoupling = AffineCoupling<2, SmoothNet>;

// A Standardize whose moments were taken from data, so that it is not the identity.
template <Index D, class M = AllMask<D>,
          class Base = std::conditional_t<std::is_same_v<M, AllMask<D>>, Standardize<D>, StandardizeOn<D, M>>>
struct Standardized : Base {
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    Base::init(theta, buffers, noise);
    auto [m, d, done] = Base::unpack_buffers(buffers);
    for (Index j = 0; j < D; ++j) {
      if (!M::transformed(j)) continue;
      m(j) = T(0.5 + static_cast<double>(j)), d(j) = T(2.0 / (1.0 + static_cast<double>(j)));
    }
    done(0) = T(1);
  }
};

}  // namespace rheo_test
