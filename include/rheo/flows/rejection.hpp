// SPDX-License-Identifier: MIT
// rejected: a trained model and its importance correction as a model; on_top: layers in front of it, to be trained.
//   Hertrich and Gruhlke 2025, arXiv:2407.20444 (importance corrected neural JKO sampling).
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "rheo/distributions/rejected.hpp"
#include "rheo/flows/model.hpp"

namespace rheo {

/// What rejected may be told.
struct RejectionOptions {
  double acceptance = 0.8;  ///< share of its draws that a step keeps, which decides c; the others are drawn anew: 1
                            ///< less the paper's resampling rate
  Index samples = 65536;    ///< draws behind each c, and as many others behind each constant
  Noise noise{};            ///< decides those draws
};

/// The model below Steps rejections towards exp(-u) / Z (distributions/rejected.hpp), its numbers as they are, no
/// longer trained: `auto step = rejected<3>(flow, energy, {.acceptance = 0.8})`, then step.sample(n, noise),
/// step.elbo(x, noise), which is log p(x) with an estimated constant, weighted_sample(step, energy, n, noise).  A step
/// is a model like another, so that rejected(step, energy) is one more.  Throws std::invalid_argument for wrong
/// options, DataError where no more than `acceptance` of the draws have a finite u.
template <Index Steps = 1, class F, class T, ValueEnergy E>
Model<Flow<Rejected<F, E, Steps>>, T> rejected(const Model<F, T>& model, E energy,
                                               const RejectionOptions& options = {}) {
  using B = Rejected<F, E, Steps>;
  const B base(model.flow(), std::move(energy), options.acceptance, options.samples);
  Model<Flow<B>, T> out{Flow<B>(base)};
  const Params<T> buffers(out.buffers().data(), B::buffer_count);
  const auto [log_c, mean, error, theta, state] = B::unpack_buffers(buffers);
  theta.all() = model.theta().all();
  state.all() = model.state().all();
  base.tune(buffers, options.noise);
  return out;
}

/// New layers, data first, in front of a model that is a base alone, as what rejected gives, whose numbers stay as they
/// are: `auto next = on_top(step, Noise{2}, Repeat<4, presets::RealNvpBlock<2>>{})`, then fit_energy(next, energy).
template <class B, class T, class... Ls>
Model<Flow<Ls..., B>, T> on_top(const Model<Flow<B>, T>& below, Noise noise, Ls... layers) {
  using Whole = Flow<Ls..., B>;
  using Body = Chain<Ls...>;
  Model<Whole, T> out{Whole(std::move(layers)..., std::get<0>(below.flow().layers))};
  T* const theta = out.parameters().data();
  T* const state = out.buffers().data();
  out.flow().body().init(Params<T>(theta, Body::param_count), Params<T>(state, Body::buffer_count), noise);
  Params<T>(theta + Body::param_count, B::param_count).all() = below.theta().all();
  Params<T>(state + Body::buffer_count, B::buffer_count).all() =
      Params<const T>(below.buffers().data(), B::buffer_count).all();
  Whole::Contexts::leave(Whole::contexts(out.state()), false);
  return out;
}

/// One rejection, as it stands in a model's buffers.
struct RejectionStep {
  double log_c;       ///< nats, in the units of -u
  double acceptance;  ///< A, the estimated share of draws that are kept
  double error;       ///< its standard error
  /// The standard error of log p that A brings where nothing is kept: error / (1 - A), the most there is.
  double log_prob_error() const { return error / (1 - acceptance); }
};

namespace detail {

template <class L> struct RejectionsOf {
  template <class T> static void list(Params<const T>, std::vector<RejectionStep>&) {}
};
template <class... Ls> struct RejectionsOf<Flow<Ls...>> {
  template <class T> static void list(Params<const T> buffers, std::vector<RejectionStep>& steps) {
    using B = typename Flow<Ls...>::Base;
    RejectionsOf<B>::list(
        Params<const T>(buffers.data() + Chain<Ls...>::buffer_count - B::buffer_count, B::buffer_count), steps);
  }
};
template <class F, class E, Index Steps> struct RejectionsOf<Rejected<F, E, Steps>> {
  template <class T> static void list(Params<const T> buffers, std::vector<RejectionStep>& steps) {
    const auto [log_c, mean, error, theta, state] = Rejected<F, E, Steps>::unpack_buffers(buffers);
    for (Index s = Steps; s-- > 0;)
      steps.push_back({static_cast<double>(log_c(s)), static_cast<double>(mean(s)), static_cast<double>(error(s))});
    RejectionsOf<F>::list(state, steps);
  }
};

}  // namespace detail

/// The rejections of a model, the one nearest to the data first; none without.
template <class F, class T> std::vector<RejectionStep> rejections(const Model<F, T>& model) {
  std::vector<RejectionStep> steps;
  detail::RejectionsOf<F>::list(model.state(), steps);
  return steps;
}

}  // namespace rheo
