// SPDX-License-Identifier: MIT
// Objectives: what a training step minimises, one shard at a time.
//
// An objective owes
//   template <class F, class T> double operator()(ObjectiveCall<F, T>& call) const
// which returns the sum over the shard's rows of weight times loss and, if call.pull, adds scale times its gradient to
// call.g_theta.  The loss of a row is a function of the parameters, the row, its context and call.noise (whose row0 is
// the row's place in the batch) alone; where rows are weighed against each other, those of a shard, which are the same
// for any number of threads. One that needs memory of its own has `template <class F, class T> struct Room`, scratch
// that a trainer keeps for every thread, and takes (call, room).
#pragma once

#include "rheo/core/type_name.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/math/energy.hpp"

namespace rheo {

/// One shard of one step.
template <class F, class T> struct ObjectiveCall {
  const Model<F, T>& model;  ///< whose parameters are trained
  Worker<F, T>& worker;      ///< the flow's cache and scratch
  CView<T> x;                ///< n rows
  CView<T> context;          ///< n rows as the flow sees them, standardised
  const double* weight;      ///< n of them, or null: all one
  double scale;              ///< what the sum over the whole batch is multiplied by
  Noise noise;               ///< of this step
  Params<T> g_theta;         ///< accumulated
  bool pull;                 ///< whether the gradient is wanted
  CView<T> given = context;  ///< the context in the user's units, for energies
};

/// The mean of -V: -log p(x), or the negative elbo where encoders are stochastic.
struct MaximumLikelihood {
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    Arena::Scope scope(c.worker.scratch);
    const Index n = c.x.rows();
    ColView<T> v = c.worker.scratch.template column<T>(n);
    c.model.encode_shard(c.worker, c.x, v, c.context, c.noise, c.pull);
    double loss = 0;
    for (Index i = 0; i < n; ++i) {
      const double w = c.weight ? c.weight[i] : 1;
      if (w != 0) loss -= w * static_cast<double>(v(i));  // a row of weight 0 may have any density
    }
    if (!c.pull) return loss;
    static_assert(CanEncodePull<F, T>,
                  "rheo: a part of this flow has no encode_pull: one without a gradient, or one whose encode draws "
                  "whole numbers from a learned "
                  "law, which would learn nothing: take a law with nothing to learn there, as FairSigns");
    ColView<T> g_v = v;
    for (Index i = 0; i < n; ++i) g_v(i) = T(-(c.weight ? c.weight[i] : 1) * c.scale);
    const View<T> g_x = c.worker.scratch.template take<T>(n, F::x_dim);
    View<T> g_context = c.worker.scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    const auto none = Model<F, T>::template nothing<const T>(n);
    c.model.flow().encode_pull(Pull<T, CacheOf<F, T>>{c.x, none, none, read(g_v), g_x, c.model.theta(), c.g_theta,
                                                      c.model.state(), c.context, g_context, c.noise, c.worker.cache,
                                                      c.worker.scratch});
    return loss;
  }
};

namespace detail {

struct NoRoom {};
template <class O, class F, class T>
concept HasRoom = requires {
  typename O::template Room<F, T>;
};
template <class O, class F, class T> struct RoomFor { using type = NoRoom; };
template <class O, class F, class T>
requires HasRoom<O, F, T>
struct RoomFor<O, F, T> {
  using type = typename O::template Room<F, T>;
};
/// What a trainer keeps for an objective, one a thread.
template <class O, class F, class T> using RoomOf = typename RoomFor<O, F, T>::type;

template <class O, class F, class T>
double run_objective(const O& objective, ObjectiveCall<F, T>& c, [[maybe_unused]] RoomOf<O, F, T>& room) {
  if constexpr (HasRoom<O, F, T>) {
    return objective(c, room);
  } else {
    static_assert(!is_lambda<O>(),  // whether it takes a call cannot be asked: the question would compile its body
                  "rheo: this lambda is neither an energy nor an objective: an energy is made of one, by "
                  "energy_of<D>([](const auto& x) { return ...; }), an objective is a struct with a call");
    if constexpr (!is_lambda<O>()) return objective(c);
    else return 0;
  }
}

/// u of the model's draws and, unless g is null, its gradient in x.  The energy is one of x or, for flows with a
/// context, of x and the context behind it.
template <class E, class F, class T>
void energy_of_draws(const E& energy, ObjectiveCall<F, T>& c, CView<T> x, ColView<T> u, const View<T>* g,
                     typename E::template Workspace<T>& workspace) {
  static_assert(E::dim == F::x_dim || E::dim == F::x_dim + F::context_dim,
                "rheo: fit_energy: the energy and the flow have different dimensions: an energy is one of x, or of x "
                "and the context behind it");
  if constexpr (E::dim == F::x_dim) {
    if constexpr (Energy<E>) {
      if (g) return energy.value_and_gradient(x, u, *g, workspace);
    }
    energy.value(x, u, workspace);
  } else {
    Arena::Scope scope(c.worker.scratch);
    const View<T> joined = c.worker.scratch.template take<T>(x.rows(), E::dim),
                  g_joined = c.worker.scratch.template take<T>(x.rows(), E::dim);
    copy(x, columns(joined, 0, F::x_dim));
    copy(c.given, columns(joined, F::x_dim, F::context_dim));
    if constexpr (Energy<E>) {
      if (g) {
        energy.value_and_gradient(read(joined), u, g_joined, workspace);
        return copy(read(columns(g_joined, 0, F::x_dim)), *g);
      }
    }
    energy.value(read(joined), u, workspace);
  }
}

/// The model's own draws x and v = log p(z) + sum V of their paths, both overwritten; kept where a pull follows.
template <class F, class T> void decode_draws(ObjectiveCall<F, T>& c, View<T> x, ColView<T> v, bool keep) {
  v.setZero();
  c.model.flow().decode(Pass<T, CacheOf<F, T>>{read(Model<F, T>::template nothing<T>(x.rows())), x, v, c.model.theta(),
                                               c.model.state(), c.context, c.noise, c.worker.cache, c.worker.scratch,
                                               keep, &c.worker.report});
}

/// An objective may have another one of its kind by which fits are judged: `judge()`, for losses that are low where
/// nothing is learned.
template <class O>
concept HasJudge = requires(const O& o) {
  { o.judge() } -> std::same_as<O>;
};
template <class O> O judge_of(const O& o) {
  if constexpr (HasJudge<O>) return o.judge();
  else return o;
}

}  // namespace detail

