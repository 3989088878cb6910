// SPDX-License-Identifier: MIT
// Continuous: z is where the flow of dx/dt = f(x, t; context) has carried x from t = 0 (data) to t = 1 (latent).
//   Chen et al. 2018, arXiv:1806.07366, eq. 8;  Grathwohl et al. 2019, arXiv:1810.01367 (FFJORD), eqs. 4 and 7.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/ode.hpp"
#include "rheo/nets/velocity.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// The divergence, one derivative of the field for each of the D coordinates.
struct ExactTrace {
  static constexpr Exactness exactness = Exactness::exact;
  template <Index D> static constexpr Index directions = D;
  template <Index D, class T> static void along(View<T> s, Index n, Noise) {
    s.setZero();
    for (Index j = 0; j < D; ++j) column(rows(s, j * n, n), j).setOnes();
  }
};

/// What Hutchinson's probes are made of.  Rademacher: -1 or 1, the least variance among independent entries; Gaussian:
/// N(0, 1).
struct Rademacher {
  template <class T> static T draw(Noise noise, Index i, Index j) { return noise.uniform(i, j) < 0.5 ? T(-1) : T(1); }
};
/// See Rademacher.
struct Gaussian {
  template <class T> static T draw(Noise noise, Index i, Index j) { return T(noise.normal(i, j)); }
};

/// s' (df/dx) s for one probe s a row, the same along the whole path: one derivative whatever D, unbiased up to the
/// solver's error.
template <class Probe = Rademacher> struct HutchinsonTrace {
  static constexpr Exactness exactness = Exactness::estimate;
  template <Index D> static constexpr Index directions = 1;
  template <Index D, class T> static void along(View<T> s, Index n, Noise noise) {
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) s(i, j) = Probe::template draw<T>(noise, i, j);
    }
  }
};

