// SPDX-License-Identifier: MIT
// The objective of free-form flows: reconstruction, and maximum likelihood of the encoder, whose log-determinant has an
// estimated gradient.
//   Draxler et al. 2024, arXiv:2310.16624;  Sorrenson et al. 2024, arXiv:2306.01843.
#pragma once

#include <cmath>
#include <cstdint>

#include "rheo/flows/front.hpp"
#include "rheo/layers/bijections/free_form.hpp"
#include "rheo/training/objectives.hpp"

namespace rheo {

/// How FreeFormLikelihood finds the gradient of log abs det f'(x).  surrogate: that of v' f'(x) w with w = g'(f(x)) v
/// held and one v a row, uniform on the sphere of radius sqrt(D): two derivatives whatever D; its mean over v is
/// tr(df' g'), the gradient where g' is the inverse of f'.  exact: by D tangents and an LU.
enum class VolumeGradient { surrogate, exact };

/// beta |x - g(f(x))|^2 - log p(f(x)) - log abs det f'(x) per row, in nats: the second and third part are the negative
/// log-density of the encoder.  For flows of any bijections, a FreeForm and a base: x is the data behind the bijections
/// in front, which are held as they are and get no gradient.  g learns by the reconstruction alone.
///
/// The loss that epochs are judged by is exact; that of a step too up to D = 3, and beyond it has D - v' f'(x) w in the
/// place of the log-determinant, which says nothing of the density: there keep a held-out share.
struct FreeFormLikelihood {
  double beta = 25;  ///< above 0; the more, the closer g(f(x)) is to x, and the slower the density is learned
  VolumeGradient volume = VolumeGradient::surrogate;  ///< how the log-determinant is followed; judged by `exact`

  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    using Front = detail::Front<F>;
    using L = typename Front::Last;
    using Base = typename F::Base;
    static_assert(
        requires {
          typename L::EncoderNet;
          typename L::DecoderNet;
        },
        "rheo: FreeFormLikelihood: the last layer before the base must be a FreeForm");
    constexpr Index D = L::x_dim;
    Arena& scratch = c.worker.scratch;
    Arena::Scope scope(scratch);
    const Index n = c.x.rows();
    const bool estimated = volume == VolumeGradient::surrogate, whole = D <= 3 || !c.pull || !estimated;
    const Params<const T> theta = Front::theta(c.model);
    const CView<T> context = columns(c.context, 0, L::context_dim);
    auto& kept = Front::template cache<T>(c.worker);

    ColView<T> v = scratch.template column<T>(n), log_abs = scratch.template column<T>(n);
    v.setZero();
    log_abs.setZero();
    const CView<T> x = Front::encode(c.model, c.worker, c.x, v, c.context, c.noise);
    const CView<T> units = L::template units<T>(n, scratch);
    const View<T> z = scratch.template take<T>(n, D), probe = scratch.template take<T>(n, D),
                  B = scratch.template take<T>(n, D * D);
    View<T> fx = L::template jet<true>(x, rows(units, 0, whole ? D * n : 0), theta, context, kept.f, scratch);
    copy(rows(read(fx), 0, n), z);
    const bool inverse = c.pull && !estimated;
    if (whole) L::template log_det<T>(fx, log_abs, inverse ? B : L::template nowhere<T>(0));

    const Base& base = std::get<Front::at + 1>(c.model.flow().layers);
    auto& of_base = std::get<Front::at + 1>(c.worker.cache.parts);
    const Params<const T> theta_base{c.model.theta().data() + Front::template params_before<Front::at + 1>(),
                                     Base::param_count},
        state_base{c.model.state().data() + Front::template buffers_before<Front::at + 1>(), Base::buffer_count};
    const CView<T> none = Model<F, T>::template nothing<const T>(n),
                   base_context = columns(c.context, 0, Base::context_dim);
    const Noise base_noise = c.noise.fork(Front::at + 1);
    base.encode(Pass<T, CacheOf<Base, T>>{read(z), Model<F, T>::template nothing<T>(n), v, theta_base, state_base,
                                          base_context, base_noise, of_base, scratch, c.pull, &c.worker.report});

    const bool probed = c.pull && estimated;
    if (probed) draw(c.noise.fork(104), probe);
    const CView<T> along = rows(read(probe), 0, probed ? n : 0);
    const View<T> gz = L::template jet<false>(read(z), along, theta, context, kept.g, scratch);
    const CView<T> w = rows(read(gz), n, along.rows());  // g'(z) v
    if (!whole) {
      reseat(fx, L::template jet<true>(x, w, theta, context, kept.f, scratch));
      log_abs.setConstant(T(-D));
      for (Index j = 0; j < D; ++j) log_abs += column(probe, j) * column(fx, j).tail(n);
    }

    View<T> gap = scratch.template take<T>(n, D);
    ColView<T> g_v = scratch.template column<T>(n);
    double loss = 0;
    for (Index i = 0; i < n; ++i) {
      const double weight = c.weight ? c.weight[i] : 1;
      g_v(i) = T(-weight * c.scale);
      if (weight != 0) loss -= weight * (static_cast<double>(v(i)) + static_cast<double>(log_abs(i)));
      for (Index j = 0; j < D; ++j) {
        const T d = weight == 0 ? T(0) : gz(i, j) - x(i, j);  // a row of weight 0 may be anything
        loss += weight * beta * static_cast<double>(d) * static_cast<double>(d);
        gap(i, j) = T(2 * beta * weight * c.scale) * d;
      }
    }
    if (!c.pull) return loss;

    View<T> g_x = scratch.template take<T>(n, D), g_context = scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    struct {
      Params<const T> theta;
      Params<T> g_theta;
      CView<T> context;
      View<T> g_context;
      Arena& scratch;
    } ends{theta, Front::gradient(c.g_theta), context, columns(g_context, 0, L::context_dim), scratch};
    const CView<T> directions = whole ? units : w;
    const View<T> g_f = scratch.template take<T>(n + directions.rows(), D), g_z = scratch.template take<T>(n, D);
    L::template jet_pull<false>(ends, read(z), along, read(gap), g_z, kept.g);
    base.encode_pull(Pull<T, CacheOf<Base, T>>{
        read(z),
        none,
        none,
        read(g_v),
        g_x,
        theta_base,
        {c.g_theta.data() + Front::template params_before<Front::at + 1>(), Base::param_count},
        state_base,
        base_context,
        columns(g_context, 0, Base::context_dim),
        base_noise,
        of_base,
        scratch});
    for (Index j = 0; j < D; ++j) {
      ColView<T> g = column(g_f, j);
      g.head(n) = column(g_z, j) + column(g_x, j);
      for (Index k = 0; k * n < directions.rows(); ++k) {
        if (!estimated) g.segment((k + 1) * n, n) = g_v * column(B, j * D + k);
        else if (whole) g.segment((k + 1) * n, n) = g_v * column(probe, j) * column(w, k);
        else g.segment((k + 1) * n, n) = g_v * column(probe, j);
      }
    }
    L::template jet_pull<true>(ends, x, directions, read(g_f), g_x, kept.f);
    return loss;
  }

 private:
  /// Rows uniform on the sphere of radius sqrt(D).
  template <class T> static void draw(Noise noise, View<T> v) {
    noise.normals(v);
    for (Index i = 0; i < v.rows(); ++i) v.row(i) *= std::sqrt(T(v.cols()) / v.row(i).square().sum());
  }
};

}  // namespace rheo
