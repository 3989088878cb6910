// SPDX-License-Identifier: MIT
// ControlledLangevin: Langevin moves along a path of energies with a learned drift, weighed against the chain back.
//   Vargas et al. 2024, arXiv:2307.01050 (controlled Monte Carlo diffusions); Albergo and Vanden-Eijnden 2024,
//     arXiv:2410.02711 (NETS: Jarzynski weights with a drift); drifts of one side against a fixed process back: Zhang
//     and Chen 2022, arXiv:2111.15141 (PIS), Vargas et al. 2023, arXiv:2302.13834 (DDS).
#pragma once

#include <array>
#include <cmath>
#include <limits>

#include "rheo/math/kernel.hpp"
#include "rheo/nets/velocity.hpp"

namespace rheo {

/// The chain back of a ControlledLangevin: against the drift, or without it.
enum class ChainBack { mirrored, undriven };

/// N steps between latent y_0, which follows about exp(-u_0), and data y_N, about exp(-u_1); j = 0 ... N is the time
/// t_j = j / N, u_j' = (1 - lambda_j) u_0' + lambda_j u_1', c_j = sqrt(2 h_j):
///   decode  y_(j+1) = y_j - h_j u_j'(y_j) + b(y_j, t_j) / N + c_j eta,
///   encode  y_j = y_(j+1) - h_j u_(j+1)'(y_(j+1)) - b(y_(j+1), t_(j+1)) / N + c_j eta, without b if `undriven`;
///   V = sum_j (|eta of encode|^2 - |eta of decode|^2) / 2 of the path;  b = f(y, t_j) + k_j u_0' + l_j u_1'.
/// Weights by V have the mean Z whatever the drift; one that carries exp(-u_j) from step to step makes them equal. With
/// b = 0, as it starts, this is annealed importance sampling by unadjusted Langevin moves.
///
/// Parameters: those of f, a field (Velocity<MlpOf<Silu, 64, 64>, FourierTime<4>>), the gains k and l and, as Train
/// says, the logarithms of h and the softmax shares of lambda's steps.  u_1' is bent to at most `slope_limit` in norm,
/// g (1 + |g|^2 / slope_limit^2)^(-1/2), forth and back alike, so that weights stay exact where u_1 is steep.  With
/// `lambdas` all 0, `undriven` is DDS: a fixed stationary process back, a drift that sees u_1'.  Both energies are
/// asked everywhere.  A row that leaves the finite numbers ends as one of Langevin.
template <Energy Base, Energy Target, Index N, class Field, Learned Train = Learned::none,
          ChainBack Back = ChainBack::mirrored, Index C = 0>
class ControlledLangevin {
  static_assert(N > 0 && Base::dim == Target::dim, "rheo: ControlledLangevin: steps, and energies of one dimension");
  static constexpr Index D = Base::dim, width = (D + 1) / 2 * 2;
  static constexpr bool steps_learned = learns_step(Train), lambdas_learned = learns_lambda(Train);
  static constexpr double against = Back == ChainBack::mirrored ? -1 : 0;  // times b, in the chain back

 public:
  using Net = detail::FieldOf<Field, D, C>;
  static constexpr Index steps = N, x_dim = D, z_dim = D, context_dim = C, buffer_count = 0, draws = N * width;
  static constexpr Index param_count = Net::param_count + 2 * (N + 1) + N * (steps_learned + lambdas_learned);
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr bool smooth = Net::smooth;  ///< where the energies are
  static constexpr Index encode_passes = N + 1, decode_passes = N + 1;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  template <class T> struct Cache {
    typename Base::template Workspace<T> base;
    typename Target::template Workspace<T> target;
    HessianWorkspace<Base, T> base_dual;
    HessianWorkspace<Target, T> target_dual;
    typename Net::template Cache<T> net;
    Buffer<T> states, reverse;  // n x D (N + 1); the noises of the chain back, n x D N
    Buffer<unsigned char> lost;
  };

  Base base;           ///< u_0
  Target target;       ///< u_1
  double step;         ///< h, or where those that are learned start
  double slope_limit;  ///< in units of 1 / x; infinity: u_1' as it is
  /// lambda_j, or where they start; rising from 0 to 1 if they are learned.
  std::array<double, N + 1> lambdas;
  Net net{};

