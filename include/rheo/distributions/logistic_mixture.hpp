// SPDX-License-Identifier: MIT
// family::LogisticMixture: a mixture of logistic densities whose weights, means and scales are all parameters of the
// coordinate.
//   Mixture of logistics given a context: Salimans et al. 2017, arXiv:1701.05517, eq. 1 (there rounded to whole
//     numbers).
//   The draw's derivative through the distribution function: Figurnov et al. 2018, arXiv:1805.08498, eq. 5.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/distributions/location_scale.hpp"
#include "rheo/math/cdf_mixture.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace family {

/// p(x) = sum_k w_k e^-s_k f((x - m_k) e^-s_k), f the logistic density; K components on the line.  Raw parameters:
/// logits (K), w = softmax of them; means (K), m_k counted from K places spread over [-1.5, 1.5], since components that
/// start alike would stay alike; scales (K), s_k = scale.log_scale(a_k), softly bounded: an unbounded scale on one data
/// point makes the likelihood infinite. Natural: log w, m, e^-s, s; cotangents: log w, m, s.  Tails are those of the
/// widest component, exactly; V is finite for every finite x.
///
/// A draw is the x with F(x) = u for one uniform u, F the mixture's distribution function, to the tolerance of
/// math::root_between on the logit of F (4 eps (1 + abs(logit u)), or 4 eps abs(x) in x).  So it moves continuously
/// with the parameters: dx/dtheta = -(dF/dtheta) / p(x), which is r_k for m_k and r_k (x - m_k) for s_k with r_k the
/// component's share of p(x).
template <Index K, class Scale = SoftBound> struct LogisticMixture {
  static_assert(K > 0, "rheo: family::LogisticMixture wants at least one component");
  static constexpr Index params = 3 * K, natural_count = 4 * K, cotangents = 3 * K;
  static constexpr auto size = static_cast<std::size_t>(K);
  Scale scale{};

  LogisticMixture() = default;
  explicit LogisticMixture(Scale s) : scale(s) {}

  template <class L> using Numbers = std::array<L, 4 * size>;
  template <class L, class Raw> Numbers<L> natural(Raw raw) const {
    using std::exp, std::log, std::max;
    Numbers<L> q;
    L top = raw(0), total(0);
    for (Index k = 1; k < K; ++k) top = max(top, L(raw(k)));
    for (Index k = 0; k < K; ++k) total += exp(L(raw(k)) - top);
    const L shift = top + log(total);
    for (std::size_t k = 0; k < size; ++k) {
      const L s = scale.log_scale(L(raw(2 * K + index(k))));
      q[k] = L(raw(index(k))) - shift, q[size + k] = L(raw(K + index(k))) + L(place(k)), q[2 * size + k] = exp(-s),
      q[3 * size + k] = s;
    }
    return q;
  }
  template <class L> L log_prob(L x, const Numbers<L>& q) const {
    using std::log;
    const Shares<L> at(x, q);
    return at.top + log(at.total);
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const Numbers<L>& q, Give give) const {
    const Shares<L> at(x, q);
    L g_x(0);
    for (std::size_t k = 0; k < size; ++k) {
      const L part = g_v * at.share(k), g_e = part * at.slope[k], g = g_e * q[2 * size + k];
      give(index(k), part);
      give(K + index(k), -g);
      give(2 * K + index(k), -(g_e * at.e[k] + part));
      g_x += g;
    }
    return g_x;
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const Numbers<L>& q, const G& g, Give give) const {
    using std::exp;
    L total(0);
    for (std::size_t k = 0; k < size; ++k) total += g[k];
    for (std::size_t k = 0; k < size; ++k) {
      give(index(k), g[k] - exp(q[k]) * total);
      give(K + index(k), g[size + k]);
      give(2 * K + index(k), g[2 * size + k] * scale.slope(L(raw(2 * K + index(k))), q[3 * size + k]));
    }
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const Numbers<T>& q) const {
    using S = math::ScalarOf<T>;
    const double logit = LogisticShape::standard(noise.uniform(i, j));
    if constexpr (autodiff::is_dual_v<T>) {
      Numbers<S> values;
      for (std::size_t k = 0; k < values.size(); ++k) values[k] = S(autodiff::value_of(q[k]));
      return math::lift_root([&](T x) { return graph(x, q); }, T(logit), T(solve(S(logit), values)));
    } else {
      return solve(T(logit), q);
    }
  }
  template <class L, class Give> void draw_pull(L x, L g_x, const Numbers<L>& q, Give give) const {
    using math::select;
    const Shares<L> at(x, q);
    const auto m = cdf<true>(x, q);
    const L least = L(std::numeric_limits<math::ScalarOf<L>>::min()),
            per_logit = g_x / select(m.slope < least, least, m.slope);
    for (std::size_t k = 0; k < size; ++k) {
      const L part = g_x * at.share(k);
      give(index(k), -(per_logit * m.y_w[k]));
      give(K + index(k), part);
      give(2 * K + index(k), part * (x - q[size + k]));
    }
  }

 private:
  static constexpr Index index(std::size_t k) { return static_cast<Index>(k); }
  static constexpr double place(std::size_t k) {
    return 1.5 * ((2 * static_cast<double>(k) + 1) / static_cast<double>(K) - 1);
  }
  /// (x - m_k) e^-s_k, cut where twice its size would overflow.
  template <class L> static L standardized(L x, const Numbers<L>& q, std::size_t k) {
    const L limit = L(std::numeric_limits<math::ScalarOf<L>>::max() / 256);
    return math::clamp(L((x - q[size + k]) * q[2 * size + k]), -limit, limit);
  }
  /// p(x) = e^top total; share(k) what component k has of it; slope_k of log f at e_k.  With E = e^-abs(e), f = E / (1
  /// + E)^2: the one logarithm is that of the sum.
  template <class L> struct Shares {
    std::array<L, size> e, part, slope;
    L top{}, total{}, inverse{};
    Shares(L x, const Numbers<L>& q) {
      using math::select;
      using std::abs, std::exp, std::max;
      for (std::size_t k = 0; k < size; ++k) {
        e[k] = standardized(x, q, k);
        part[k] = q[k] - q[3 * size + k] - abs(e[k]);
        top = k == 0 ? part[k] : max(top, part[k]);
      }
      total = L(0);
      for (std::size_t k = 0; k < size; ++k) {
        const L E = exp(-abs(e[k])), r = L(1) / (L(1) + E), t = (L(1) - E) * r;
        part[k] = exp(part[k] - top) * r * r, total += part[k];
        slope[k] = select(e[k] < L(0), t, -t);
      }
      inverse = L(1) / total;
    }
    L share(std::size_t k) const { return part[k] * inverse; }
  };
  /// logit F at x; each component's place is reckoned from x, which saves the digits of m.
  template <bool Full, class L> static math::CdfMixture<L, size> cdf(L x, const Numbers<L>& q) {
    math::CdfComponents<L, size> c;
    for (std::size_t k = 0; k < size; ++k) c.w[k] = q[k], c.a[k] = q[2 * size + k], c.b[k] = standardized(x, q, k);
    return math::LogisticCdf::at<Full>(c, L(0));
  }
  template <class L> static math::Graph<L> graph(L x, const Numbers<L>& q) {
    const auto m = cdf<false>(x, q);
    return {m.y, m.slope};
  }
  /// The mixture's quantile lies between the smallest and the largest of its components'.
  template <class T> static T solve(T logit, const Numbers<T>& q) {
    T lo(0), hi(0);
    for (std::size_t k = 0; k < size; ++k) {
      const T x = q[size + k] + logit / q[2 * size + k];
      lo = k == 0 ? x : std::min(lo, x), hi = k == 0 ? x : std::max(hi, x);
    }
    const T margin = T(1e-3), start = T(0.5) * lo + T(0.5) * hi;
    return math::root_between([&](T x) { return graph(x, q); }, logit, T(lo - margin * (T(1) + std::abs(lo))),
                              T(hi + margin * (T(1) + std::abs(hi))), start);
  }
};

}  // namespace family

/// Independent mixtures of K logistics given the context: all 3 K numbers of a coordinate come from the net.  C > 0. As
/// a fibre: Given<family::LogisticMixture<5>, Mlp<64>>; without a context, Independent<D, family::LogisticMixture<K>>
/// or Plain<family::LogisticMixture<K>>.
template <Index D, Index K, class Net, Index C>
using ConditionalLogisticMixture = ConditionalIndependent<D, family::LogisticMixture<K>, Net, C>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
