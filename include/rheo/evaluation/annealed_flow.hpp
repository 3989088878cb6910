// SPDX-License-Identifier: MIT
// annealed_sample of a flow of ControlledLangevin: its steps, with resampling between them.
//   Phillips et al. 2024, arXiv:2402.06320; Chen et al. 2024, arXiv:2412.07081 (sequential controlled Langevin).
#pragma once

#include <tuple>
#include <utility>

#include "rheo/evaluation/importance.hpp"

namespace rheo {
namespace detail {

/// -log p of a model with an exact log-density.
template <class F, class S> struct ModelEnergy {
  static constexpr Index dim = F::x_dim;
  template <class> using Workspace = rheo::Workspace<F, S>;
  const Model<F, S>* model;
  void value(CView<S> x, ColView<S> u, rheo::Workspace<F, S>& w) const { u = -model->log_prob(x, {}, w); }
};

/// A move for annealed(): the steps of a layer, each led by its own drift; and step `at` of them as a layer.
template <class L, class S> struct StepsOf {
  static constexpr Index x_dim = L::x_dim, z_dim = L::z_dim, param_count = 0, buffer_count = 0;
  template <class T> using Cache = CacheOf<L, T>;
  const L& layer;
  Params<const S> theta;
  const Column<S>& lambdas;
  int at;
  double lambda(int k) const { return k == L::steps ? 1 : static_cast<double>(lambdas(k)); }
  template <class Path> StepsOf operator()(const Path&, int k) const { return {layer, theta, lambdas, k - 1}; }
  void decode(Pass<S, Cache<S>> p) const {
    p.theta = theta;
    layer.decode_steps(p, at, at + 1);
  }
};

}  // namespace detail

/// n draws of a flow Flow{ControlledLangevin, ..., base} with weights whose mean is Z, where rows are resampled between
/// steps, by their weights against (1 - lambda_j) u_p + lambda_j u_1, u_p = -log p of what stands behind the layer, an
/// exact log-density, when their effective number falls below `threshold` of n.  0 never resamples: weighted_sample's
/// law.  u_1 is the layer's own.  Otherwise as annealed_sample above: errors count families.
template <class L, class... Rest, class T>
requires requires { &L::template decode_steps<T>; }
AnnealedSample<T> annealed_sample(const Model<Flow<L, Rest...>, T>& model, Index n, Noise noise,
                                  double threshold = 0.5) {
  using Behind = Flow<Rest...>;
  static_assert(L::context_dim == 0 && Behind::context_dim == 0, "rheo: annealed_sample: a flow without context");
  static_assert(is_exact_v<Behind>, "rheo: annealed_sample: behind the steps an exact log-density is wanted");
  Model<Behind, T> behind([&]<std::size_t... Is>(std::index_sequence<Is...>) {
    return Behind(std::get<Is + 1>(model.flow().layers)...);
  }(std::index_sequence_for<Rest...>{}));
  behind.parameters() = model.parameters().tail(Behind::param_count);
  behind.buffers() = model.buffers().tail(Behind::buffer_count);
  const L& layer = std::get<0>(model.flow().layers);
  const Params<const T> theta(model.theta().data(), L::param_count);
  const Column<T> lambdas = layer.lambdas_of(theta);
  Batch<T> x = behind.sample(n, noise.fork(0));
  detail::check_annealed<decltype(L::target)>(x, L::steps, threshold);
  return detail::annealed<T>(std::move(x), n, detail::ModelEnergy<Behind, T>{&behind}, layer.target,
                             detail::StepsOf<L, T>{layer, theta, lambdas, 0}, static_cast<int>(L::steps), noise.fork(1),
                             threshold, detail::AllRows{});
}

}  // namespace rheo
