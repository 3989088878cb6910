// SPDX-License-Identifier: MIT
// AlphaDivergence: the divergences between reverse and forward KL and beyond, of a flow from an energy, by three
// estimators of one gradient.
//   As Amari 1985 defines it;  in Renyi's form, with its reparameterised gradient: Li and Turner 2016, arXiv:1602.02311
//     (their alpha is 1 - ours).
//   By the path: Roeder, Wu, Duvenaud 2017, arXiv:1703.09194 (alpha = 0, sticking the landing); Vaitl et al. 2022,
//     arXiv:2207.08219 (alpha = 1);
//   Geffner and Domke 2021, arXiv:2010.09541 (any).  By weights: Mueller et al. 2019, arXiv:1808.03856 (alpha = 1 and
//     2); Midgley et al. 2023,
//   arXiv:2208.01893 (FAB, alpha = 2); Richter et al. 2020, arXiv:2010.10436 (VarGrad, alpha = 0).
#pragma once

#include <cmath>
#include <limits>
#include <optional>

#include "rheo/training/objectives.hpp"

namespace rheo {

/// How the gradient is estimated from the flow's own draws x, log w = -u(x) - log q(x).
///   reparameterised  the derivative of the loss through the draws: any flow that ReverseKl trains, of paths where
///     layers sample; accept bits held constant;
///   path             through x alone, the score of q left out, whose mean is moved into the weights: no variance where
///                    q is the target.  Costs an encode
///                    more.  For exact log-densities whose draws have a derivative;
///   weights          the draws held constant, -w^alpha d log q: no derivative of u or of decode is asked for, so any
///                    ValueEnergy will do.  For exact
///                    log-densities;
///   automatic        the path where it can be taken, else the weights where the log-density is exact, else
///                    reparameterised.
enum class Estimator { automatic, reparameterised, path, weights };

/// D_alpha(p || q) = (E_q[(p / q)^alpha] - 1) / (alpha (alpha - 1)), p = exp(-u) / Z:  alpha -> 0 is KL(q || p), which
/// fills a mode; 1/2 four times the squared Hellinger distance; alpha -> 1 KL(p || q), which covers all modes that
/// draws reach; 2 half the chi-squared divergence, which is the variance of the weights.
///
/// With a level c (nats), log Z or near it, the loss of a draw is ((w e^-c)^alpha - 1) / (alpha (alpha - 1)), at 0: c -
/// log w, at 1: w e^-c (log w - c - 1) + 1; its gradient is unbiased for that of e^(alpha (log Z - c)) D_alpha.  Far
/// from c the weights overflow, and such steps are not made. Without one, log mean w^alpha / (alpha (alpha - 1)) over
/// the rows of a shard (shard_rows) takes the place of the mean, at 0: -mean log w, at 1: the self-normalised estimate
/// of KL(p || q): weights are relative ones, whatever Z is, at a bias of order 1 / rows.  The least loss is log Z /
/// (alpha - 1), at 1: 0. Loss and gradient are those of one another only in the reparameterised form; the others have
/// the gradient's mean (without a level, up to that bias). That estimate falls without bound, for alpha above 1, once
/// no draw of a shard is near the target: what follows its slope, a reparameterised fit, may lose modes at alpha = 1
/// and run away at 2, where `path` and `weights` do not, and fits at alpha above 1 are judged by the estimate at 1. For
/// bounds, which have no other estimator, keep alpha below 1: a fit that runs away ends with its best parameters before
/// that, which may be its start, and one that lost a mode does not tell. Draws off the support of exp(-u) have weight
/// 0.  Where u is +inf behind a wall inside the draws' reach take `weights`: the others do not see the wall move.
/// Weights of high powers vary much: alpha in [0, 2].  Throws std::invalid_argument unless alpha is finite.
template <ValueEnergy E, Estimator How> class AlphaDivergence {
  static_assert(How == Estimator::automatic || How == Estimator::weights || Energy<E>,
                "rheo: an AlphaDivergence of an energy without a gradient: take Estimator::weights");

 public:
  E energy;  ///< u(x), nats
  /// Throws std::invalid_argument unless alpha is finite; level: c of above.
  explicit AlphaDivergence(E e, double alpha, std::optional<double> level = {})
      : energy(std::move(e)), alpha_(alpha), level_(level) {
    if (!std::isfinite(alpha)) detail::fail("AlphaDivergence: alpha must be finite");
  }
  /// What fits are judged by: see above.
  AlphaDivergence judge() const { return alpha_ > 1 ? AlphaDivergence(energy, 1) : *this; }
  template <class F, class T> struct Room {
    typename E::template Workspace<T> energy;
    CacheOf<F, T> encode;
  };

  /// What `automatic` comes to for a flow.
  template <class F, class T> static constexpr Estimator estimator() {
    if (How != Estimator::automatic) return How;
    constexpr bool scored = is_exact_v<F> && CanEncodePull<F, T>, drawn = Energy<E> && CanDecodePull<F, T>;
    if (scored && drawn && !detail::has_biased_pulls<F>) return Estimator::path;
    return scored || !Energy<E> ? Estimator::weights : Estimator::reparameterised;
  }

  template <class F, class T> double operator()(ObjectiveCall<F, T>& c, Room<F, T>& room) const {
    return estimate<estimator<F, T>()>(c, room);
  }

 private:
  template <Estimator By, class F, class T> double estimate(ObjectiveCall<F, T>& c, Room<F, T>& room) const {
    static_assert(By == Estimator::reparameterised || (is_exact_v<F> && CanEncodePull<F, T>),
                  "rheo: AlphaDivergence: this estimator needs an exact log-density with a gradient: take "
                  "Estimator::reparameterised, and an energy with a gradient");
    static_assert(By == Estimator::weights || CanDecodePull<F, T>,
                  "rheo: AlphaDivergence: the draws of this flow have no derivative: take Estimator::weights, if its "
                  "log-density is exact");
    static_assert(By != Estimator::path || !detail::has_biased_pulls<F>,
                  "rheo: AlphaDivergence: draws with accept tests have no path: take Estimator::reparameterised");
    Arena& scratch = c.worker.scratch;
    Arena::Scope scope(scratch);
    constexpr bool through = By != Estimator::weights, at_draws = By != Estimator::reparameterised;
    const Index n = c.x.rows();
    const View<T> x = scratch.template take<T>(n, F::x_dim);
    View<T> g_x = scratch.template take<T>(n, F::x_dim);
    ColView<T> v = scratch.template column<T>(n), u = scratch.template column<T>(n);
    ColView<double> log_w = scratch.template column<double>(n), power = scratch.template column<double>(n);
    const auto none = Model<F, T>::template nothing<T>(n);
    detail::decode_draws(c, x, v, c.pull && through);
    detail::energy_of_draws(energy, c, read(x), u, c.pull && through ? &g_x : nullptr, room.energy);
    for (Index i = 0; i < n; ++i) {
      const double l = -static_cast<double>(u(i)) - static_cast<double>(v(i));
      log_w(i) = l == std::numeric_limits<double>::infinity() ? -l : l;  // no path of encode's leads there: weight 0
    }
    double centre = 0;
    const double loss = weigh(log_w, c.weight, power, centre);
    if (!c.pull) return loss;

    ColView<T> g_v = v;
    View<T> g_context = scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    if constexpr (at_draws) {  // log q at x held constant
      const View<T> score = scratch.template take<T>(n, F::x_dim);
      Params<T> g_theta = c.g_theta;
      if constexpr (By == Estimator::path) {
        ColView<T> trash = scratch.template column<T>(F::param_count);
        trash.setZero();
        g_theta = Params<T>(trash.data(), F::param_count);
        g_v.setOnes();
      } else {
        for (Index i = 0; i < n; ++i)
          g_v(i) = T(-c.scale * excess(log_w(i), centre, power(i), c.weight ? c.weight[i] : 1));
      }
      ColView<T> log_q = u;
      log_q.setZero();
      c.model.flow().encode(Pass<T, CacheOf<F, T>>{read(x), none, log_q, c.model.theta(), c.model.state(), c.context,
                                                   c.noise, room.encode, scratch, true, &c.worker.report});
      c.model.flow().encode_pull(Pull<T, CacheOf<F, T>>{read(x), read(none), read(none), read(g_v), score,
                                                        c.model.theta(), g_theta, c.model.state(), c.context, g_context,
                                                        c.noise, room.encode, scratch});
      if constexpr (By == Estimator::weights) return loss;
      for (Index j = 0; j < F::x_dim; ++j) column(g_x, j) += column(score, j);
    }
    for (Index i = 0; i < n; ++i) {
      const double slope =
          at_draws || alpha_ != 1 ? power(i) / (at_draws ? 1 : 1 - alpha_) : power(i) * (centre - log_w(i));
      const T g = T(c.scale * (power(i) == 0 ? 0 : slope));
      g_v(i) = at_draws ? T(0) : g;
      for (Index j = 0; j < F::x_dim; ++j) g_x(i, j) = g == T(0) ? T(0) : g_x(i, j) * g;
    }
    c.model.flow().decode_pull(Pull<T, CacheOf<F, T>>{read(none), read(x), read(g_x), read(g_v), none, c.model.theta(),
                                                      c.g_theta, c.model.state(), c.context, g_context, c.noise,
                                                      c.worker.cache, scratch});
    return loss;
  }

  /// The loss of the rows; power(i) = (w e^-c)^alpha times the row's weight, relative where there is no level; centre:
  /// the level, or a mean of log w that stands for it at alpha = 0 and 1.
  double weigh(const ColView<double>& log_w, const double* weight, ColView<double>& power, double& centre) const {
    const Index n = log_w.size();
    const auto of_row = [&](Index i) { return weight ? weight[i] : 1.0; };
    double total = 0, loss = 0;
    if (level_) {
      centre = *level_;
      for (Index i = 0; i < n; ++i) {
        power(i) = of_row(i) == 0 ? 0 : of_row(i) * raised(log_w(i) - centre);
        if (of_row(i) == 0) continue;
        const double d = log_w(i) - centre;
        if (alpha_ == 0) loss -= of_row(i) * d;
        else if (alpha_ == 1) loss += power(i) == 0 ? of_row(i) : power(i) * (d - 1) + of_row(i);
        else loss += (power(i) - of_row(i)) / (alpha_ * (alpha_ - 1));
      }
      return loss;
    }
    double top = -std::numeric_limits<double>::infinity(), sum = 0;
    for (Index i = 0; i < n; ++i) {
      total += of_row(i);
      const double a = alpha_ == 0 ? 0 : alpha_ * log_w(i);
      if (of_row(i) != 0) top = a > top || std::isnan(a) ? a : top;
    }
    if (total == 0) {
      power.setZero();
      return 0;
    }
    for (Index i = 0; i < n; ++i) {
      power(i) = of_row(i) == 0
                     ? 0
                     : of_row(i) * std::exp((alpha_ == 0 ? 0 : alpha_ * log_w(i)) - (std::isinf(top) ? 0 : top));
      sum += power(i);
    }
    power *= total / sum;
    const double largest =
        alpha_ == 1 && !std::isinf(top) ? top : 0;  // weights are told apart relative to it, however far the draws are
    for (Index i = 0; i < n; ++i) centre += power(i) == 0 ? 0 : power(i) * (log_w(i) - largest) / total;
    if (alpha_ == 0) return -total * centre;
    const double relative = centre + (largest - top) - std::log(sum / total);
    centre += largest;
    return alpha_ == 1 ? total * relative : total * (top + std::log(sum / total)) / (alpha_ * (alpha_ - 1));
  }
  double raised(double d) const { return alpha_ == 0 ? 1 : std::exp(alpha_ * d); }
  /// (w^alpha - 1) / alpha: what is left of the weight when its mean is taken off, since the score's mean is 0.
  double excess(double log_w, double centre, double power, double weight) const {
    if (weight == 0) return 0;
    return alpha_ == 0 ? weight * (log_w - centre) : (power - weight) / alpha_;
  }

  double alpha_;
  std::optional<double> level_;
};

/// `fit_energy(model, alpha_divergence(energy, 2.0))`; another estimator:
/// `alpha_divergence<Estimator::weights>(energy, 2.0)`.
template <Estimator How = Estimator::automatic, ValueEnergy E>
AlphaDivergence<E, How> alpha_divergence(E energy, double alpha, std::optional<double> level = {}) {
  return AlphaDivergence<E, How>(std::move(energy), alpha, level);
}
/// Reverse KL by path gradients: `fit_energy(model, path_gradient(energy))`.
template <Energy E> AlphaDivergence<E, Estimator::path> path_gradient(E energy) {
  return AlphaDivergence<E, Estimator::path>(std::move(energy), 0.0);
}

}  // namespace rheo
