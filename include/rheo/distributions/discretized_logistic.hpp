// SPDX-License-Identifier: MIT
// The logistic distribution on whole numbers: a logistic number, rounded.
//   Salimans, Karpathy, Chen, Kingma 2017, arXiv:1701.05517 (PixelCNN++), eq. 2, on all whole numbers.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/distributions/location_scale.hpp"
#include "rheo/math/log1m_exp.hpp"

namespace rheo {
namespace family {

/// k, negative ones too, with probability sigmoid((k + 1/2 - m) e^-s) - sigmoid((k - 1/2 - m) e^-s), s =
/// scale.log_scale(a), parameters (m, a). Any other number has log p = -inf, NaN has NaN.  In the form log sigmoid +
/// log sigmoid + log(1 - e^-w), w the width of a step in scales, which loses nothing far away.  The gradient to k is 0;
/// draws have no derivative.
template <class Scale = SoftBound> struct DiscretizedLogistic {
  static constexpr Index params = 2, natural_count = 3, cotangents = 2;
  static constexpr Support support = Support::integer;
  static constexpr bool smooth = false, lanes = false;
  Scale scale{};

  DiscretizedLogistic() = default;
  explicit DiscretizedLogistic(Scale s) : scale(s) {}

  /// m, e^-s, s.
  template <class T, class Raw> std::array<T, 3> natural(Raw raw) const {
    using std::exp;
    const T s = scale.log_scale(T(raw(1)));
    return {T(raw(0)), T(exp(-s)), s};
  }
  template <class T> T log_prob(T x, const std::array<T, 3>& q) const {
    const auto k = autodiff::value_of(x);
    using S = decltype(autodiff::value_of(x));
    if (k != k) return x;
    if (std::floor(k) != k || std::isinf(k)) return T(-std::numeric_limits<double>::infinity());
    const T off = T(k) - q[0];  // first: where numbers are so large that k + 1/2 is none, k - m still is one
    const T above = (off + T(S(0.5))) * q[1], below = (off - T(S(0.5))) * q[1];
    return math::log_sigmoid(above) + math::log_sigmoid(T(-below)) + math::log1m_exp(q[1]);
  }
  template <class T, class Give> T log_prob_pull(T x, T g_v, const std::array<T, 3>& q, Give give) const {
    using std::expm1;
    if (std::floor(x) != x || std::isinf(x)) return T(0);
    const T a = (x - q[0]) + T(0.5), b = (x - q[0]) - T(0.5), up = math::sigmoid(T(-a * q[1])),
            down = math::sigmoid(T(b * q[1]));
    give(0, -(up - down) * q[1] * g_v);
    give(1, (a * up - b * down + T(1) / expm1(q[1])) * g_v);
    return T(0);
  }
  template <class T, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<T, 3>& q, const G& g, Give give) const {
    give(0, g[0]);
    give(1, -g[1] * q[1] * scale.slope(T(raw(1)), q[2]));
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 3>& q) const {
    const double m = static_cast<double>(autodiff::value_of(q[0])), r = static_cast<double>(autodiff::value_of(q[1]));
    return T(std::floor(m + LogisticShape::standard(noise.uniform(i, j)) / r + 0.5));
  }
};

/// The same with m = 0, s = 0 and nothing to learn.
struct StandardDiscretizedLogistic {
  static constexpr Index params = 0, natural_count = 0, cotangents = 0;
  static constexpr Support support = Support::integer;
  static constexpr bool smooth = false, lanes = false;

  template <class T, class Raw> std::array<T, 0> natural(Raw) const { return {}; }
  template <class T> T log_prob(T x, const std::array<T, 0>&) const {
    return DiscretizedLogistic<>{}.log_prob(x, std::array<T, 3>{T(0), T(1), T(0)});
  }
  template <class T, class Give> T log_prob_pull(T, T, const std::array<T, 0>&, Give) const { return T(0); }
  template <class T, class Raw, class G, class Give>
  void raw_pull(Raw, const std::array<T, 0>&, const G&, Give) const {}
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 0>&) const {
    return DiscretizedLogistic<>{}.draw(noise, i, j, std::array<T, 3>{T(0), T(1), T(0)});
  }
};

}  // namespace family

/// D whole numbers with learned locations and softly bounded log-scales.
template <Index D> using DiscretizedLogistic = Independent<D, family::DiscretizedLogistic<>>;

}  // namespace rheo