  /// lambda_j = t_j.  Throws std::invalid_argument unless step and limit are positive and the step finite.
  ControlledLangevin(Base u_0, Target u_1, double h = 0.01, double limit = std::numeric_limits<double>::infinity())
      : base(std::move(u_0)), target(std::move(u_1)), step(h), slope_limit(limit) {
    if (!(h > 0 && std::isfinite(h) && limit > 0))
      detail::fail("ControlledLangevin wants a positive, finite step and a positive limit of slopes");
    for (Index j = 0; j <= N; ++j) lambdas[static_cast<std::size_t>(j)] = time(j);
  }

  template <class P> static auto unpack(P p) {
    auto f = p.part(Net{}, Net::param_count, "drift");
    auto gains = p.matrix(N + 1, 2, "gains");
    auto log_steps = p.vector(steps_learned ? N : 0, "log_steps");
    return std::tuple{f, gains, log_steps, p.vector(lambdas_learned ? N : 0, "shares")};
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    auto [f, gains, log_steps, shares] = unpack(theta);
    net.init(f, buffers, noise);
    gains.setZero();
    log_steps.setConstant(T(std::log(step)));
    for (Index j = 0; j < shares.size(); ++j)
      shares(j) = T(std::log(lambdas[static_cast<std::size_t>(j + 1)] - lambdas[static_cast<std::size_t>(j)]));
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { run<true, T>(p, 0, N); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { run<false, T>(p, 0, N); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { pull<true, false, T>(p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { pull<false, false, T>(p); }
  /// Of V alone, by the parameters, the path held (core/layer_more.hpp).
  template <class T> void decode_held_pull(Pull<T, Cache<T>> p) const { pull<false, true, T>(p); }
  /// Steps `first` to `last` of decode, last excluded, with the noise of the whole: for those who stop between.
  template <class T> void decode_steps(Pass<T, Cache<T>> p, Index first, Index last) const {
    run<false, T>(p, first, last);
  }
  /// The draws, n x `draws`, with which the other direction goes this call's path back.
  template <class T> void reverse_draws(const Pass<T, Cache<T>>& p, View<T> table) const {
    View<T> reverse = p.cache.reverse.view(p.in.rows(), N * D);
    for (Index k = 0; k < N; ++k) copy(columns(reverse, k * D, D), columns(table, (N - 1 - k) * width, D));
  }
  /// lambda_j of these parameters, j = 0 ... N.
  template <class T> Column<T> lambdas_of(Params<const T> theta) const {
    Column<T> l(N + 1);
    fill_lambdas<T>(theta, ColView<T>(l.data(), N + 1));
    return l;
  }

 private:
  template <class T> using NetCache = typename Net::template Cache<T>;
  static constexpr double time(Index j) { return static_cast<double>(j) / static_cast<double>(N); }
  template <class T> static CView<T> nowhere() { return view_of(static_cast<const T*>(nullptr), 0, D, 0); }

  template <class T> void fill_lambdas(Params<const T> theta, ColView<T> lambda) const {
    using std::exp;
    if constexpr (lambdas_learned) {
      const auto shares = std::get<3>(unpack(theta));
      const T top = shares.maxCoeff();
      lambda(0) = T(0);
      for (Index j = 0; j < N; ++j) lambda(j + 1) = lambda(j) + exp(shares(j) - top);
      lambda *= T(1) / lambda(N);
    } else {
      for (Index j = 0; j <= N; ++j) lambda(j) = T(lambdas[static_cast<std::size_t>(j)]);
    }
  }

  template <class T, class Call> static View<T> points(Call& p) { return p.scratch.template take<T>(p.in.rows(), D); }
  template <class T, class Call> static ColView<T> numbers(Call& p, Index n = -1) {
    return p.scratch.template column<T>(n < 0 ? p.in.rows() : n);
  }

  /// One state of all rows at a time: what both chains make of it.
  template <class T> struct Place {
    const ControlledLangevin& layer;
    Params<const T> net;
    CView<T> gains;
    CColView<T> log_steps;
    ColView<T> lambda, time, u, bent;  // bent: by what u_1' was multiplied
    View<T> drift, slope, g0, g1;      // b / N, u_j', u_0', u_1', of the last state visited

    template <class Call>
    Place(const ControlledLangevin& l, Call& p)
        : layer(l),
          net(std::get<0>(unpack(p.theta))),
          gains(std::get<1>(unpack(p.theta))),
          log_steps(std::get<2>(unpack(p.theta))),
          lambda(numbers<T>(p, N + 1)),
          time(numbers<T>(p)),
          u(numbers<T>(p)),
          bent(numbers<T>(p)),
          drift(points<T>(p)),
          slope(points<T>(p)),
          g0(points<T>(p)),
          g1(points<T>(p)) {
      layer.template fill_lambdas<T>(p.theta, lambda);
    }
    T h(Index i) const {
      using std::exp;
      return steps_learned ? exp(log_steps(i)) : T(layer.step);
    }
    T root(Index i) const {
      using std::sqrt;
      return sqrt(T(2) * h(i));
    }
    template <class Call> void visit(Index j, CView<T> y, Call& p) {
      using std::sqrt;
      layer.base.value_and_gradient(y, u, g0, p.cache.base);
      layer.target.value_and_gradient(y, u, g1, p.cache.target);
      if (std::isfinite(layer.slope_limit)) {
        bent.setZero();
        for (Index c = 0; c < D; ++c) bent += (column(g1, c) * T(1 / layer.slope_limit)).square();
        for (Index i = 0; i < bent.size(); ++i) bent(i) = T(1) / sqrt(T(1) + bent(i));
        for (Index c = 0; c < D; ++c) column(g1, c) *= bent;
      }
      time.setConstant(T(layer.time(j)));
      layer.net.map(
          FieldPass<T, NetCache<T>>{y, read(time), nowhere<T>(), drift, u, net, p.context, p.cache.net, p.scratch});
      for (Index c = 0; c < D; ++c) {
        column(drift, c) =
            (column(drift, c) + gains(j, 0) * column(g0, c) + gains(j, 1) * column(g1, c)) * T(time_step);
        column(slope, c) = (T(1) - lambda(j)) * column(g0, c) + lambda(j) * column(g1, c);
      }
    }
    /// The mean of step i less where it begins, here: the chain of decode or the one back.
    template <bool Forth> auto mean(Index i, Index c) const {
      return column(drift, c) * T(Forth ? 1 : against) - column(slope, c) * h(i);
    }
  };
  static constexpr double time_step = 1 / static_cast<double>(N);

  // The k-th state of a call is y_j with j = k or N - k; its step k is step j or j - 1.
  template <bool Encode> static constexpr Index state(Index k) { return Encode ? N - k : k; }
  template <bool Encode> static constexpr Index step_at(Index k) { return Encode ? N - 1 - k : k; }

  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p, Index first, Index last) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    Place<T> at(*this, p);
    View<T> ahead = points<T>(p), eta = points<T>(p), states = p.cache.states.view(n, (p.keep ? N + 1 : 2) * D),
            reverse = p.cache.reverse.view(n, (p.keep ? N : 1) * D);
    const auto slot = [&](Index k) { return columns(states, (p.keep ? k : k % 2) * D, D); };
    ColView<T> gained = numbers<T>(p);
    gained.setZero();
    copy(p.in, slot(first));
    for (Index k = first; k <= last; ++k) {
      at.visit(state<Encode>(k), read(slot(k)), p);
      if (k > first) {
        const Index i = step_at<Encode>(k - 1);
        for (Index c = 0; c < D; ++c) {  // eta + eta_r: the difference of their squares would cancel at short steps
          ColView<T> push = column(reverse, (p.keep ? k - 1 : 0) * D + c);
          push = (column(ahead, c) + at.template mean<Encode>(i, c)) * (T(-1) / at.root(i));
          gained += push * (column(eta, c) - push * T(0.5));
          push -= column(eta, c);
        }
      }
      if (k == last) break;
      const Index i = step_at<Encode>(k);
      p.noise.normals(eta, k * width);
      for (Index c = 0; c < D; ++c) {
        column(ahead, c) = at.template mean<!Encode>(i, c);
        column(slot(k + 1), c) = column(slot(k), c) + column(ahead, c) + column(eta, c) * at.root(i);
      }
    }
    copy(slot(last), p.out);
    const auto lost = p.cache.lost.view(n, 1);
    math::settle<Encode, T>(p, gained, lost);
    for (Index i = 0; i < n; ++i) {  // what a pull may look at
      if (lost(i, 0)) states.row(i).setZero(), reverse.row(i).setZero();
    }
  }

  template <bool Encode, bool Held, class T> void pull(Pull<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    Place<T> at(*this, p);
    View<T> eta = points<T>(p), g = points<T>(p), g_drift = points<T>(p), g_slope = points<T>(p), g_0 = points<T>(p),
            g_1 = points<T>(p), part = points<T>(p), states = p.cache.states.view(n, (N + 1) * D),
            reverse = p.cache.reverse.view(n, N * D);
    const auto lost = p.cache.lost.view(n, 1);
    ColView<T> g_lambda = numbers<T>(p, N + 1), g_log_h = numbers<T>(p, N), signed_v = numbers<T>(p),
               mean = numbers<T>(p);
    auto [g_net, g_gains, g_log_steps, g_shares] = unpack(p.g_theta);
    g_lambda.setZero(), g_log_h.setZero(), g.setZero();
    if constexpr (!Held) copy(p.g_out, g);
    const auto drop_lost = [&](View<T> rows) {
      for (Index i = 0; i < n; ++i) {
        if (lost(i, 0)) rows.row(i).setZero();
      }
    };
    for (Index i = 0; i < n; ++i) signed_v(i) = lost(i, 0) ? T(0) : p.g_v(i) * T(math::ledger_sign<Encode>);
    drop_lost(g);
    for (Index k = N; k >= 0; --k) {
      const Index j = state<Encode>(k);
      const CView<T> y = read(columns(states, k * D, D));
      at.visit(j, y, p);
      drop_lost(at.g0), drop_lost(at.g1), drop_lost(at.slope);
      g_drift.setZero(), g_slope.setZero();
      // the cotangent of a mean in this state, Forth or back, of step i
      const auto add = [&]<bool Forth>(Index i, Index c) {
        column(g_drift, c) += mean * T(Forth ? 1 : against);
        column(g_slope, c) -= mean * at.h(i);
        g_log_h(i) -= (mean * column(at.slope, c)).sum() * at.h(i);
      };
      if (k > 0) {
        const Index i = step_at<Encode>(k - 1);
        for (Index c = 0; c < D; ++c) {
          mean = signed_v * column(reverse, (k - 1) * D + c) / at.root(i);
          add.template operator()<Encode>(i, c);
        }
      }
      if (k < N) {
        const Index i = step_at<Encode>(k);
        p.noise.normals(eta, k * width);
        for (Index c = 0; c < D; ++c) {
          const auto e = column(eta, c), r = column(reverse, k * D + c);
          if constexpr (Held) {
            mean = signed_v * e / -at.root(i);
            g_log_h(i) -= (signed_v * (e.square() - r.square())).sum() * T(0.5);
          } else {
            mean = signed_v * r / at.root(i) + column(g, c);
            g_log_h(i) += (signed_v * r * (e + r) + at.root(i) * column(g, c) * e).sum() * T(0.5);
          }
          add.template operator()<!Encode>(i, c);
        }
      }
      for (Index c = 0; c < D; ++c) {
        column(g_drift, c) *= T(time_step);
        g_gains(j, 0) += (column(g_drift, c) * column(at.g0, c)).sum();
        g_gains(j, 1) += (column(g_drift, c) * column(at.g1, c)).sum();
        g_lambda(j) += (column(g_slope, c) * (column(at.g1, c) - column(at.g0, c))).sum();
        column(g_0, c) = column(g_drift, c) * at.gains(j, 0) + column(g_slope, c) * (T(1) - at.lambda(j));
        column(g_1, c) = column(g_drift, c) * at.gains(j, 1) + column(g_slope, c) * at.lambda(j);
      }
      net.map_pull(FieldPull<T, NetCache<T>>{y, read(at.time), nowhere<T>(), read(g_drift), read(at.time), part, at.net,
                                             g_net, p.context, p.g_context, p.cache.net, p.scratch});
      if constexpr (!Held) {
        g += part;
        hessian_vector_product(base, y, read(g_0), part, p.cache.base_dual);
        g += part;
        if (std::isfinite(slope_limit)) {
          mean.setZero();
          for (Index c = 0; c < D; ++c) mean += column(g_1, c) * column(at.g1, c);
          for (Index c = 0; c < D; ++c)
            column(g_1, c) = (column(g_1, c) - mean * column(at.g1, c) * T(1 / (slope_limit * slope_limit))) * at.bent;
        }
        hessian_vector_product(target, y, read(g_1), part, p.cache.target_dual);
        g += part;
        drop_lost(g);
      }
    }
    if constexpr (!Held) copy(g, p.g_in);
    if constexpr (steps_learned) g_log_steps += g_log_h;
    if constexpr (lambdas_learned) {
      T later(0), all(0);
      for (Index j = N; j-- > 0;) {  // g_lambda becomes that of the shares
        later += g_lambda(j + 1);
        g_lambda(j + 1) = later;
        all += later * (at.lambda(j + 1) - at.lambda(j));
      }
      for (Index j = 0; j < N; ++j) g_shares(j) += (g_lambda(j + 1) - all) * (at.lambda(j + 1) - at.lambda(j));
    }
  }
};

}  // namespace rheo