/// The mean of -log w = u(x) + log p(z) + sum V over the model's own draws: KL(flow || exp(-u) / Z) - log Z, of paths
/// where layers sample. Wu et al. 2020, arXiv:2002.06707, eq. 8.  Looks at no data: x may be n x 0.  Accept bits are
/// held constant (see Metropolis).  With a context, the mean over its rows too, of an energy of x or of (x, context).
template <Energy E> struct ReverseKl {
  E energy;  ///< u(x), nats
  /// Of any energy.
  explicit ReverseKl(E e) : energy(std::move(e)) {}
  template <class F, class T> struct Room { typename E::template Workspace<T> energy; };

  template <class F, class T> double operator()(ObjectiveCall<F, T>& c, Room<F, T>& room) const {
    Arena::Scope scope(c.worker.scratch);
    const Index n = c.x.rows();
    const View<T> x = c.worker.scratch.template take<T>(n, F::x_dim),
                  g_x = c.worker.scratch.template take<T>(n, F::x_dim);
    ColView<T> v = c.worker.scratch.template column<T>(n), u = c.worker.scratch.template column<T>(n);
    const auto none = Model<F, T>::template nothing<T>(n);
    detail::decode_draws(c, x, v, c.pull);
    detail::energy_of_draws(energy, c, read(x), u, c.pull ? &g_x : nullptr, room.energy);
    double loss = 0;
    for (Index i = 0; i < n; ++i) {
      const double w = c.weight ? c.weight[i] : 1;
      if (w != 0) loss += w * static_cast<double>(u(i) + v(i));
    }
    if (!c.pull) return loss;
    ColView<T> g_v = v;
    for (Index i = 0; i < n; ++i) g_v(i) = T((c.weight ? c.weight[i] : 1) * c.scale);
    for (Index j = 0; j < F::x_dim; ++j) column(g_x, j) *= g_v;
    View<T> g_context = c.worker.scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    c.model.flow().decode_pull(Pull<T, CacheOf<F, T>>{read(none), read(x), read(g_x), read(g_v), none, c.model.theta(),
                                                      c.g_theta, c.model.state(), c.context, g_context, c.noise,
                                                      c.worker.cache, c.worker.scratch});
    return loss;
  }
};

/// share * A + (1 - share) * B, each on the same rows with noise of its own; a part of share 0 is not run.
/// MaximumLikelihood and ReverseKl together train a sampler by example and by energy: Noe et al. 2019,
/// arXiv:1812.01729.
template <class A, class B> struct Mixed {
  A a;           ///< run with noise.fork(0)
  B b;           ///< run with noise.fork(1)
  double share;  ///< of A, in [0, 1]
  /// Throws std::invalid_argument for a share outside [0, 1].
  Mixed(A first, B second, double of_first) : a(std::move(first)), b(std::move(second)), share(of_first) {
    if (!(of_first >= 0 && of_first <= 1)) detail::fail("Mixed: a share is in [0, 1]");
  }
  /// What judges epochs: the same of what judges the parts.
  Mixed judge() const requires(detail::HasJudge<A> || detail::HasJudge<B>) {
    return Mixed(detail::judge_of(a), detail::judge_of(b), share);
  }
  template <class F, class T> struct Room {
    detail::RoomOf<A, F, T> a;
    detail::RoomOf<B, F, T> b;
  };
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c, Room<F, T>& room) const {
    double loss = 0;
    auto part = [&](const auto& objective, double s, std::uint64_t key, auto& own) {
      if (s == 0) return;
      ObjectiveCall<F, T> call{c.model,     c.worker,          c.x,       c.context, c.weight,
                               c.scale * s, c.noise.fork(key), c.g_theta, c.pull,    c.given};
      loss += s * detail::run_objective(objective, call, own);
    };
    part(a, share, 0, room.a);
    part(b, 1 - share, 1, room.b);
    return loss;
  }
};

}  // namespace rheo