/// dx/dt = f, V = the integral of tr(df/dx) over [0, 1].  Field is a recipe of fields (Velocity<MlpOf<Tanh, 64, 64>>),
/// C the width of the context, Trace how the divergence is found (an estimate with HutchinsonTrace: its probe comes
/// with the call's noise).  decode integrates from t = 1 back to 0.
///
/// Pulls are those of the steps that were taken, their sizes held: the exact derivatives of the computed numbers
/// ("discretise, then optimise"), from the states at the beginning of each step; memory grows with the steps, not with
/// their stages. A row that is not finite, that needs more than the solver's steps or steps too short for T has NaN in
/// out and V and is counted as unsolved, with the time left as its residual (rows that come in as NaN are not counted).
/// Where V is not asked for, no derivative is taken and adaptive steps watch the coordinates alone: out is another
/// solution within the same tolerance of a step, and as far from that with V as two such are (Solver::accuracy says
/// when that is little); a row that only its V would fail is solved.  A row's result does not depend on the other rows
/// of its shard, but takes as many evaluations as the slowest of them.
template <Index D, class Field, class Trace = ExactTrace, class Solver = Dopri5<>, Index C = 0> struct Continuous {
  using Net = detail::FieldOf<Field, D, C>;
  using Tableau = typename Solver::Tableau;
  static constexpr Index S = Tableau::stages, K = Trace::template directions<D>;
  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Net::param_count, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Trace::exactness;
  static constexpr bool smooth = Net::smooth && !Solver::adaptive;  // adaptive steps jump
  static constexpr bool exact_pulls = true;
  static constexpr Index encode_passes = Solver::passes, decode_passes = Solver::passes;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  template <class T> static constexpr double accuracy() { return Solver::template accuracy<T>(); }

  Solver solver{};
  Net net{};

  Continuous() = default;
  explicit Continuous(Solver s) : solver(s) {}
  /// With a field that has hyper-parameters of its own.
  explicit Continuous(Net n, Solver s = Solver{}) : solver(s), net(std::move(n)) {}

  template <class T> struct Cache {
    std::array<typename Net::template Cache<T>, static_cast<std::size_t>(S)> stages;
    std::vector<Buffer<T>>
        steps;  // by number of the step: where it begins (D columns), its time, its size; 0 where a row has fewer
    Index used = 0;
  };

  template <class P> static auto unpack(P p) { return p.part(Net{}, param_count, "field"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { run<true>(p); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { run<false>(p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { pull<true>(p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { pull<false>(p); }

 private:
  template <class T> using FieldCache = typename Net::template Cache<T>;

  template <class T> static double number(const T& x) { return static_cast<double>(autodiff::value_of(x)); }

  /// What one call integrates with, n rows: slopes k_i and divergences q_i of the stages, s in [0, 1] the way done, h
  /// the step.
  template <class T> struct Room {
    View<T> k, q, at, after;
    ColView<T> l, s, h, time;
    CView<T> along;
    Room(Arena& arena, Index n, Noise noise, bool divergence)
        : k(arena.take<T>(n, D * (S + 1))),
          q(arena.take<T>(n, S + 1)),
          at(arena.take<T>(n, D)),
          after(arena.take<T>(n, D)),
          l(arena.column<T>(n)),
          s(arena.column<T>(n)),
          h(arena.column<T>(n)),
          time(arena.column<T>(n)),
          along(nullptr, 0, 0, Eigen::OuterStride<>(0)) {
      const View<T> directions = arena.take<T>(divergence ? K * n : 0, D);
      if (divergence) Trace::template along<D, T>(directions, n, noise);
      reseat(along, read(directions));
      l.setZero();
      s.setZero();
    }
    View<T> slope(Index i) const { return columns(k, i * D, D); }
  };

  /// to = y + h sum_{j < count} w_j k_j.
  template <class T> static void advance(const Room<T>& r, CView<T> y, const double* w, Index count, View<T> to) {
    for (Index c = 0; c < D; ++c) {
      column(to, c).setZero();
      for (Index j = 0; j < count; ++j) {
        if (w[j] != 0) column(to, c) += T(w[j]) * column(r.slope(j), c);
      }
      column(to, c) = column(y, c) + r.h * column(to, c);
    }
  }
  /// The time of stage i: s runs from 0 to 1 in both directions, t with it or against it.
  template <bool Encode, class T> static void set_time(const Room<T>& r, double c) {
    ColView<T> t = r.time;
    t = r.s + T(c) * r.h;
    if (!Encode) t = T(1) - t;
  }
  /// Slope i at `at`; backwards it is -f, and the divergence is added with the sign that it has when encoding.
  template <bool Encode, class T>
  void evaluate(const Room<T>& r, Index i, CView<T> at, double c, Pass<T, Cache<T>>& p, std::size_t cache) const {
    set_time<Encode>(r, c);
    View<T> f = r.slope(i);
    net.map(FieldPass<T, FieldCache<T>>{at, read(r.time), r.along, f, column(r.q, i), p.theta, p.context,
                                        p.cache.stages[cache], p.scratch});
    if (!Encode) f = -f;
  }

  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    p.cache.used = 0;
    if (n == 0) return;
    Room<T> r(p.scratch, n, p.noise, p.needs_v());
    copy(p.in, p.out);
    if constexpr (Solver::adaptive) {
      integrate_adaptively<Encode>(p, r);
    } else {
      integrate_evenly<Encode>(p, r);
    }
    if (p.needs_v()) p.v += r.l;
  }

  /// NaN in what the row gives out, and a note of it if the row came in sound.
  template <class T> static void give_up(Pass<T, Cache<T>>& p, const Room<T>& r, Index i, double left) {
    bool sound = true;
    ColView<T> l = r.l;
    for (Index c = 0; c < D; ++c) {
      sound = sound && std::isfinite(number(p.in(i, c)));
      p.out(i, c) = T(std::numeric_limits<double>::quiet_NaN());
    }
    l(i) = T(std::numeric_limits<double>::quiet_NaN());
    if (p.report && sound) p.report->miss(left);
  }
  template <class T> static View<T> step_room(Cache<T>& cache, Index s, Index n) {
    if (static_cast<Index>(cache.steps.size()) <= s) cache.steps.resize(static_cast<std::size_t>(s + 1));
    return cache.steps[static_cast<std::size_t>(s)].view(n, D + 2);
  }

  template <bool Encode, class T> void integrate_evenly(Pass<T, Cache<T>>& p, Room<T>& r) const {
    const Index n = p.in.rows(), steps = Solver::passes / S;
    const double h = 1 / static_cast<double>(steps);
    r.h.setConstant(T(h));
    for (Index step = 0; step < steps; ++step) {
      r.s.setConstant(T(static_cast<double>(step) * h));
      if (p.keep) {
        View<T> kept = step_room(p.cache, step, n);
        copy(read(p.out), columns(kept, 0, D));
        column(kept, D) = r.s;
        column(kept, D + 1) = r.h;
        p.cache.used = step + 1;
      }
      for (Index i = 0; i < S; ++i) {
        if (i > 0) advance(r, read(p.out), Tableau::a[i], i, r.at);
        evaluate<Encode>(r, i, read(i > 0 ? r.at : p.out), Tableau::c[i], p, 0);
      }
      advance(r, read(p.out), Tableau::b, S, r.after);
      copy(read(r.after), p.out);
      for (Index j = 0; p.needs_v() && j < S; ++j) r.l += T(h * Tableau::b[j]) * column(r.q, j);
    }
    if (p.report) p.report->evaluations += static_cast<std::int64_t>(n * steps * S);
    for (Index i = 0; i < n; ++i) {
      double sum = number(r.l(i));
      for (Index c = 0; c < D; ++c) sum += number(p.out(i, c));
      if (!std::isfinite(sum)) give_up(p, r, i, 0);
    }
  }

  template <bool Encode, class T> void integrate_adaptively(Pass<T, Cache<T>>& p, Room<T>& r) const {
    const Index n = p.in.rows();
    using Real = decltype(autodiff::value_of(T()));
    const double epsilon = static_cast<double>(std::numeric_limits<Real>::epsilon());
    const double rtol = std::max(solver.rtol, 32 * epsilon), atol = std::max(solver.atol, 32 * epsilon),
                 shortest = 16 * epsilon;
    auto controls = p.scratch.template column<math::StepControl>(n);
    auto steps = p.scratch.template column<Index>(n);
    auto l_after = p.scratch.template column<T>(n);
    auto going = p.scratch.template column<char>(n);
    std::int64_t passes = 0;
    Index active = 0;
    const Index watched = D + p.needs_v();
    /// The largest of a row's numbers f(coordinate, or D for V), each over its tolerance.
    auto worst = [&](Index i, View<T> after, ColView<T> l_new, auto of) {
      double w = 0;
      for (Index c = 0; c < watched; ++c) {
        const double y0 = c < D ? number(p.out(i, c)) : number(r.l(i)),
                     y1 = c < D ? number(after(i, c)) : number(l_new(i));
        const double e = std::abs(of(c)) / (atol + rtol * std::max(std::abs(y0), std::abs(y1)));
        if (!(e <= w) && w == w) w = e;  // NaN stays
      }
      return w;
    };
    auto slope_of = [&](Index i, Index stage, Index c) {
      return c < D ? number(r.k(i, stage * D + c)) : number(r.q(i, stage));
    };

    r.h.setZero();
    evaluate<Encode>(r, 0, read(p.out), 0, p, 0);
    for (Index i = 0; i < n; ++i) {
      double y = 0, f = 0;
      going(i) = 1;
      for (Index c = 0; c < watched; ++c) {
        if (c < D) y = std::max(y, std::abs(number(p.out(i, c))));
        if (c < D) going(i) = going(i) && std::isfinite(number(p.out(i, c)));
        f = std::max(f, std::abs(slope_of(i, 0, c)));
      }
      r.h(i) = T(math::StepControl::probe(y, f));
    }
    constexpr double euler[1] = {1};
    advance(r, read(p.out), euler, 1, r.at);
    evaluate<Encode>(r, 1, read(r.at), 1, p, 0);
    passes += 2 * static_cast<std::int64_t>(n);
    for (Index i = 0; i < n; ++i) {
      controls(i) = math::StepControl{};
      steps(i) = 0;
      const double probe = number(r.h(i));
      const double first = worst(i, p.out, r.l, [&](Index c) { return slope_of(i, 0, c); });
      const double second =
          worst(i, p.out, r.l, [&](Index c) { return (slope_of(i, 1, c) - slope_of(i, 0, c)) / probe; });
      controls(i).start(probe, first, second);
      going(i) = going(i) && std::isfinite(first);
      active += going(i);
      if (!going(i)) give_up(p, r, i, 1);
    }

    for (Index attempt = 0; active > 0; ++attempt) {
      for (Index i = 0; i < n; ++i) {
        const double left = 1 - number(r.s(i));
        if (going(i) && (attempt >= solver.max_steps || controls(i).h < std::min(shortest, left))) {
          give_up(p, r, i, left);
          going(i) = 0;
          --active;
        }
        // A step that would leave next to nothing is stretched to the end.
        r.h(i) = T(!going(i) ? 0 : controls(i).h * 1.01 >= left ? left : controls(i).h);
      }
      if (active == 0) break;
      for (Index i = 1; i < S; ++i) {
        advance(r, read(p.out), Tableau::a[i], i, r.at);
        evaluate<Encode>(r, i, read(r.at), Tableau::c[i], p, 0);
      }
      advance(r, read(p.out), Tableau::b, S, r.after);
      evaluate<Encode>(r, S, read(r.after), 1, p, 0);
      passes += static_cast<std::int64_t>(S) * static_cast<std::int64_t>(active);
      l_after.setZero();
      for (Index j = 0; p.needs_v() && j < S; ++j) l_after += T(Tableau::b[j]) * column(r.q, j);
      l_after = r.l + r.h * l_after;
      for (Index i = 0; i < n; ++i) {
        if (!going(i)) continue;
        const double h = number(r.h(i));
        controls(i).h = h;
        const double error = worst(i, r.after, l_after, [&](Index c) {
          double e = 0;
          for (Index j = 0; j <= S; ++j) e += Tableau::e[j] * slope_of(i, j, c);
          return h * e;
        });
        if (!controls(i).judge(error)) continue;
        if (p.keep) keep_step(p, r, i, steps(i));
        ++steps(i);
        for (Index c = 0; c < D; ++c) {
          p.out(i, c) = r.after(i, c);
          r.k(i, c) = r.k(i, S * D + c);
        }
        r.q(i, 0) = r.q(i, S);
        r.l(i) = l_after(i);
        r.s(i) += r.h(i);
        if (number(r.s(i)) < 1) continue;
        going(i) = 0;
        --active;
      }
    }
    if (p.report) p.report->evaluations += passes;
    if (!p.keep) return;
    p.cache.used = steps.maxCoeff();
    r.h.setZero();
    for (Index i = 0; i < n; ++i) {
      for (Index s = steps(i); s < p.cache.used; ++s) keep_step(p, r, i, s);
    }
  }
  template <class T> static void keep_step(Pass<T, Cache<T>>& p, const Room<T>& r, Index i, Index s) {
    View<T> kept = step_room(p.cache, s, p.in.rows());
    for (Index c = 0; c < D; ++c) kept(i, c) = p.out(i, c);
    kept(i, D) = r.s(i);
    kept(i, D + 1) = r.h(i);
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    copy(p.g_out, p.g_in);
    if (n == 0) return;
    Room<T> r(p.scratch, n, p.noise, true);
    const View<T> states = p.scratch.template take<T>(n, D * S), g_states = p.scratch.template take<T>(n, D * S),
                  g_f = p.scratch.template take<T>(n, D);
    ColView<T> g_q = p.scratch.template column<T>(n);
    for (Index s = p.cache.used; s-- > 0;) {
      const CView<T> kept = read(p.cache.steps[static_cast<std::size_t>(s)].view(n, D + 2));
      const CView<T> y = columns(kept, 0, D);
      r.s = column(kept, D);
      r.h = column(kept, D + 1);
      for (Index i = 0; i < S; ++i) {
        const View<T> at = columns(states, i * D, D);
        advance(r, y, Tableau::a[i], i, at);
        set_time<Encode>(r, Tableau::c[i]);
        View<T> f = r.slope(i);
        net.map(FieldPass<T, FieldCache<T>>{read(at), read(r.time), r.along, f, column(r.q, i), p.theta, p.context,
                                            p.cache.stages[static_cast<std::size_t>(i)], p.scratch});
        if (!Encode) f = -f;
      }
      for (Index i = S; i-- > 0;) {
        for (Index c = 0; c < D; ++c) {
          ColView<T> g = column(g_f, c);
          g = T(Tableau::b[i]) * column(p.g_in, c);
          for (Index j = i + 1; j < S; ++j) {
            if (Tableau::a[j][i] != 0) g += T(Tableau::a[j][i]) * column(g_states, j * D + c);
          }
          g *= r.h;
          if (!Encode) g = -g;
        }
        g_q = T(Tableau::b[i]) * r.h;
        g_q *= p.g_v;
        set_time<Encode>(r, Tableau::c[i]);
        net.map_pull(FieldPull<T, FieldCache<T>>{read(columns(states, i * D, D)), read(r.time), r.along, read(g_f),
                                                 read(g_q), columns(g_states, i * D, D), p.theta, p.g_theta, p.context,
                                                 p.g_context, p.cache.stages[static_cast<std::size_t>(i)], p.scratch});
      }
      for (Index i = 0; i < S; ++i) p.g_in += columns(g_states, i * D, D);
    }
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
