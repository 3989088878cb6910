// SPDX-License-Identifier: MIT
// Flow matching: the velocity of a continuous flow learned by regression, without solving its differential equation.
//   Lipman et al. 2023, arXiv:2210.02747, eqs. 9 and 20-23;  Liu et al. 2023, arXiv:2209.03003 (straight paths);  Tong
//     et al. 2024,
//   arXiv:2302.00482, algs. 2 to 4 (independent pairs, pairs by optimal transport within a minibatch, Schroedinger
//     bridges).
#pragma once

#include <cmath>
#include <string>

#include "rheo/flows/front.hpp"
#include "rheo/math/assignment.hpp"
#include "rheo/math/sinkhorn.hpp"
#include "rheo/nets/velocity.hpp"
#include "rheo/training/objectives.hpp"

namespace rheo {
namespace detail {

/// What the field is trained of.
template <class F> struct MatchedFlow : Front<F> {
  using typename Front<F>::Last;
  static_assert(
      requires(const Last& l) {
        l.net;
        l.solver;
        typename Last::Net;
      },
      "rheo: FlowMatching: the last layer before the base must be a Continuous");
  static_assert(F::Base::param_count == 0 && F::Base::x_dim == Last::z_dim && F::Base::context_dim == 0,
                "rheo: FlowMatching: the base must be StandardNormal: its draws are the other ends of the paths");
};

/// How ends are given to rows: as drawn, by least cost, by the plan with entropy.
enum class Pairs { drawn, nearest, entropic };

/// Draws of the rows' ends, times and positions, and the loss and its gradient.  On a Bridge the blur is sigma
/// sqrt(t (1 - t)) and the target moves with it.
template <Pairs How, bool Bridge, class F, class T>
double match_flow(ObjectiveCall<F, T>& c, double sigma, const Batch<double>* source, double regularisation = 0) {
  using M = MatchedFlow<F>;
  using Last = typename M::Last;
  constexpr Index D = Last::x_dim;
  Arena& scratch = c.worker.scratch;
  Arena::Scope scope(scratch);
  const Index n = c.x.rows();
  if constexpr (How == Pairs::entropic) {
    if (!(regularisation > 0 && std::isfinite(regularisation)))
      fail("flow matching: the regularisation of a plan, or a bridge's sigma, must be positive and finite");
  }
  const Noise ends = c.noise.fork(101), times = c.noise.fork(102), blur = c.noise.fork(103);

  ColView<T> ignored = scratch.template column<T>(n);
  ignored.setZero();
  const CView<T> x = M::encode(c.model, c.worker, c.x, ignored, c.context, c.noise);

  View<T> z = scratch.template take<T>(n, D), at = scratch.template take<T>(n, D), f = scratch.template take<T>(n, D);
  ColView<T> t = scratch.template column<T>(n);
  if (source) {
    if (source->rows() < 1 || source->cols() != D)
      fail("flow matching: the source wants rows of " + std::to_string(D) + " columns, it has " +
           std::to_string(source->cols()) + " in " + std::to_string(source->rows()) + " rows");
    for (Index i = 0; i < n; ++i) {
      const Index from = ends.index(i, 0, source->rows());
      for (Index k = 0; k < D; ++k) z(i, k) = T((*source)(from, k));
    }
  } else {
    ends.normals(z);
  }
  if constexpr (How != Pairs::drawn) {
    View<double> cost = scratch.template take<double>(n, n);
    ColView<Index> match = scratch.template column<Index>(n);
    bool finite = true;
    for (Index j = 0; j < n; ++j) {
      for (Index i = 0; i < n; ++i) {
        double d = 0;
        for (Index k = 0; k < D; ++k) {
          const double e = static_cast<double>(x(i, k)) - static_cast<double>(z(j, k));
          d += e * e;
        }
        cost(i, j) = d;
        finite = finite && std::isfinite(d);
      }
    }
    if (finite) {
      if constexpr (How == Pairs::nearest) {
        math::assign(read(cost), match, scratch);
      } else {
        math::entropic_plan(cost, regularisation, scratch, 1e-3, 300);
        for (Index i = 0; i < n; ++i) {
          double left = c.noise.fork(104).uniform(i, 0);
          Index j = 0;
          while (j + 1 < n && (left -= cost(i, j)) > 0) ++j;
          match(i) = j;
        }
      }
      for (Index i = 0; i < n; ++i) {
        for (Index k = 0; k < D; ++k) at(i, k) = z(match(i), k);
      }
      copy(read(at), z);
    }
  }
  for (Index i = 0; i < n; ++i) t(i) = times.template uniform<T>(i, 0);
  const auto width = [&](Index i) { return T(std::sqrt(static_cast<double>(t(i)) * (1 - static_cast<double>(t(i))))); };
  for (Index k = 0; k < D; ++k) {
    column(at, k) = column(z, k) - column(x, k);
    column(at, k) = column(x, k) + t * column(at, k);
    if (sigma > 0) {
      for (Index i = 0; i < n; ++i) at(i, k) += T(sigma * blur.normal(i, k)) * (Bridge ? width(i) : T(1));
    }
  }

  const Last& layer = M::last(c.model.flow());
  using FieldCache = typename Last::Net::template Cache<T>;
  FieldCache& cache = M::template cache<T>(c.worker).stages[0];
  const Params<const T> theta = M::theta(c.model);
  const CView<T> context = columns(c.context, 0, Last::context_dim),
                 nowhere = view_of(static_cast<const T*>(nullptr), 0, D, 0);
  layer.net.map(FieldPass<T, FieldCache>{read(at), read(t), nowhere, f, ignored, theta, context, cache, scratch});
  double loss = 0;
  for (Index k = 0; k < D; ++k) {
    for (Index i = 0; i < n; ++i) {
      const double w = c.weight ? c.weight[i] : 1;
      T gap = w == 0 ? T(0) : f(i, k) - (z(i, k) - x(i, k));  // a row of weight 0 may be anything
      T root(1);
      if constexpr (Bridge) {
        root = T(2) * width(i);
        if (w != 0) gap = root * gap - T(sigma * blur.normal(i, k)) * (T(1) - T(2) * t(i));
      }
      loss += w * static_cast<double>(gap) * static_cast<double>(gap);
      f(i, k) = T(2 * w * c.scale) * gap * root;
    }
  }
  if (!c.pull) return loss;
  const View<T> g_x = scratch.template take<T>(n, D);
  View<T> g_context = scratch.template take<T>(n, Last::context_dim);
  g_context.setZero();
  layer.net.map_pull(FieldPull<T, FieldCache>{read(at), read(t), nowhere, read(f), read(ignored), g_x, theta,
                                              M::gradient(c.g_theta), context, g_context, cache, scratch});
  return loss;
}

}  // namespace detail

/// |f(x_t, t) - (z - x)|^2 per row, summed over coordinates, at x_t = (1 - t) x + t z + sigma e with z, e ~ N(0, I) and
/// t uniform on [0, 1].
///
/// Our time runs from data (t = 0) to latent (t = 1), so that the target is z - x; the papers' t is our 1 - t.  For
/// flows of any bijections, a Continuous and StandardNormal: x is the data behind the bijections in front, which are
/// held as they are and get no gradient (Standardize has no parameters; ActNorm keeps its data-dependent start).  The
/// loss is not a density: its least value is the mean variance of z - x given (x_t, t), above zero.  Validation in
/// fit() uses the same loss with fixed draws.  With a source the latents are its rows' law, in the units behind the
/// bijections in front: decode them, from rows of the source; log_prob, which asks the base, says nothing then.
struct FlowMatching {
  double sigma = 0;                       ///< not negative
  const Batch<double>* source = nullptr;  ///< rows that z is drawn from, with repetition, in place of N(0, I)
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    return detail::match_flow<detail::Pairs::drawn, false>(c, sigma, source);
  }
};

