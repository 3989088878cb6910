// SPDX-License-Identifier: MIT
// Objectives: what a training step minimises, one shard at a time.
//
// An objective owes
//   template <class F, class T> double operator()(ObjectiveCall<F, T>& call) const
// which returns the sum over the shard's rows of weight times loss and, if call.pull, adds scale times its gradient to call.g_theta.  The
// loss of a row is a function of the parameters, the row, its context and call.noise (whose row0 is the row's place in the batch) alone.
#pragma once

#include "rheo/flows/model.hpp"

namespace rheo {

/// One shard of one step.
template <class F, class T> struct ObjectiveCall {
  const Model<F, T>& model;
  Worker<F, T>& worker;      ///< the flow's cache and scratch
  CView<T> x, context;       ///< n rows
  const double* weight;      ///< n of them, or null: all one
  double scale;              ///< what the sum over the whole batch is multiplied by
  Noise noise;
  Params<T> g_theta;         ///< accumulated
  bool pull;                 ///< whether the gradient is wanted
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
    static_assert(CanEncodePull<F, T>, "rheo: a part of this flow has no encode_pull: one without a gradient, or one whose encode draws whole numbers from a learned "
                                       "law, which would learn nothing: take a law with nothing to learn there, as FairSigns");
    ColView<T> g_v = v;
    for (Index i = 0; i < n; ++i) g_v(i) = T(-(c.weight ? c.weight[i] : 1) * c.scale);
    const View<T> g_x = c.worker.scratch.template take<T>(n, F::x_dim);
    View<T> g_context = c.worker.scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    const auto none = Model<F, T>::template nothing<const T>(n);
    c.model.flow().encode_pull(Pull<T, CacheOf<F, T>>{c.x, none, none, read(g_v), g_x, c.model.theta(), c.g_theta, c.model.state(), c.context, g_context,
                                                      c.noise, c.worker.cache, c.worker.scratch});
    return loss;
  }
};

}  // namespace rheo
