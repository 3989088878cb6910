// SPDX-License-Identifier: MIT
// Probability flows: the fields of ordinary differential equations whose marginals are those of a stochastic one, for
// Continuous to integrate.
//   Song et al. 2021, arXiv:2011.13456, eq. 13;  Zhang and Chen 2021, arXiv:2110.07579, eq. 17, with lambda = 0 (drift
//     f - g^2 s / 2).
#pragma once

#include <cmath>

#include "rheo/nets/denoiser.hpp"

namespace rheo {

/// Of a linear equation (rheo/math/noise_levels.hpp) whose noise a Denoiser tells: dx/dt = drift(t) x + g^2(t) e(x, t)
/// / (2 noise(t)), from data (t = sde.start) to noise (t = 1) while Continuous runs from 0 to 1.  A recipe; Field is
/// the Denoiser's.
template <class Field, class Sde = VariancePreserving> struct ProbabilityFlow {
  template <Index D, Index C> struct field {
    using Predictor = Denoiser<D, Field, C>;
    static constexpr Index param_count = Predictor::param_count;
    static constexpr bool smooth = true;
    template <class T> using Cache = typename Predictor::template Cache<T>;

    Sde sde{};
    Predictor denoiser{};

    field() = default;
    /// Throws std::invalid_argument unless the equation starts in [0, 1), with noise there, and has more of it and some
    /// signal left at 1.
    explicit field(Sde equation) : sde(equation) {
      const NoiseLevel first = sde.level(sde.start), last = sde.level(1);
      if (!(sde.start >= 0 && sde.start < 1 && first.noise > 0 && last.signal > 0 && first.log_snr() > last.log_snr() &&
            std::isfinite(last.noise))) {
        detail::fail("ProbabilityFlow wants an equation that starts in [0, 1) with some noise, and adds to it until 1");
      }
    }

    template <class P> static auto unpack(P p) { return Predictor::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      denoiser.init(theta, buffers, noise);
    }

    /// The equation's time when Continuous is at s, and where that time stands on the net's clock.
    double time(double s) const { return sde.start + (1 - sde.start) * s; }
    DenoiserLevel at(double t) const {
      const NoiseLevel l = sde.level(t);
      return {l, clock_of(l, sde.level(sde.start), sde.level(1))};
    }

    template <class T> void map(FieldPass<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const auto [levels, linear, e] = coefficients<T>(p.t, p.scratch);
      denoiser.map(
          DenoiserPass<T, Cache<T>>{p.x, levels, p.along, p.f, p.trace, p.theta, p.context, p.cache, p.scratch});
      for (Index j = 0; j < D; ++j) column(p.f, j) = column(p.x, j) * linear + column(p.f, j) * e;
      if (p.along.rows() == 0) return;
      p.trace *= e;
      for (Index d = 0; d < p.along.rows(); d += p.x.rows()) {
        for (Index j = 0; j < D; ++j) p.trace += column(rows(p.along, d, p.x.rows()), j).square() * linear;
      }
    }
    template <class T> void map_pull(FieldPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const auto [levels, linear, e] = coefficients<T>(p.t, p.scratch);
      const View<T> g_e = p.scratch.template take<T>(p.x.rows(), D);
      const ColView<T> g_trace = p.scratch.template column<T>(p.x.rows());
      for (Index j = 0; j < D; ++j) column(g_e, j) = column(p.g_f, j) * e;
      if (p.along.rows() > 0) {
        ColView<T> g = g_trace;
        g = p.g_trace * e;
      }
      denoiser.map_pull(DenoiserPull<T, Cache<T>>{p.x, levels, p.along, read(g_e), read(g_trace), p.g_x, p.theta,
                                                  p.g_theta, p.context, p.g_context, p.cache, p.scratch});
      for (Index j = 0; j < D; ++j) column(p.g_x, j) += column(p.g_f, j) * linear;
    }

   private:
    /// Per row: the level, and dx/ds = linear x + e e(x, t).
    template <class T> auto coefficients(CColView<T> s, Arena& scratch) const {
      struct {
        ColView<DenoiserLevel> levels;
        ColView<T> linear, e;
      } r{scratch.column<DenoiserLevel>(s.size()), scratch.column<T>(s.size()), scratch.column<T>(s.size())};
      for (Index i = 0; i < s.size(); ++i) {
        const double u = static_cast<double>(autodiff::value_of(s(i)));
        if (i > 0 && u == static_cast<double>(autodiff::value_of(s(i - 1)))) {
          r.levels(i) = r.levels(i - 1), r.linear(i) = r.linear(i - 1), r.e(i) = r.e(i - 1);
          continue;
        }
        const double t = time(u);
        r.levels(i) = at(t);
        r.linear(i) = T((1 - sde.start) * sde.drift(t));
        r.e(i) = T((1 - sde.start) * 0.5 * sde.squared_diffusion(t) / r.levels(i).level.noise);
      }
      return r;
    }
  };
};

/// The times and the noise of a DiffFlow: t_i = (i/N)^exponent end; g runs geometrically from `noise` at the data,
/// where it blurs what is sampled, to `last_noise` at the latents, where it hides what the drift leaves.  The paper's,
/// an end of 1 taken for its 0.05: exponent 0.9, both noises 0.045 (whoever gives one gives both: neither follows the
/// other).  A jitter above 0, at most 1, has every call move its inner times, each by a random share below it of the
/// step ahead: fields that are learned so hold between the times as well.
struct DiffFlowTime {
  double end = 1, exponent = 1, noise = 0.01, last_noise = 1, jitter = 0;
  double g(double t) const { return noise * std::pow(last_noise / noise, t / end); }
};

/// The marginals of a DiffFlow's forward equation, if s is their score: dx/dt = f - g (g s) / 2 with the layer's own
/// parameters.  A recipe; Field is the layer's.
template <class Field> struct DiffFlowOde {
  template <Index D, Index C> struct field {
    using Net = detail::FieldOf<Field, D, C>;
    static constexpr Index param_count = 2 * Net::param_count;
    static constexpr bool smooth = true;
    template <class T> struct Cache { typename Net::template Cache<T> drift, score; };
    DiffFlowTime time{};
    Net net{};

    field() = default;
    explicit field(DiffFlowTime t) : time(t) {}

    template <class P> static auto unpack(P p) {
      auto f = p.part(Net{}, Net::param_count, "drift");
      return std::pair{f, p.part(Net{}, Net::param_count, "scaled score")};
    }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      const auto [f, s] = unpack(theta);
      net.init(f, buffers, noise.fork(0));
      net.init(s, buffers, noise.fork(1));
    }

    template <class T> void map(FieldPass<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.x.rows();
      const View<T> s = p.scratch.template take<T>(n, D);
      const ColView<T> s_trace = p.scratch.template column<T>(n), w = weight<T>(p.t, p.scratch);
      using NetCache = typename Net::template Cache<T>;
      net.map(FieldPass<T, NetCache>{
          p.x, p.t, p.along, p.f, p.trace, {p.theta.data(), Net::param_count}, p.context, p.cache.drift, p.scratch});
      net.map(FieldPass<T, NetCache>{p.x,
                                     p.t,
                                     p.along,
                                     s,
                                     s_trace,
                                     {p.theta.data() + Net::param_count, Net::param_count},
                                     p.context,
                                     p.cache.score,
                                     p.scratch});
      for (Index j = 0; j < D; ++j) column(p.f, j) = T(time.end) * column(p.f, j) - w * column(s, j);
      if (p.along.rows() > 0) p.trace = T(time.end) * p.trace - w * s_trace;
    }
    template <class T> void map_pull(FieldPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.x.rows();
      const View<T> g = p.scratch.template take<T>(n, D), g_x = p.scratch.template take<T>(n, D);
      ColView<T> g_trace = p.scratch.template column<T>(n);
      const ColView<T> w = weight<T>(p.t, p.scratch);
      using NetCache = typename Net::template Cache<T>;
      for (Index j = 0; j < D; ++j) column(g, j) = T(time.end) * column(p.g_f, j);
      if (p.along.rows() > 0) g_trace = T(time.end) * p.g_trace;
      net.map_pull(FieldPull<T, NetCache>{p.x,
                                          p.t,
                                          p.along,
                                          read(g),
                                          read(g_trace),
                                          p.g_x,
                                          {p.theta.data(), Net::param_count},
                                          {p.g_theta.data(), Net::param_count},
                                          p.context,
                                          p.g_context,
                                          p.cache.drift,
                                          p.scratch});
      for (Index j = 0; j < D; ++j) column(g, j) = -w * column(p.g_f, j);
      if (p.along.rows() > 0) g_trace = -w * p.g_trace;
      net.map_pull(FieldPull<T, NetCache>{p.x,
                                          p.t,
                                          p.along,
                                          read(g),
                                          read(g_trace),
                                          g_x,
                                          {p.theta.data() + Net::param_count, Net::param_count},
                                          {p.g_theta.data() + Net::param_count, Net::param_count},
                                          p.context,
                                          p.g_context,
                                          p.cache.score,
                                          p.scratch});
      for (Index j = 0; j < D; ++j) column(p.g_x, j) += column(g_x, j);
    }

   private:
    /// end g / 2 of each row.
    template <class T> ColView<T> weight(CColView<T> t, Arena& scratch) const {
      ColView<T> w = scratch.column<T>(t.size());
      for (Index i = 0; i < t.size(); ++i) {
        w(i) = T(0.5 * time.end * time.g(time.end * static_cast<double>(autodiff::value_of(t(i)))));
      }
      return w;
    }
  };
};

}  // namespace rheo
