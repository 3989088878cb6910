// SPDX-License-Identifier: MIT
// Uniform: the unit cube [0, 1]^D.
#pragma once

#include <limits>

#include "rheo/distributions/normal.hpp"

namespace rheo {

/// log p = 0 inside, its border included, -inf outside, NaN for NaN.  Gradient 0 everywhere.
template <Index D> struct Uniform : DistributionFacts<D, Support::unit> {
  static constexpr Index param_count = 0;
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const {
    const T outside = -std::numeric_limits<double>::infinity();
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < p.in.rows(); ++i) {
        const T x = p.in(i, j);
        if (!(x >= T(0) && x <= T(1))) p.v(i) += x == x ? outside : x;
      }
    }
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { p.g_in.setZero(); }
  template <class T> void decode(Pass<T, NoCache> p) const { p.noise.uniforms(p.out); }
  template <class T> void decode_pull(Pull<T, NoCache>) const {}
};

}  // namespace rheo