/// The same with the z of a shard's rows given to its x so that the sum of squared distances is least (exactly,
/// O(n^3)): paths that cross less and fields that need fewer steps.  Pairs are made within a shard (128 rows in float,
/// 64 in double), so the loss of a row depends on the rows beside it, and its least value with the size of the shard.
/// Refuses a context: pairing across contexts would bend the conditional laws. A shard with values that are not finite
/// keeps its pairs as drawn.
struct OtFlowMatching {
  double sigma = 0;                       ///< not negative
  const Batch<double>* source = nullptr;  ///< as FlowMatching's
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    static_assert(F::context_dim == 0,
                  "rheo: OtFlowMatching: pairs made across contexts would bend the conditional laws: use FlowMatching");
    return detail::match_flow<detail::Pairs::nearest, false>(c, sigma, source);
  }
};

/// The same with z drawn for each x from the shard's transport plan with entropy: least mean of squared distance +
/// regularisation log p.  Between OtFlowMatching (regularisation 0) and FlowMatching (infinite), O(n^2) a sweep, at
/// most 300 sweeps.
struct SinkhornFlowMatching {
  double regularisation = 0.1;            ///< positive, of the unit of squared distances
  double sigma = 0;                       ///< not negative
  const Batch<double>* source = nullptr;  ///< as FlowMatching's
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    static_assert(F::context_dim == 0,
                  "rheo: SinkhornFlowMatching: pairs made across contexts would bend the "
                  "conditional laws: use FlowMatching");
    return detail::match_flow<detail::Pairs::entropic, false>(c, sigma, source, regularisation);
  }
};

/// The Schroedinger bridge between data and z with Brownian motion of variance sigma^2 a unit of time for reference
/// (SB-CFM): z from the plan of regularisation 2 sigma^2, x_t = (1 - t) x + t z + sigma sqrt(t (1 - t)) e, and f learns
/// the flow whose marginals are the bridge's.  The loss per row is
///   |2 sqrt(t (1 - t)) (f(x_t, t) - (z - x)) - (1 - 2 t) sigma e|^2:
/// the squared error of f times 4 t (1 - t), without which its mean would be infinite; what f is best does not change.
struct BridgeMatching {
  double sigma = 1;                       ///< positive
  const Batch<double>* source = nullptr;  ///< as FlowMatching's
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    static_assert(F::context_dim == 0,
                  "rheo: BridgeMatching: pairs made across contexts would bend the conditional laws: use FlowMatching");
    return detail::match_flow<detail::Pairs::entropic, true>(c, sigma, source, 2 * sigma * sigma);
  }
};

}  // namespace rheo
