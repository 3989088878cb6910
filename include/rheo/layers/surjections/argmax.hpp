// SPDX-License-Identifier: MIT
// Argmax: a category is the place of the largest of K numbers: categorical data into continuous space and back.
//   Hoogeboom et al. 2021, arXiv:2102.05379, sec. 3, eqs. 4-8: softplus thresholding around a noise law.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/math/log1m_exp.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Data are D categories 0 .. K - 1, the latent D K numbers, those of coordinate d in columns d K .. d K + K - 1.
/// decode: x_d is the place of the largest, the first of equals.  encode: u from the fibre's law on the line given x,
/// then in each group with T = u_x the others are brought below: z_x = T, z_k = T - softplus(T - u_k), so that decode
/// gives x back, always. V = -log q(z | x) = -log q(u | x) + sum over k != x of log sigmoid(T - u_k): a bound. Where
/// another number comes within s of the largest, q(z | x) goes as s^(1 / b - 1) if the noise falls off like e^(u / b):
/// importance weights p(z) / q(z | x) are bounded there for logistic noise of scale b >= 1, and have a variance for b >
/// 1/2, which WideBound keeps; under normal noise q vanishes faster than any power and they have none. The law sees the
/// categories one-hot, D K numbers, and behind them the C numbers of the user's context. Numbers that are no category
/// have V = -inf and give no gradient, as if they were the nearest category; NaN gives NaN.  Neither direction has a
/// gradient to or from x.  In decode, V is a difference of nearly equal numbers where another z comes near the largest:
/// its error is that of z over the gap.
template <Index D, Index K, class Fibre, Index C = 0> struct Argmax {
  using Law = detail::LawOf<Fibre, D * K, D * K + C>;
  static constexpr Index L = D * K;
  using Call = detail::Fibre<Law, L, C>;
  static_assert(K > 1, "rheo: Argmax wants at least two categories");
  static_assert(Law::x_dim == L && Law::z_dim == 0, "rheo: Argmax: the fibre must be a distribution of D K numbers");
  static_assert(Law::context_dim == 0 || Law::context_dim == L + C,
                "rheo: Argmax: the fibre's law must see D K + C numbers, or none");
  static_assert(detail::first_misfit(Law::x_support, all_of<L>(Support::real)) < 0,
                "rheo: Argmax: the fibre's law must live on the line");
  static_assert(is_exact_v<Law>, "rheo: Argmax: the fibre's law must have an exact density");

  static constexpr Index x_dim = D, z_dim = L, context_dim = C, param_count = Law::param_count,
                         buffer_count = Law::buffer_count, categories = K;
  static constexpr Kind kind = Kind::generative_surjection;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr Supports<D> x_support = all_of<D>(Support::category);
  static constexpr Supports<L> z_support = all_of<L>(Support::real);
  static constexpr Index encode_passes = detail::decode_effort<Law>().passes,
                         decode_passes = detail::encode_effort<Law>().passes;
  static constexpr bool parallel_encode = detail::decode_effort<Law>().parallel,
                        parallel_decode = detail::encode_effort<Law>().parallel;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Law, T>(); }
  Law law{};

  Argmax() = default;
  explicit Argmax(Law l) : law(std::move(l)) {}

  template <class T> struct Cache {
    typename Call::template Cache<T> fibre;
    Buffer<T> u, one_hot, x;  // x: the category used, also where the given number is none
  };

  template <class P> static auto unpack(P p) { return p.part(Law{}, param_count, "fibre"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<Law, T>(law, theta, buffers, noise);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const { return detail::valid_buffers(law, buffers); }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<Law, T> {
    law.after_step(theta, buffers);
  }

  template <class Add> void z_seams(Index, double other, Add add) const { add(other); }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires CanDecode<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> x = p.cache.x.view(n, D), u = p.cache.u.view(n, L);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) x(i, j) = nearest(p.in(i, j));
    }
    ColView<T> log_q = p.scratch.template column<T>(n), top = p.scratch.template column<T>(n);
    log_q.setZero();
    Call::draw(law, p, Call::slot(p, p.cache.fibre), seen(p.cache, read(x)), u, log_q);
    p.v -= log_q;
    for (Index d = 0; d < D; ++d) {
      pick(read(x), d, read(u), top);
      for (Index k = 0; k < K; ++k) {
        const T *u_k = column(u, d * K + k).data(), *x_d = column(x, d).data();
        T *z = column(p.out, d * K + k).data(), *v = p.v.data();
        math::sweep<T>(n, [&](auto at, Index i) {
          using N = typename decltype(at)::Number;
          using math::select;
          const N t = at.load(top.data() + i), gap = t - at.load(u_k + i);
          const auto chosen = at.load(x_d + i) == N(static_cast<double>(k));
          at.store(z + i, select(chosen, t, t - drop(t, gap)));
          at.store(v + i, at.load(v + i) + select(chosen, N(0), math::log_sigmoid(gap)));
        });
      }
    }
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) {
        const T c = p.in(i, j);
        if (c != c) {
          p.v(i) = c;
          p.out.row(i).setConstant(c);
        } else if (c != x(i, j) && p.v(i) == p.v(i)) {
          p.v(i) = T(-std::numeric_limits<double>::infinity());
        }
      }
    }
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires CanDecodePull<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> x = p.cache.x.view(n, D), u = p.cache.u.view(n, L);
    View<T> g_u = p.scratch.template take<T>(n, L), g_z = p.scratch.template take<T>(n, L);
    ColView<T> g_v = p.scratch.template column<T>(n), top = p.scratch.template column<T>(n),
               g_top = p.scratch.template column<T>(n);
    copy(p.g_out, g_z);
    g_v = p.g_v;
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) {
        if (p.in(i, j) == x(i, j)) continue;
        g_v(i) = T(0);
        g_z.row(i).setZero();
      }
    }
    for (Index d = 0; d < D; ++d) {
      pick(read(x), d, read(u), top);
      g_top.setZero();
      for (Index k = 0; k < K; ++k) {
        const T *u_k = column(u, d * K + k).data(), *x_d = column(x, d).data(), *g = column(g_z, d * K + k).data();
        T* g_k = column(g_u, d * K + k).data();
        math::sweep<T>(n, [&](auto at, Index i) {
          using N = typename decltype(at)::Number;
          using math::select;
          const N t = at.load(top.data() + i), gap = t - at.load(u_k + i), s = math::sigmoid(gap),
                  r = math::sigmoid(-gap);
          const N g_i = at.load(g + i), w = at.load(g_v.data() + i) * r, free = slope(t, gap, s);
          const auto chosen = at.load(x_d + i) == N(static_cast<double>(k));
          at.store(g_k + i, select(chosen, N(0), g_i * free - w));
          at.store(g_top.data() + i, at.load(g_top.data() + i) + select(chosen, g_i, g_i * (N(1) - free) + w));
        });
      }
      for (Index i = 0; i < n; ++i) {
        if (x(i, d) == x(i, d)) g_u(i, place(x(i, d), d)) += g_top(i);
      }
    }
    g_v = -g_v;
    Call::draw_pull(law, p, Call::slot(p, p.cache.fibre), seen(p), read(u), read(g_u), read(g_v), Call::zeros(p));
    p.g_in.setZero();
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanEncode<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> x = p.cache.x.view(n, D), u = p.cache.u.view(n, L);
    ColView<T> log_q = p.scratch.template column<T>(n), top = p.scratch.template column<T>(n);
    for (Index d = 0; d < D; ++d) {
      for (Index i = 0; i < n; ++i) {
        Index best = 0;
        bool whole = true;
        for (Index k = 0; k < K; ++k) {
          const T z = p.in(i, d * K + k);
          whole = whole && z == z;
          if (p.in(i, d * K + best) < z) best = k;
        }
        x(i, d) = whole ? T(static_cast<double>(best)) : T(std::numeric_limits<double>::quiet_NaN());
      }
      pick(read(x), d, p.in, top);
      for (Index k = 0; k < K; ++k) {
        const T *z_k = column(p.in, d * K + k).data(), *x_d = column(x, d).data();
        T *u_k = column(u, d * K + k).data(), *v = p.v.data();
        math::sweep<T>(n, [&](auto at, Index i) {
          using N = typename decltype(at)::Number;
          using std::max;
          using math::select;
          const N t = at.load(top.data() + i), s = max(t - at.load(z_k + i), tiny<T, N>()), l = math::log1m_exp(s);
          const auto chosen = at.load(x_d + i) == N(static_cast<double>(k));
          at.store(u_k + i, select(chosen, t, t - s - l));
          at.store(v + i, at.load(v + i) + select(chosen, N(0), l));
        });
      }
    }
    log_q.setZero();
    Call::score(law, p, Call::slot(p, p.cache.fibre), seen(p.cache, read(x)), read(u), log_q);
    for (Index i = 0; i < n; ++i)
      p.v(i) += log_q(i) == T(-std::numeric_limits<double>::infinity()) ? log_q(i) : -log_q(i);
    copy(read(x), p.out);
    for (Index d = 0; d < D; ++d) {
      for (Index i = 0; i < n; ++i) {
        if (x(i, d) != x(i, d)) p.v(i) = x(i, d);
      }
    }
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires CanEncodePull<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> x = p.cache.x.view(n, D), u = p.cache.u.view(n, L), g_u = p.scratch.template take<T>(n, L);
    ColView<T> g_log_q = p.scratch.template column<T>(n), top = p.scratch.template column<T>(n),
               g_top = p.scratch.template column<T>(n);
    g_log_q = -p.g_v;
    Call::score_pull(law, p, Call::slot(p, p.cache.fibre), seen(p), read(u), read(g_log_q), g_u, Call::zeros(p));
    for (Index d = 0; d < D; ++d) {
      pick(read(x), d, p.in, top);
      g_top.setZero();
      for (Index k = 0; k < K; ++k) {
        const T *z_k = column(p.in, d * K + k).data(), *x_d = column(x, d).data(), *g = column(g_u, d * K + k).data();
        T* g_k = column(p.g_in, d * K + k).data();
        math::sweep<T>(n, [&](auto at, Index i) {
          using N = typename decltype(at)::Number;
          using std::exp, std::max;
          using math::select;
          const N gap = at.load(top.data() + i) - at.load(z_k + i), s = max(gap, tiny<T, N>());
          const N g_i = at.load(g + i),
                  g_s = select(gap < tiny<T, N>(), N(0),
                               (at.load(p.g_v.data() + i) * exp(-s) - g_i) / math::one_minus_exp(s));
          const auto chosen = at.load(x_d + i) == N(static_cast<double>(k));
          at.store(g_k + i, select(chosen, N(0), -g_s));
          at.store(g_top.data() + i, at.load(g_top.data() + i) + select(chosen, g_i, g_i + g_s));
        });
      }
      for (Index i = 0; i < n; ++i) {
        if (x(i, d) == x(i, d)) p.g_in(i, place(x(i, d), d)) += g_top(i);
      }
    }
  }

 private:
  template <class T> using Number = decltype(autodiff::value_of(T()));
  template <class T, class N> static N tiny() { return N(std::numeric_limits<Number<T>>::min()); }

  template <class T> static T nearest(T x) {
    const auto a = std::floor(autodiff::value_of(x)), top = Number<T>(K - 1);
    return T(a < 0 ? Number<T>(0) : a > top ? top : a);
  }
  template <class T> static Index place(T x, Index d) { return d * K + static_cast<Index>(autodiff::value_of(x)); }
  /// The number at the category's place, group d; NaN without one.
  template <class T> static void pick(CView<T> x, Index d, CView<T> from, ColView<T> to) {
    for (Index i = 0; i < x.rows(); ++i) to(i) = x(i, d) == x(i, d) ? from(i, place(x(i, d), d)) : x(i, d);
  }
  /// softplus(gap), but so much that t - drop < t in this arithmetic.
  template <class N> static N least(N t) {
    using std::abs, std::max;
    return max(abs(t), N(1)) * N(2 * epsilon<N>());
  }
  template <class N> static constexpr double epsilon() {
    if constexpr (math::is_lane_v<N>) return static_cast<double>(std::numeric_limits<decltype(sum(N()))>::epsilon());
    else return static_cast<double>(std::numeric_limits<Number<N>>::epsilon());
  }
  template <class N> static N drop(N t, N gap) {
    using math::select;
    const N s = math::softplus(gap), low = constant(least(t));
    return select(s < low, low, s);
  }
  template <class N> static N slope(N t, N gap, N s) {
    using math::select;
    return select(math::softplus(gap) < least(t), N(0), s);
  }
  template <class N> static N constant(N x) {
    if constexpr (autodiff::is_dual_v<N>) return N(autodiff::value_of(x));
    else return x;
  }

  /// What the law sees: the categories one-hot.
  template <class T> static CView<T> seen(Cache<T>& cache, CView<T> x) {
    View<T> h = cache.one_hot.view(x.rows(), Call::given ? L : 0);
    for (Index j = 0; j < h.cols(); ++j) {
      for (Index i = 0; i < x.rows(); ++i)
        h(i, j) = x(i, j / K) == T(static_cast<double>(j % K)) ? T(1) : x(i, j / K) == x(i, j / K) ? T(0) : x(i, j / K);
    }
    return read(h);
  }
  template <class T> static CView<T> seen(Pull<T, Cache<T>>& p) {
    return read(p.cache.one_hot.view(p.in.rows(), Call::given ? L : 0));
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
