// SPDX-License-Identifier: MIT
// ResampledBase: a normal whose draws a net accepts or rejects, so that a base can have holes and many modes.
//   Stimper, Schoelkopf and Hernandez-Lobato 2022, arXiv:2110.15828, eqs. 5-8;  Bauer and Mnih 2019, arXiv:1810.11428
//     (the density of
//   truncated rejection, eq. 5).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/math/softplus.hpp"
#include "rheo/nets/mlp.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// p(x) = [(1 - al) a(x) / Z + al] N(x; 0, I), al = (1 - Z)^(Tries - 1), a = sigmoid(net(x)), Z = E[a] over N(0, I):
/// what rejection with at most Tries proposals draws, the last of them always taken.  Starts at a = 1/2: exactly N(0,
/// I).
///
/// Z is estimated from `samples` draws of N(0, I), others after every step, so that training does not learn what is in
/// them: V is an estimate whose error in nats is that of log Z, about deviation(a) / (Z sqrt(samples)); up to six
/// dimensions, where the draws are a turned even sequence, less: a tenth of that in two, a half in six.  Z and its
/// gradient dZ/dtheta are untrained state, made anew by init and after_step at the cost of one pass and one pull of the
/// net on all samples; encode_pull includes dZ/dtheta.  Duals see Z's first derivatives, not its second.  decode has no
/// pull: a choice has no derivative.  log p is -inf where the square of x overflows.
template <Index D, class Net, Index Tries = 100> struct ResampledBase : DistributionFacts<D, Support::real> {
  static_assert(Tries > 0, "rheo: ResampledBase wants at least one try");
  using Acceptance = typename Net::template net<D, 1, 0>;
  static constexpr Index param_count = Acceptance::param_count, buffer_count = 2 + param_count, encode_passes = 1,
                         decode_passes = as_needed;
  static constexpr bool parallel_decode = true;
  static constexpr Exactness exactness = Exactness::estimate;
  static constexpr bool noise_free = true;  ///< the same V at every call, until after_step
  static constexpr bool smooth = Acceptance::smooth;
  template <class T> using NetCache = typename Acceptance::template Cache<T>;
  template <class T> struct Cache {
    NetCache<T> net;
    Buffer<T> logit, in;
  };
  static constexpr double rounds = 1 << 20;  ///< of draws, until the first come again
  Acceptance net{};
  Index samples = 4096;

  ResampledBase() = default;
  /// Throws std::invalid_argument for fewer than 2 samples.
  explicit ResampledBase(Index m) : samples(m) {
    if (m < 2) detail::fail("ResampledBase: Z wants at least 2 samples");
  }

  template <class P> static auto unpack(P p) { return p.part(Acceptance{}, param_count, "acceptance"); }
  template <class P> static auto unpack_buffers(P p) {
    auto z = p.vector(1, "Z");
    auto slope = p.vector(param_count, "Z_gradient");
    return std::tuple{z, slope, p.vector(1, "draws_made")};
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    const T z = buffers.data()[0], made = buffers.data()[1 + param_count];
    return z >= T(0) && z <= T(1) && made >= T(0) && made < T(rounds) && made == std::floor(made);
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
    buffers.data()[1 + param_count] = T(0);
    after_step(theta, buffers);
  }
  /// Z and dZ/dtheta at theta, in the scalar under T.
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const {
    using S = decltype(autodiff::value_of(T()));
    constexpr Index chunk = 512;
    Column<S> values(param_count), slope = Column<S>::Zero(param_count);
    for (Index k = 0; k < param_count; ++k) values(k) = autodiff::value_of(theta.data()[k]);
    NetCache<S> cache;
    Arena scratch;
    Batch<S> x(chunk, D), logit(chunk, 1), g_x(chunk, D), none(chunk, 0);
    const T made = buffers.data()[1 + param_count];
    const Noise noise = Noise{0x5eed0f2a}.fork(static_cast<std::uint64_t>(autodiff::value_of(made)));
    double total = 0;
    for (Index done = 0; done < samples; done += chunk) {
      const Index n = std::min(chunk, samples - done);
      auto in = rows(view(x), 0, n), l = rows(view(logit), 0, n), g_in = rows(view(g_x), 0, n),
           nothing = rows(view(none), 0, n);
      propose(noise, done, in);
      net.map(NetPass<S, NetCache<S>>{read(in), l, {values.data(), param_count}, read(nothing), cache, scratch});
      for (Index i = 0; i < n; ++i) {
        const S a = math::sigmoid(l(i, 0));
        total += static_cast<double>(a);
        l(i, 0) = a * math::sigmoid(-l(i, 0)) / static_cast<S>(samples);
      }
      net.map_pull(NetPull<S, NetCache<S>>{read(in),
                                           read(l),
                                           g_in,
                                           {values.data(), param_count},
                                           {slope.data(), param_count},
                                           read(nothing),
                                           nothing,
                                           cache,
                                           scratch});
    }
    buffers.data()[0] = T(static_cast<S>(total / static_cast<double>(samples)));
    for (Index k = 0; k < param_count; ++k) buffers.data()[1 + k] = T(slope(k));
    buffers.data()[1 + param_count] = made + T(1) < T(rounds) ? made + T(1) : T(0);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { score(p.in, p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    using std::exp;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const Mixing<T> m(normaliser(p.theta, p.buffers));
    View<T> l = p.cache.logit.view(n, 1), g_l = p.scratch.template take<T>(n, 1);
    T g_z(0);
    for (Index i = 0; i < n; ++i) {
      T log_pi(0);
      for (Index j = 0; j < D; ++j) log_pi -= T(0.5) * p.in(i, j) * p.in(i, j);
      const bool inside = log_pi >= T(std::numeric_limits<decltype(autodiff::value_of(T()))>::lowest());
      const T w = exp(m.log_accept - math::softplus(-l(i, 0)) - m.log_density(l(i, 0)));
      g_l(i, 0) = inside ? p.g_v(i) * w * math::sigmoid(-l(i, 0)) : T(0);
      if (inside) g_z += p.g_v(i) * (w * m.accept_slope + (T(1) - w) * m.keep_slope);
    }
    net.map_pull(NetPull<T, NetCache<T>>{p.in, read(g_l), p.g_in, p.theta, p.g_theta, columns(p.in, 0, 0),
                                         columns(p.g_in, 0, 0), p.cache.net, p.scratch});
    for (Index j = 0; j < D; ++j) column(p.g_in, j) -= column(p.in, j) * p.g_v;
    for (Index k = 0; k < param_count; ++k) p.g_theta.data()[k] += g_z * p.buffers.data()[1 + k];
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    draw(p);
    score(read(p.out), p);
  }

 private:
  /// Rows first, first + 1, ... of the draws for Z: up to six dimensions those of the sequence i / phi, i / phi^2, ...
  /// (Roberts 2018), phi^(d + 1) = phi + 1 for d uniforms, turned by a uniform vector (Cranley and Patterson 1976) and
  /// made normal in pairs (Box and Muller).
  template <class S> static void propose(Noise noise, Index first, View<S> out) {
    if constexpr (D > 6) return noise.from_row(first).normals(out);
    constexpr Index uniforms = D + D % 2;
    static const double phi = [] {
      double root = 2;
      for (int k = 0; k < 64; ++k) root = std::pow(1 + root, 1.0 / static_cast<double>(uniforms + 1));
      return root;
    }();
    const auto part = [](double x) { return std::max(x - std::floor(x), 0x1p-53); };
    for (Index j = 0; j < D; j += 2) {
      const double u = noise.uniform(0, j), v = noise.uniform(0, j + 1),
                   by_u = std::pow(phi, -static_cast<double>(j + 1)), by_v = by_u / phi;
      for (Index i = 0; i < out.rows(); ++i) {
        const double row = static_cast<double>(first + i + 1),
                     r = std::sqrt(-2 * detail::plain_log(part(u + by_u * row)));
        double even, odd;
        detail::plain_turn(part(v + by_v * row), even, odd);
        out(i, j) = static_cast<S>(r * even);
        if (j + 1 < D) out(i, j + 1) = static_cast<S>(r * odd);
      }
    }
  }
  /// log of (1 - al) / Z and of al, and their slopes in Z.
  template <class T> struct Mixing {
    T log_accept, log_keep, accept_slope, keep_slope;
    explicit Mixing(T z) {
      using std::exp, std::expm1, std::log, std::log1p;
      const T eps = T(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon());
      z = z < T(1e-30) ? T(1e-30) : (z > T(1) - eps ? T(1) - eps : z);
      log_keep = T(static_cast<double>(Tries - 1)) * log1p(-z);
      keep_slope = T(-static_cast<double>(Tries - 1)) / (T(1) - z);
      if constexpr (Tries == 1) {
        log_accept = T(-1e30), accept_slope = T(0);
      } else {
        log_accept = log(-expm1(log_keep) / z);
        accept_slope = keep_slope * exp(log_keep) / expm1(log_keep) - T(1) / z;
      }
    }
    /// log(p / N) at a = sigmoid(l).
    T log_density(T l) const {
      using std::abs, std::exp;
      const T a = log_accept - math::softplus(-l), top = a < log_keep ? log_keep : a;
      return top + math::log1p_small(T(exp(-abs(a - log_keep))));
    }
  };
  /// Z with its dependence on theta, for duals.
  template <class T> static T normaliser(Params<const T> theta, Params<const T> buffers) {
    T z = buffers.data()[0];
    if constexpr (autodiff::is_dual_v<T>) {
      for (Index k = 0; k < param_count; ++k)
        z += buffers.data()[1 + k] * (theta.data()[k] - T(autodiff::value_of(theta.data()[k])));
    }
    return z;
  }
  template <class T> void accept(CView<T> in, View<T> logit, Pass<T, Cache<T>>& p) const {
    net.map(NetPass<T, NetCache<T>>{in, logit, p.theta, columns(in, 0, 0), p.cache.net, p.scratch});
  }
  template <class T> void score(CView<T> x, Pass<T, Cache<T>>& p) const {
    View<T> l = p.cache.logit.view(x.rows(), 1);
    accept(x, l, p);
    const Mixing<T> m(normaliser(p.theta, p.buffers));
    for (Index i = 0; i < x.rows(); ++i) {
      T log_pi(0);
      for (Index j = 0; j < D; ++j) log_pi -= T(0.5) * x(i, j) * x(i, j) + T(half_log_two_pi);
      const bool outside = log_pi < T(std::numeric_limits<decltype(autodiff::value_of(T()))>::lowest());
      p.v(i) += outside ? log_pi : T(log_pi + m.log_density(l(i, 0)));
    }
  }
  /// Try t of a row owns the draws from t S on: D normals, then in a block of its own the uniform that decides.
  template <class T> void draw(Pass<T, Cache<T>>& p) const {
    constexpr Index D_even = D + D % 2, S = D_even + 2;
    Arena::Scope scope(p.scratch);
    const Index n = p.out.rows();
    auto row = p.scratch.template column<Index>(n);
    View<T> x = p.scratch.template take<T>(n, D), l = p.scratch.template take<T>(n, 1);
    for (Index i = 0; i < n; ++i) row(i) = i;
    Index live = n;
    for (Index t = 0; t < Tries && live > 0; ++t) {
      for (Index j = 0; j < D; ++j) {
        for (Index k = 0; k < live; ++k) x(k, j) = p.noise.template normal<T>(row(k), t * S + j);
      }
      const bool last = t + 1 == Tries;
      if (!last) accept(read(rows(x, 0, live)), rows(l, 0, live), p);
      Index left = 0;
      for (Index k = 0; k < live; ++k) {
        if (last ||
            p.noise.uniform(row(k), t * S + D_even) < static_cast<double>(autodiff::value_of(math::sigmoid(l(k, 0))))) {
          for (Index j = 0; j < D; ++j) p.out(row(k), j) = x(k, j);
        } else {
          row(left++) = row(k);
        }
      }
      if (p.report)
        p.report->proposed += live, p.report->accepted += live - left, p.report->evaluations += last ? 0 : live;
      live = left;
    }
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
