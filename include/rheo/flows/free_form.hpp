// SPDX-License-Identifier: MIT
// What a free-form flow's encoder says beside the model's own density, which is the decoder's.
#pragma once

#include "rheo/flows/front.hpp"
#include "rheo/layers/bijections/free_form.hpp"

namespace rheo {

/// Of rows x, by one pass of either net.
template <class T> struct Reconstruction {
  Batch<T> x;                  ///< n x dim: g(f(x)) in the units of the data; its distance to x is what the nets leave
  Column<T> encoder_log_prob;  ///< n, nats: log p(f(x)) + log abs det f'(x), the density that the encoder is fitted by:
                               ///< cheap, a density where f is one to one and onto, and not that of the samples
};

/// The reconstruction of a flow whose last layer before the base is a FreeForm.  Shapes as of Model::log_prob.
template <class F, class T>
Reconstruction<T> reconstruct(const Model<F, T>& model, const std::type_identity_t<Input<T>>& x,
                              const std::type_identity_t<Input<T>>& context = {}) {
  using Front = detail::Front<F>;
  using L = typename Front::Last;
  using Base = typename F::Base;
  static_assert(
      requires { typename L::DecoderNet; }, "rheo: reconstruct wants a FreeForm as the last layer before the base");
  model.check(x, context);
  Workspace<F, T> ws;
  Reconstruction<T> r{Batch<T>(x.rows(), F::x_dim), Column<T>(x.rows())};
  ws.shards(x.rows(), [&](auto& worker, Index first, Index n) {
    Arena& scratch = worker.scratch;
    Arena::Scope scope(scratch);
    const CView<T> given = model.seen(context.view(), first, n, scratch), c = columns(given, 0, L::context_dim);
    const Params<const T> theta = Front::theta(model);
    ColView<T> v(r.encoder_log_prob.data() + first, n), log_abs = scratch.template column<T>(n);
    v.setZero();
    const CView<T> in = Front::encode(model, worker, rows(x.view(), first, n), v, given, Noise{}.from_row(first));
    auto& kept = Front::template cache<T>(worker);
    const View<T> fx = L::template jet<true>(in, L::template units<T>(n, scratch), theta, c, kept.f, scratch);
    L::template log_det<T>(fx, log_abs, L::template nowhere<T>(0));
    v += log_abs;
    const CView<T> z = rows(read(fx), 0, n), nowhere = read(L::template nowhere<T>(L::x_dim));
    std::get<Front::at + 1>(model.flow().layers)
        .encode(Pass<T, CacheOf<Base, T>>{
            z,
            Model<F, T>::template nothing<T>(n),
            v,
            {model.theta().data() + Front::template params_before<Front::at + 1>(), Base::param_count},
            {model.state().data() + Front::template buffers_before<Front::at + 1>(), Base::buffer_count},
            columns(given, 0, Base::context_dim),
            Noise{}.from_row(first).fork(Front::at + 1),
            std::get<Front::at + 1>(worker.cache.parts),
            scratch,
            false,
            &worker.report});
    const View<T> gz = L::template jet<false>(z, nowhere, theta, c, kept.g, scratch);
    copy(Front::decode(model, worker, read(gz), given, Noise{}.from_row(first)), rows(view(r.x), first, n));
  });
  return r;
}

}  // namespace rheo
