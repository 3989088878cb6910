// SPDX-License-Identifier: MIT
// MonotoneNeural: the integral of a positive small net by quadrature, the transformer of unconstrained monotonic neural
// networks.
//   Wehenkel and Louppe 2019, arXiv:1908.05164, eqs. 1-4, with Gauss-Legendre nodes where the paper takes
//     Clenshaw-Curtis ones.
#pragma once

#include <array>

#include "rheo/math/gauss_legendre.hpp"
#include "rheo/math/soft_clamp.hpp"
#include "rheo/transformers/affine.hpp"
#include "rheo/transformers/monotone.hpp"

namespace rheo {

/// y = b + e^a (I(x) + the straight rest), I(x) = int_0^x exp(n(u)) du, n(u) = sum_h v_h tanh(w_h (u - c_h)), all of
/// the net's numbers raw parameters: 2 + 3 H of them: b, a, then v, w, c.  a softly bounded by 2; abs(v_h) < 3 / H; w_h
/// in (0, 8 / B), 4 / B at raw zero; c_h counted from H places spread over [-B, B].  Identity at raw zero, where every
/// v_h already has a slope of its own.
///
/// I is the value of the rule with Q nodes on [0, x], and V is the log of that value's own slope, not of the integrand:
/// map and V are one function. The slope of a rule need not be positive; the bounds on v and w are there so that it is:
/// with them and Q >= 32 it lies within 2 % of the integrand at the worst parameters found, 1e-9 at common ones. Beyond
/// abs(x) = B = 4 the map is led by soft_clamp over a width B to lines of slope e^a, since no rule of fixed size holds
/// for ever.  abs(log slope) < 5.1, smooth, whole line to whole line.  decode by root_between inside, closed outside;
/// one evaluation takes Q passes of the net.
template <Index H = 8, Index Q = 32> struct MonotoneNeural : MonotoneTransformer<MonotoneNeural<H, Q>> {
  static_assert(H >= 1 && Q >= 32,
                "rheo: MonotoneNeural: fewer than 32 nodes do not keep the slope of the quadrature positive");
  static constexpr Index params = 2 + 3 * H;
  double bound = 4;

  MonotoneNeural() = default;
  /// Throws std::invalid_argument for a bound that is not positive and finite.
  explicit MonotoneNeural(double b) : bound(detail::positive_bound("MonotoneNeural", b)) {}

  template <class L> struct Parts {
    L shift, scale;
    std::array<L, H> v, w, c;
  };
  template <class L, class Raw> Parts<L> parts(Raw raw) const {
    using std::exp, std::tanh;
    Parts<L> p;
    p.shift = raw(0), p.scale = exp(log_scale.log_scale(raw(1)));
    for (std::size_t h = 0; h < n; ++h) {
      p.v[h] = L(most) * tanh(raw(2 + at(h)) * L(1 / most));
      p.w[h] = L(4 / bound) * (L(1) + tanh(raw(2 + H + at(h))));
      p.c[h] = L(bound * place(h)) + raw(2 + 2 * H + at(h));
    }
    return p;
  }
  template <class L> math::Graph<L> graph(const Parts<L>& p, L x) const {
    const auto l = evaluate<false>(p, x);
    return {l.y, l.slope};
  }
  template <class L> struct Local {
    L y, slope, curvature;
    math::SoftClamp<L> c;
  };
  template <class L> Local<L> local(const Parts<L>& p, L x) const { return evaluate<true>(p, x); }
  template <class L> L solve(const Parts<L>& p, L y) const {
    using math::select;
    const L hi = L(2 * bound), lo = -hi, y_lo = graph(p, lo).y, y_hi = graph(p, hi).y;
    const L inner = math::root_between([&](L x) { return graph(p, x); }, math::clamp(y, y_lo, y_hi), lo, hi,
                                       (y - p.shift) / p.scale);
    return select(y < y_lo, lo + (y - y_lo) / p.scale, select(y > y_hi, hi + (y - y_hi) / p.scale, inner));
  }
  template <class L, class Raw, class Give>
  void give_parameters(const Local<L>& l, const Parts<L>& p, L, Raw raw, L g_y, L g_slope, Give give) const {
    using std::exp, std::tanh;
    std::array<L, H> g_v, g_w, g_c;
    g_v.fill(L(0)), g_w.fill(L(0)), g_c.fill(L(0));
    const L g_integral = p.scale * g_y * l.c.c, g_density = p.scale * g_slope * l.c.slope;
    for (std::size_t q = 0; q < rule.node.size(); ++q) {
      const L s = l.c.c * L(rule.node[q]);
      const Net<L> net = run(p, s);
      const L e = L(rule.weight[q]) * exp(net.value), g_n = e * (g_integral + g_density * (L(1) + s * net.slope)),
              g_d = e * g_density * s;
      for (std::size_t h = 0; h < n; ++h) {
        const L u = s - p.c[h], t = tanh(p.w[h] * u), d = L(1) - t * t, vd = p.v[h] * d;
        g_v[h] = g_v[h] + g_n * t + g_d * p.w[h] * d;
        g_w[h] = g_w[h] + vd * (g_n * u + g_d * (L(1) - L(2) * p.w[h] * u * t));
        g_c[h] = g_c[h] + vd * p.w[h] * (L(2) * g_d * p.w[h] * t - g_n);
      }
    }
    give(0, g_y);
    const L a = raw(1);
    give(1, (g_y * (l.y - p.shift) + g_slope * l.slope) * log_scale.slope(a, log_scale.log_scale(a)));
    for (std::size_t h = 0; h < n; ++h) {
      const L v = p.v[h] * L(1 / most), w = p.w[h] * L(bound / 4) - L(1);
      give(2 + at(h), g_v[h] * (L(1) - v * v));
      give(2 + H + at(h), g_w[h] * L(4 / bound) * (L(1) - w * w));
      give(2 + 2 * H + at(h), g_c[h]);
    }
  }

 private:
  static constexpr std::size_t n = static_cast<std::size_t>(H);
  static constexpr double most = 3.0 / static_cast<double>(H);
  static constexpr BoundedExp log_scale{2};
  static constexpr const math::GaussLegendre<static_cast<std::size_t>(Q)>& rule =
      math::gauss_legendre<static_cast<std::size_t>(Q)>;
  static constexpr Index at(std::size_t h) { return static_cast<Index>(h); }
  static constexpr double place(std::size_t h) { return (2 * static_cast<double>(h) + 1) / static_cast<double>(H) - 1; }

  template <class L> struct Net { L value, slope, curvature; };
  template <class L> static Net<L> run(const Parts<L>& p, L u) {
    using std::tanh;
    Net<L> net{L(0), L(0), L(0)};
    for (std::size_t h = 0; h < n; ++h) {
      const L t = tanh(p.w[h] * (u - p.c[h])), d = p.v[h] * p.w[h] * (L(1) - t * t);
      net.value = net.value + p.v[h] * t, net.slope = net.slope + d,
      net.curvature = net.curvature - L(2) * p.w[h] * t * d;
    }
    return net;
  }
  template <bool Full, class L> Local<L> evaluate(const Parts<L>& p, L x) const {
    using std::exp;
    Local<L> l;
    l.c = math::soft_clamp(x, bound, bound);
    L mean(0), slope(0), curvature(0);
    for (std::size_t q = 0; q < rule.node.size(); ++q) {
      const L s = l.c.c * L(rule.node[q]);
      const Net<L> net = run(p, s);
      const L e = L(rule.weight[q]) * exp(net.value);
      mean = mean + e, slope = slope + e * (L(1) + s * net.slope);
      if constexpr (Full)
        curvature = curvature + e * L(rule.node[q]) * (L(2) * net.slope + s * (net.slope * net.slope + net.curvature));
    }
    l.y = p.shift + p.scale * (l.c.c * mean + (x - l.c.c));
    l.slope = p.scale * (slope * l.c.slope + (L(1) - l.c.slope));
    l.curvature = p.scale * (curvature * l.c.slope * l.c.slope + (slope - L(1)) * l.c.curvature);
    return l;
  }
};

}  // namespace rheo
