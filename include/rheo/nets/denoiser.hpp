// SPDX-License-Identifier: MIT
// Denoiser: a net that tells the noise e in x = signal x_0 + noise e, at any level.
//   Ho et al. 2020, arXiv:2006.11239, eqs. 11-12 (e is told, score = -e / noise);  Karras et al. 2022,
//     arXiv:2206.00364, eq. 7 (scaled inputs, a
//   part passed by);  Salimans and Ho 2022, arXiv:2202.00512 (what the net gives is their v where m = 1);  Vahdat et
//     al. 2021, arXiv:2106.05931 (the part passed by is the answer for normal data);  Kingma et al. 2021,
//   arXiv:2107.00630 (time on the scale of the log signal-to-noise ratio).
#pragma once

#include "rheo/math/noise_levels.hpp"
#include "rheo/nets/velocity.hpp"

namespace rheo {

/// A level and where it stands on the net's clock (clock_of).
struct DenoiserLevel {
  NoiseLevel level;
  double clock;
  bool operator==(const DenoiserLevel&) const = default;
};

/// One evaluation, each row at its own level; `along` and `trace` as in a FieldPass.
template <class T, class Cache> struct DenoiserPass {
  CView<T> x;
  ColView<DenoiserLevel> levels;
  CView<T> along;
  View<T> e;         ///< n x D, overwritten
  ColView<T> trace;  ///< n, overwritten if there are directions
  Params<const T> theta;
  CView<T> context;
  Cache& cache;
  Arena& scratch;
};
/// The vector-Jacobian product of the same evaluation.
template <class T, class Cache> struct DenoiserPull {
  CView<T> x;
  ColView<DenoiserLevel> levels;
  CView<T> along, g_e;
  CColView<T> g_trace;
  View<T> g_x;  ///< overwritten
  Params<const T> theta;
  Params<T> g_theta;
  CView<T> context;
  View<T> g_context;
  Cache& cache;
  Arena& scratch;
};

/// Field is a recipe of fields, Velocity<MlpOf<Silu, 64, 64>, FourierTime<4>>; its net is handed the clock as time.
/// e(x) = noise x / m + signal / sqrt(m) net(x / sqrt(m), clock), m = signal^2 + noise^2 the variance of x for data of
/// variance one.  The first part is what N(0, I) data want; with the net at zero, as it starts, that is what is told.
/// The second shrinks with the signal, so that the guess of x_0, (x - noise e) / signal, stays of order one at every
/// level.
template <Index D, class Field, Index C = 0> struct Denoiser {
  using Body = detail::FieldOf<Field, D, C>;
  static constexpr Index param_count = Body::param_count;
  template <class T> struct Cache {
    typename Body::template Cache<T> body;
    Buffer<T> in;
  };
  Body body{};

  template <class P> static auto unpack(P p) { return Body::unpack(p); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    body.init(theta, buffers, noise);
  }

  template <class T> void map(DenoiserPass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.x.rows();
    const View<T> in = p.cache.in.view(n, D + 4);  // inputs, shrinking, share passed by, clock, gain
    ColView<T> shrink = column(in, D), by = column(in, D + 1), clock = column(in, D + 2), gain = column(in, D + 3);
    for (Index i = 0; i < n; ++i) {
      const DenoiserLevel& l = p.levels(i);
      if (i > 0 && l == p.levels(i - 1)) {
        for (ColView<T>* c : {&shrink, &by, &clock, &gain}) (*c)(i) = (*c)(i - 1);
        continue;
      }
      const double m = l.level.variance();
      shrink(i) = T(1 / std::sqrt(m));
      by(i) = T(l.level.noise / m);
      clock(i) = T(l.clock);
      gain(i) = T(l.level.signal / std::sqrt(m));
    }
    for (Index j = 0; j < D; ++j) column(in, j) = column(p.x, j) * shrink;
    body.map(FieldPass<T, typename Body::template Cache<T>>{read(columns(in, 0, D)), read(clock), p.along, p.e, p.trace,
                                                            p.theta, p.context, p.cache.body, p.scratch});
    for (Index j = 0; j < D; ++j) column(p.e, j) = column(p.e, j) * gain + column(p.x, j) * by;
    if (p.along.rows() == 0) return;
    p.trace *= shrink * gain;
    for (Index d = 0; d < p.along.rows(); d += n) {
      for (Index j = 0; j < D; ++j) p.trace += column(rows(p.along, d, n), j).square() * by;
    }
  }
  template <class T> void map_pull(DenoiserPull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.x.rows();
    const CView<T> in = read(p.cache.in.view(n, D + 4));
    const CColView<T> shrink = column(in, D), by = column(in, D + 1), clock = column(in, D + 2),
                      gain = column(in, D + 3);
    const View<T> g_net = p.scratch.template take<T>(n, D);
    ColView<T> g_trace = p.scratch.template column<T>(n);
    if (p.along.rows() > 0) g_trace = p.g_trace * shrink * gain;
    for (Index j = 0; j < D; ++j) column(g_net, j) = column(p.g_e, j) * gain;
    body.map_pull(FieldPull<T, typename Body::template Cache<T>>{columns(in, 0, D), clock, p.along, read(g_net),
                                                                 read(g_trace), p.g_x, p.theta, p.g_theta, p.context,
                                                                 p.g_context, p.cache.body, p.scratch});
    for (Index j = 0; j < D; ++j) column(p.g_x, j) = column(p.g_x, j) * shrink + column(p.g_e, j) * by;
  }
};

}  // namespace rheo
