// SPDX-License-Identifier: MIT
// UniformBox: the uniform distribution on a box with given ends.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "rheo/autodiff/dual.hpp"
#include "rheo/distributions/normal.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// UniformBox<2>{{-1, 0}, {1, 3}} is uniform on [-1, 1] x [0, 3]; UniformBox<2>{-1.0, 1.0} on [-1, 1]^2.  log p =
/// -sum_j log(hi_j - lo_j) inside, its border included, -inf outside, NaN for NaN; gradient 0 everywhere.
template <Index D> struct UniformBox : DistributionFacts<D, Support::interval> {
  static constexpr Index param_count = 0;
  template <class T> using Cache = NoCache;
  using Corner = std::array<double, static_cast<std::size_t>(D)>;
  Corner lo{}, hi{};

  /// Throws std::invalid_argument unless lo < hi in every coordinate, all finite, hi - lo too.
  explicit UniformBox(Corner low, Corner high) : lo(low), hi(high) {
    for (std::size_t j = 0; j < lo.size(); ++j) {
      if (!(lo[j] < hi[j] && std::isfinite(hi[j] - lo[j])))
        detail::fail("UniformBox: coordinate " + std::to_string(j) + " has no interval of finite length");
      log_volume_ += std::log(hi[j] - lo[j]);
    }
  }
  explicit UniformBox(double low, double high) : UniformBox(all(low), all(high)) {}

  template <class T> void encode(Pass<T, NoCache> p) const {
    const T outside = -std::numeric_limits<double>::infinity();
    p.v -= T(log_volume_);
    for (Index j = 0; j < D; ++j) {
      const T a = end<T>(lo, j), b = end<T>(hi, j);
      for (Index i = 0; i < p.in.rows(); ++i) {
        const T x = p.in(i, j);
        if (!(x >= a && x <= b)) p.v(i) += x == x ? outside : x;
      }
    }
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { p.g_in.setZero(); }
  template <class T> void decode(Pass<T, NoCache> p) const {
    p.v -= T(log_volume_);
    for (Index j = 0; j < D; ++j) {
      const double a = lo[static_cast<std::size_t>(j)], b = hi[static_cast<std::size_t>(j)];
      const T first = end<T>(lo, j), last = end<T>(hi, j);
      for (Index i = 0; i < p.out.rows(); ++i) {
        const T x = T(static_cast<decltype(autodiff::value_of(T()))>(a + (b - a) * p.noise.uniform(i, j)));
        p.out(i, j) = std::min(std::max(x, first), last);
      }
    }
  }
  template <class T> void decode_pull(Pull<T, NoCache>) const {}

 private:
  static Corner all(double x) {
    Corner c{};
    c.fill(x);
    return c;
  }
  template <class T> static T end(const Corner& c, Index j) {
    return T(static_cast<decltype(autodiff::value_of(T()))>(c[static_cast<std::size_t>(j)]));
  }
  double log_volume_ = 0;
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
