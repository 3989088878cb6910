// SPDX-License-Identifier: MIT
// fit: maximum likelihood on data, with a validation split, early stopping, and the best parameters in place whatever
// happens.
#pragma once

#include "rheo/training/fit_run.hpp"

namespace rheo {
namespace detail {

/// Everything that can be wrong with a fit of these rows, before anything has changed.
template <class F, class T>
[[gnu::cold]] void check_fit(const Model<F, T>& model, const Input<T>& data, const Input<T>& context,
                             const FitOptions& options, const HeldOut<T>* held_out) {
  const auto check = [&](const Input<T>& x, const Input<T>& c, const char* rows, const char* contexts) {
    check_width(x, F::x_dim, "x");
    check_context_width(c.rows(), c.cols(), F::context_dim);
    if (F::context_dim > 0 && c.rows() != x.rows()) {
      fail("fit: the context has " + (c.rows() == 1 ? "one row" : std::to_string(c.rows()) + " rows") + ", the data " +
           std::to_string(x.rows()) + ": a fit wants one for each");
    }
    check_finite(x.view(), rows);
    check_finite(c.view(), contexts);
  };
  check_together(several(options.team), [&] {
    static_cast<void>(model.theta());  // throws of a model that has been moved from
    check(data, context, "the data", "the context");
    check_options(options, data.rows());
    check_support<F, T>(model, data, context, options.noise.fork(4));
    if (held_out) {
      if (held_out->x.rows() < 1) fail("fit: the HeldOut has no rows");
      check(held_out->x, held_out->context, "the held-out rows", "the held-out context");
      check_weights(held_out->weights, held_out->x.rows(), "held-out rows");
      Model<F, T> started = model;
      started.initialise(data, context);
      check_support<F, T>(started, held_out->x, held_out->context, options.noise.fork(5), "the held-out rows");
    }
  });
}

/// A fit of rows that were checked; `windows` gives those that follow them, or is null.
template <class F, class T, class Objective>
FitResult fit_run(Model<F, T>& model, const Input<T>& data, const Input<T>& context, const FitOptions& options,
                  const HeldOut<T>* held_out, Objective objective, Windows<T>* windows) {
  Trainer<F, T, Objective> trainer(model, options.optimizer, Threads(options.threads, options.executor),
                                   std::move(objective));
  trainer.join(options.team);
  const StartOptions start{options.standardize_context, options.restandardize};
  FitResult r = fit_rows<T>(
      model.parameters(), model.buffers(), trainer, data.view(), context.view(), options, held_out,
      [&](const Batch<T>& x, const Batch<T>& c) { return model.initialise(x, c, start); }, windows);
  r.repeated = repeated_values(data.view(), F::x_support);
  r.outlying = outlying_rows(data.view(), F::x_support);
  return r;
}

template <class F, class T, class Objective>
FitResult fit_checked(Model<F, T>& model, const Input<T>& data, const Input<T>& context, const FitOptions& options,
                      const HeldOut<T>* held_out, Objective objective) {
  check_fit<F, T>(model, data, context, options, held_out);
  FitResult r = fit_run<F, T>(model, data, context, options, held_out, std::move(objective), nullptr);
  r.notes = notes_of(r);
  return r;
}

}  // namespace detail

/// Fits the model in place by maximum likelihood, or by another objective (rheo/training/objectives.hpp).  x is n x
/// x_dim, context n x context_dim.  Data-dependent starts are run first, on the training part alone. Held-out rows
/// choose the best epoch: a share of the rows (FitOptions::validation), or a HeldOut of the user's own, and then all of
/// x is trained on. Throws std::invalid_argument for wrong shapes and options and for weights, of the training or of
/// the held-out rows, whose sum is not positive; DataError for values that are not finite and for rows off the flow's
/// support (rheo/training/support.hpp), before anything has changed.
template <class F, class T, class Objective = MaximumLikelihood>
FitResult fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data,
              const std::type_identity_t<Input<T>>& context, FitOptions options,
              const std::type_identity_t<HeldOut<T>>& held_out, Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, context, options, &held_out, std::move(objective));
}
template <class F, class T, class Objective = MaximumLikelihood>
FitResult fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data, FitOptions options,
              const std::type_identity_t<HeldOut<T>>& held_out, Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, Input<T>(), options, &held_out, std::move(objective));
}
template <class F, class T, class Objective = MaximumLikelihood>
requires(!detail::is_held_out<Objective>) FitResult
    fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data, const std::type_identity_t<Input<T>>& context,
        FitOptions options = {}, Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, context, options, nullptr, std::move(objective));
}
template <class F, class T, class Objective = MaximumLikelihood>
requires(!detail::is_held_out<Objective>) FitResult fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data,
                                                        FitOptions options = {}, Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, Input<T>(), options, nullptr, std::move(objective));
}
namespace detail {
template <class M> inline constexpr bool may_train = false;
template <class F, class T> inline constexpr bool may_train<Model<F, T>&> = true;
template <class M> FitResult wants_a_model() {
  using Plain = std::remove_cvref_t<M>;
  static_assert(may_train<Plain&>,
                "rheo: fit trains a model, and this is none: auto model = make_model<float>(flow, Noise{1}) gives the "
                "flow its parameters");
  static_assert(!may_train<Plain&> || !std::is_const_v<std::remove_reference_t<M>>,
                "rheo: fit changes the model that it is given, and this one is const");
  static_assert(!may_train<Plain&> || std::is_lvalue_reference_v<M>,
                "rheo: fit changes the model that it is given, and this one has no name to find it by afterwards");
  return {};
}
}  // namespace detail

/// Not of a flow without parameters, of a model that is const or of one without a name, and says so.
template <class M, class Rows, class... Rest>
requires(!detail::may_train<M&&>) FitResult fit(M&&, const Rows&, const FitOptions& = {}, const Rest&...) {
  return detail::wants_a_model<M>();
}
template <class M, class Rows, class Context, class... Rest>
requires(!detail::may_train<M&&> && !std::is_same_v<Context, FitOptions>) FitResult
    fit(M&&, const Rows&, const Context&, const FitOptions& = {}, const Rest&...) {
  return detail::wants_a_model<M>();
}

}  // namespace rheo
