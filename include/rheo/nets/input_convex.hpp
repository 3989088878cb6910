// SPDX-License-Identifier: MIT
// InputConvex: a net that is strongly convex in its input, with its gradient and Hessian, and the pull of both.
//   Amos et al. 2017, arXiv:1609.07152, eq. 2;  Huang et al. 2021, arXiv:2012.05942, section 3 (softplus units, the
//     quadratic term).
#pragma once

#include <array>
#include <cmath>

#include "rheo/core/arena.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/core/params.hpp"
#include "rheo/core/product.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// F(x) = alpha |x|^2 / 2 + c . h_L, h_l = softplus(h_{l-1} P_l + x W_l + context U_l + b_l), P_l >= 0 and c >= 0
/// through sharp softplus functions of their raw numbers, alpha > 0. x has D numbers, the context C, each of the Depth
/// hidden layers H units.  Starts at alpha = 1, with weights c that sum to 0.3.
template <Index D, Index H, Index Depth, Index C> struct InputConvex {
  static_assert(H >= 1 && Depth >= 1 && Depth <= 4, "rheo: InputConvex: one to four hidden layers");
  static constexpr Index param_count = 1 + H + Depth * (D + C + 1) * H + (Depth - 1) * H * H;
  static constexpr Index units = Depth * H;

  template <class P> static auto unpack(P p) {
    using M = decltype(p.matrix(0, 0));
    using V = decltype(p.vector(0));
    struct LayerView {
      M W;  // D x H
      V b;
      M U, P_raw;  // C x H, H x H
    };
    struct Net {
      V alpha, c;
      std::array<LayerView, static_cast<std::size_t>(Depth)> layer;
    };
    constexpr const char* names[4][4] = {{"0.weight", "0.bias", "0.context_weight", "0.convex_weight"},
                                         {"1.weight", "1.bias", "1.context_weight", "1.convex_weight"},
                                         {"2.weight", "2.bias", "2.context_weight", "2.convex_weight"},
                                         {"3.weight", "3.bias", "3.context_weight", "3.convex_weight"}};
    return [&]<std::size_t... l>(std::index_sequence<l...>) {
      return Net{p.vector(1, "alpha"),
                 p.vector(H, "output_weight"),
                 {LayerView{p.matrix(D, H, names[l][0]), p.vector(H, names[l][1]), p.matrix(C, H, names[l][2]),
                            p.matrix(l > 0 ? H : 0, H, names[l][3])}...}};
    }
    (std::make_index_sequence<static_cast<std::size_t>(Depth)>{});
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
    auto net = unpack(theta);
    net.alpha.setZero();
    net.c.setConstant(T(raw_of(0.3 / static_cast<double>(H))));
    const double bound = 1 / std::sqrt(static_cast<double>(D + C));
    std::uint64_t l = 0;
    for (auto& layer : net.layer) {
      const Noise w = noise.fork(l++);
      for (Index k = 0; k < H; ++k) {
        layer.b(k) = T(bound * (2 * w.uniform(k, 0) - 1));
        for (Index d = 0; d < D; ++d) layer.W(d, k) = T(2 * bound * (2 * w.uniform(k, 1 + d) - 1));
        for (Index d = 0; d < C; ++d) layer.U(d, k) = T(bound * (2 * w.uniform(k, 1 + D + d) - 1));
      }
      layer.P_raw.setConstant(T(raw_of(1 / static_cast<double>(H))));
    }
  }

  /// alpha's value from its raw number.
  template <class T> static T curvature(T raw) { return math::softplus(raw + T(one)); }

  /// No coordinate of grad F - alpha x is ever larger: what its rounding is relative to.
  template <class T> T reach(Params<const T> theta, Arena& scratch) const {
    using std::abs, std::max;
    Arena::Scope scope(scratch);
    const auto net = unpack(theta);
    const View<T> w = positive<T>(net, scratch);
    View<T> bound = scratch.take<T>(H, 2), sums = scratch.take<T>(D, 1);
    sums.setZero();
    column(bound, 0) = column(w, (Depth - 1) * H);
    for (Index l = Depth; l-- > 0;) {
      for (Index d = 0; d < D; ++d) {
        for (Index k = 0; k < H; ++k)
          sums(d, 0) += bound(k, 0) * abs(T(net.layer[static_cast<std::size_t>(l)].W(d, k)));
      }
      if (l == 0) break;
      column(bound, 1).setZero();
      for (Index k = 0; k < H; ++k) column(bound, 1) += column(weight(w, l), k) * bound(k, 0);
      column(bound, 0) = column(bound, 1);
    }
    return sums.maxCoeff();
  }

  /// z = grad F(x) (n x D) and the Hessian's lower half (n x D^2, entry (r, c) in column r + D c).  Makes what pull
  /// reads: a, the pre-activations, n x units, and J, their Jacobians, n D x units, the d-th block of n rows by x_d.
  template <class T>
  void gradient(CView<T> x, CView<T> context, Params<const T> theta, View<T> a, View<T> J, View<T> z, View<T> hessian,
                Arena& scratch) const {
    Arena::Scope scope(scratch);
    const Index n = x.rows();
    const auto net = unpack(theta);
    View<T> w = positive<T>(net, scratch), h = scratch.take<T>(n, H), s = scratch.take<T>(n, H),
            t = scratch.take<T>(n, H), K = scratch.take<T>(n * D, H), narrow = scratch.take<T>(n, D);
    for (Index l = 0; l < Depth; ++l) {
      const auto& layer = net.layer[static_cast<std::size_t>(l)];
      View<T> a_l = columns(a, l * H, H), J_l = columns(J, l * H, H);
      gemm_nn<T>(x, layer.W, a_l);
      if constexpr (C > 0) {
        gemm_nn<T>(context, layer.U, t);
        a_l += t;
      }
      if (l > 0) {
        gemm_nn<T>(read(h), weight(w, l), t);
        a_l += t;
        gemm_nn<T>(read(K), weight(w, l), J_l);
      } else {
        J_l.setZero();
      }
      for (Index k = 0; k < H; ++k) {
        column(a_l, k) += layer.b(k);
        for (Index d = 0; d < D; ++d) column(rows(J_l, d * n, n), k) += layer.W(d, k);
      }
      activate<T>(read(a_l), h, softplus);
      activate<T>(read(a_l), s, sigmoid);
      for (Index d = 0; d < D; ++d) rows(K, d * n, n) = rows(J_l, d * n, n) * s;
    }
    const T alpha = curvature(T(net.alpha(0)));
    z = x * alpha;
    hessian.setZero();
    for (Index d = 0; d < D; ++d) column(hessian, d + D * d).setConstant(alpha);
    for (Index k = 0; k < H; ++k)
      column(h, k).setConstant(w(k, (Depth - 1) * H));  // h: from here on the cotangent of h_l
    for (Index l = Depth; l-- > 0;) {
      const CView<T> a_l = read(columns(a, l * H, H));
      activate<T>(a_l, s, sigmoid);
      activate<T>(a_l, t, sigmoid_of_minus);
      h *= s;
      t *= h;
      for (Index c = 0; c < D; ++c) {
        View<T> J_c = rows(columns(J, l * H, H), c * n, n);
        for (Index r = c; r < D; ++r) {
          View<T> J_r = rows(columns(J, l * H, H), r * n, n);
          auto sum = column(hessian, r + D * c);
          for (Index k = 0; k < H; ++k) sum += column(t, k) * column(J_r, k) * column(J_c, k);
        }
      }
      gemm_nt<T>(read(h), net.layer[static_cast<std::size_t>(l)].W, narrow);
      z += narrow;
      if (l > 0) {
        copy(h, t);
        gemm_nt<T>(read(t), weight(w, l), h);
      }
    }
  }

  /// From cotangents g_z of grad F and G of the Hessian, at x with the a and J that gradient made, to those of x
  /// (overwritten), theta and context (added): the derivatives of g_z.grad F + <G, Hessian>, whose net is run forward
  /// once more with m = d h_l [g_z] + <G, d2 h_l> in place of h_l.
  template <class T>
  void pull(CView<T> x, CView<T> context, Params<const T> theta, const View<T>& a, const View<T>& J, CView<T> g_z,
            const View<T>& G, View<T> g_x, Params<T> g_theta, View<T> g_context, Arena& scratch) const {
    Arena::Scope scope(scratch);
    const Index n = x.rows(), last = (Depth - 1) * H;
    const auto net = unpack(theta);
    auto g_net = unpack(g_theta);
    View<T> w = positive<T>(net, scratch);
    View<T> JG = scratch.take<T>(n * D, units), u = scratch.take<T>(n, units), q = scratch.take<T>(n, units),
            m = scratch.take<T>(n, units);
    View<T> s1 = scratch.take<T>(n, units), s2 = scratch.take<T>(n, units), t = scratch.take<T>(n, H),
            h = scratch.take<T>(n, H);
    View<T> K = scratch.take<T>(n * D, H), g_m = scratch.take<T>(n, H), g_h = scratch.take<T>(n, H),
            g_K = scratch.take<T>(n * D, H), g_P = scratch.take<T>(H, H), narrow = scratch.take<T>(n, D);
    activate<T>(read(a), s1, sigmoid);
    activate<T>(read(a), s2, sigmoid_of_minus);
    s2 *= s1;
    JG.setZero();
    q.setZero();
    for (Index d = 0; d < D; ++d) {
      View<T> JG_d = rows(JG, d * n, n), J_d = rows(J, d * n, n);
      for (Index k = 0; k < units; ++k) {
        for (Index e = 0; e < D; ++e) column(JG_d, k) += column(G, d + D * e) * column(rows(J, e * n, n), k);
        column(q, k) += column(JG_d, k) * column(J_d, k);
      }
    }
    for (Index l = 0; l < Depth; ++l) {
      View<T> u_l = columns(u, l * H, H);
      gemm_nn<T>(g_z, net.layer[static_cast<std::size_t>(l)].W, u_l);
      if (l > 0) {
        gemm_nn<T>(read(columns(m, (l - 1) * H, H)), weight(w, l), t);
        u_l += t;
      }
      columns(m, l * H, H) = columns(s1, l * H, H) * u_l + columns(s2, l * H, H) * columns(q, l * H, H);
    }
    const T alpha = curvature(T(net.alpha(0))), slope = math::sigmoid(net.alpha(0) + T(one));
    g_net.alpha(0) += slope * (g_z * x).sum();
    for (Index d = 0; d < D; ++d) g_net.alpha(0) += slope * column(G, d + D * d).sum();
    g_x = g_z * alpha;
    for (Index k = 0; k < H; ++k) {
      g_net.c(k) += lift_slope(T(net.c(k))) * column(m, last + k).sum();
      column(g_m, k).setConstant(w(k, last));
    }
    g_h.setZero();
    g_K.setZero();
    for (Index l = Depth; l-- > 0;) {
      const auto& layer = net.layer[static_cast<std::size_t>(l)];
      auto& g_layer = g_net.layer[static_cast<std::size_t>(l)];
      View<T> d1 = columns(s1, l * H, H), d2 = columns(s2, l * H, H), q_l = columns(q, l * H, H);
      g_h *= d1;  // from here on the cotangent of a_l
      g_h += (d2 * columns(u, l * H, H) + d2 * (T(1) - T(2) * d1) * q_l) * g_m;
      for (Index d = 0; d < D; ++d) {
        View<T> g_K_d = rows(g_K, d * n, n), J_d = rows(columns(J, l * H, H), d * n, n);
        g_h += d2 * J_d * g_K_d;
        g_K_d = g_K_d * d1 + T(2) * d2 * g_m * rows(columns(JG, l * H, H), d * n, n);  // of J_l
        for (Index k = 0; k < H; ++k) g_layer.W(d, k) += column(g_K_d, k).sum();
      }
      g_m *= d1;  // of u_l
      gemm_tn_add<T>(g_z, read(g_m), g_layer.W);
      gemm_tn_add<T>(x, read(g_h), g_layer.W);
      for (Index k = 0; k < H; ++k) g_layer.b(k) += column(g_h, k).sum();
      if constexpr (C > 0) {
        Arena::Scope inner(scratch);
        View<T> g_c = scratch.take<T>(n, C);
        gemm_tn_add<T>(context, read(g_h), g_layer.U);
        gemm_nt<T>(read(g_h), layer.U, g_c);
        g_context += g_c;
      }
      gemm_nt<T>(read(g_h), layer.W, narrow);
      g_x += narrow;
      if (l == 0) break;
      View<T> before = columns(s1, (l - 1) * H, H);
      activate<T>(read(columns(a, (l - 1) * H, H)), h, softplus);
      for (Index d = 0; d < D; ++d) rows(K, d * n, n) = rows(columns(J, (l - 1) * H, H), d * n, n) * before;
      g_P.setZero();
      gemm_tn_add<T>(read(columns(m, (l - 1) * H, H)), read(g_m), g_P);
      gemm_tn_add<T>(read(h), read(g_h), g_P);
      gemm_tn_add<T>(read(K), read(g_K), g_P);
      for (Index k = 0; k < H * H; ++k) g_layer.P_raw.data()[k] += g_P.data()[k] * lift_slope(T(layer.P_raw.data()[k]));
      copy(g_m, t);
      gemm_nt<T>(read(t), weight(w, l), g_m);
      copy(g_h, t);
      gemm_nt<T>(read(t), weight(w, l), g_h);
      copy(g_K, K);
      gemm_nt<T>(read(K), weight(w, l), g_K);
    }
  }

 private:
  static constexpr double one = 0.54132485461291806;  // softplus(one) = 1

  /// The non-negative weights, P side by side and then c, from the raw ones.
  template <class T, class Net> static View<T> positive(const Net& net, Arena& scratch) {
    View<T> w = scratch.take<T>(H, (Depth - 1) * H + 1);
    for (Index l = 1; l < Depth; ++l) {
      for (Index k = 0; k < H * H; ++k)
        w.data()[(l - 1) * H * H + k] = lift(T(net.layer[static_cast<std::size_t>(l)].P_raw.data()[k]));
    }
    for (Index k = 0; k < H; ++k) w(k, (Depth - 1) * H) = lift(T(net.c(k)));
    return w;
  }
  template <class T> static CView<T> weight(const View<T>& w, Index l) { return read(columns(w, (l - 1) * H, H)); }
  /// A weight of at least 0 from its raw number: softplus(B r) / B, sharp enough that a small weight grows as fast as
  /// any other.
  static constexpr double sharpness = 10;
  template <class T> static T lift(T raw) { return math::softplus(T(sharpness) * raw) * T(1 / sharpness); }
  template <class T> static T lift_slope(T raw) { return math::sigmoid(T(sharpness) * raw); }
  static double raw_of(double weight) { return std::log(std::expm1(sharpness * weight)) / sharpness; }

  template <class T, class Function> static void activate(CView<T> a, View<T> out, Function f) {
    for (Index k = 0; k < a.cols(); ++k) {
      math::sweep<T>(a.rows(), [=, from = column(a, k).data(), to = column(out, k).data()](auto at, Index i) {
        at.store(to + i, f(at.load(from + i)));
      });
    }
  }
  static constexpr auto softplus = [](auto u) { return math::softplus(u); };
  static constexpr auto sigmoid = [](auto u) { return math::sigmoid(u); };
  static constexpr auto sigmoid_of_minus = [](auto u) { return math::sigmoid(-u); };
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
