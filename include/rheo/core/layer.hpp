// SPDX-License-Identifier: MIT
// THE PAGE: what a layer owes, and what it gets for it.
//
//   A layer relates data x (N x x_dim) and latent z (N x z_dim) by two conditionals, q(z|x), "encode", and p(x|z),
//     "decode", and
//   contributes V(x, z) per row, such that
//                        log p(x) >= log p(z) + V(x, z)
//   in expectation over q, with equality when encode is deterministic.  V is one number per path, with one sign in both
//     directions:
//   decode adds the number that encode would have added on that path.
//
//   kind                   encode x -> z    decode z -> x    V(x, z)
//   bijection              deterministic    deterministic    log abs det dz/dx
//   inference surjection   deterministic    stochastic       log p(x given z) on the fibre; exact
//   generative surjection  stochastic       deterministic    - log q(z given x); a bound
//   stochastic             stochastic       stochastic       log p(x given z) - log q(z given x); a bound
//   distribution           drops x          draws x          log p(x): an inference surjection onto nothing, z_dim = 0
//
// V is -inf where there is no path: x off the support in encode, z off the support in decode, and z that q(z|x) cannot
// draw.  A sampling layer gives +inf for what decode drew and encode never would: such a path has weight 0.
//
// What you owe: a type that holds hyper-parameters only (no weights, no caches, no random engine), with
//   static constexpr Index x_dim, z_dim, context_dim, param_count, buffer_count;
//   static constexpr Kind kind;  static constexpr Exactness exactness;
//   static constexpr Supports<x_dim> x_support;  static constexpr Supports<z_dim> z_support;
//   template <class T> struct Cache;                                  what a pull reads from its call, made of
//     Buffer<T>
//   template <class P> static auto unpack(P p);                       the layout, used for values, gradients and files
//     (if param_count > 0)
// and any of
//   encode(Pass<T, Cache<T>>)  encode_pull(Pull<T, Cache<T>>)  decode(Pass)  decode_pull(Pull)
// which write (rheo/core/pass.hpp)
//   out, g_in                       overwritten, every number of them: what stood there is not to be read
//   v                               added to: v += V(x, z), in both directions alike
//   g_theta, g_context              accumulated: += their part, once for each call
// and may say
//   init(Params<T> theta, Params<T> buffers, Noise)                   starting values; zero without it; a new flow is
//     the identity
//   encode_path_pull(Pull, factor), decode_path_pull                  of a layer that draws: what its draw tells the
//     law it is from goes by the path alone, times
//                                                                     factor, a number a row
//                                                                       (rheo/training/importance_weighted.hpp)
//   initialise(InitPass<T>)                                           data-dependent start, explicit, before the first
//     step
//   after_step(Params<T> theta, Params<T> buffers)                    untrained state that follows the parameters, or
//     is drawn for them
//   bool valid_buffers(Params<const T> buffers) const                 whether finite buffers from a file may be used
//     (indices in range, deviations above 0); true without it
//   static constexpr bool smooth                                      V and the map have continuous derivatives; false
//     without it
//   static constexpr bool piecewise_smooth; void seams(j, other, add) const   derivatives continuous but for the x_j
//     that it hands to add (quadrature.hpp); z_seams of the latent
//   template <class T> static constexpr double accuracy()             relative error left in values and pulls by an
//     inner iteration; without it the laws allow none
//   static constexpr bool exact_pulls                                 the pulls are the derivatives of the very numbers
//     computed, whatever accuracy() leaves
//   static constexpr bool biased_pulls                                the mean of the pulls over draws is not the
//     gradient of the mean: accept/reject
//   static constexpr Index draws; void reverse_draws(p, table) const   of a stochastic layer: columns of noise a row,
//     and those that lead a path back
//   void weigh(x, z, v, theta) const            v += V of given pairs, where the pair alone decides it
//   static constexpr Index encode_passes, decode_passes               passes of nets, or values of an energy, that one
//     row takes; 0 for closed forms, `as_needed`
//                                                                     where an iteration decides; `not_stated` without
//                                                                       it
//   static constexpr bool parallel_encode, parallel_decode            false where passes wait for one another,
//     coordinate by coordinate; without it true of one
//                                                                     pass and none, and nothing is claimed of more
//   static constexpr std::array<Index, z_dim> support_source          which x coordinate's support a z coordinate of
//     `any` has; its own without it
//   static constexpr Index categories                                 integer and category coordinates run from 0 to
//     categories - 1, intervals from 0 to
//                                                                     categories; 0: as far as they like
//   static constexpr std::array<Index, x_dim> x_categories            the same coordinate by coordinate, where they
//     differ; z_categories of the latent
//   static constexpr bool replays                                     decode under the key of an encode undoes it,
//     though both draw; false without it
//   static constexpr bool bounded                                     V may be -inf at finite x; without it, where
//     x_support names other sets than the line
// What exists is what the layer can do: the concepts below ask.  T is float, double or autodiff::Dual of either.
//
// What you get: training, sampling, scoring, chaining, inversion, files, threads, and the laws
// (rheo/evaluation/certify.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>

#include "rheo/core/kind.hpp"
#include "rheo/core/pass.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

template <class L, class T> using CacheOf = typename L::template Cache<T>;

template <class L, class T>
concept CanEncode = requires(const L& l, Pass<T, CacheOf<L, T>> p) {
  l.encode(p);
};
template <class L, class T>
concept CanEncodePull = CanEncode<L, T> && requires(const L& l, Pull<T, CacheOf<L, T>> p) {
  l.encode_pull(p);
};
template <class L, class T>
concept CanDecode = requires(const L& l, Pass<T, CacheOf<L, T>> p) {
  l.decode(p);
};
template <class L, class T>
concept CanDecodePull = CanDecode<L, T> && requires(const L& l, Pull<T, CacheOf<L, T>> p) {
  l.decode_pull(p);
};

/// Any layer: the facts are there, and at least one direction.
template <class L>
concept Layer = requires {
  { L::x_dim } -> std::convertible_to<Index>;
  { L::z_dim } -> std::convertible_to<Index>;
  { L::context_dim } -> std::convertible_to<Index>;
  { L::param_count } -> std::convertible_to<Index>;
  { L::buffer_count } -> std::convertible_to<Index>;
  { L::kind } -> std::convertible_to<Kind>;
  { L::exactness } -> std::convertible_to<Exactness>;
}
&&(CanEncode<L, double> || CanDecode<L, double>);

/// A distribution is a layer whose latent is empty: it can stand at the end of a flow.
template <class L>
concept Distribution = Layer<L> && L::z_dim == 0;

/// encode_passes or decode_passes of a layer whose iterations decide, and of one that does not say.
inline constexpr Index as_needed = -1, not_stated = -2;

/// True when log_prob is exact; false when a flow offers elbo or an estimate only.
template <class L> inline constexpr bool is_exact_v = L::exactness == Exactness::exact;

namespace detail {

template <class L, class T>
concept HasInit = requires(const L& l, Params<T> p) {
  l.init(p, p, Noise{});
};
template <class L, class T>
concept HasInitialise = requires(const L& l, InitPass<T> p) {
  l.initialise(p);
};
template <class L, class T>
concept HasAfterStep = requires(const L& l, Params<T> p) {
  l.after_step(p, p);
};

/// A layer's parameters have a layout, which names them in files, descriptions and messages.
template <class L> constexpr bool has_layout() {
  if constexpr (L::param_count > 0) return requires(Params<double> p) {
      L::unpack(p);
    };
  return true;
}
/// The same as an error in words.
template <class L> constexpr bool owes_no_layout() {
  static_assert(has_layout<L>(),
                "rheo: a layer with param_count > 0 owes `template <class P> static auto unpack(P p)`, the layout of "
                "its parameters: rheo/core/layer.hpp");
  return has_layout<L>();
}

/// Starting values of any layer.
template <class L, class T> void init(const L& layer, Params<T> theta, Params<T> buffers, Noise noise) {
  if constexpr (HasInit<L, T>) {
    layer.init(theta, buffers, noise);
  } else {
    theta.all().setZero();
    buffers.all().setZero();
  }
}

/// Whether a net keeps its outputs to the inputs before them: what autoregressive wirings need, and others must not
/// have.
template <class Net> inline constexpr bool is_masked = requires { requires bool(Net::masked); };

/// Whether a layer can work with these buffers: finite all of them, and what the layer itself asks.
template <class L, class T> bool valid_buffers(const L& layer, Params<const T> buffers) {
  for (Index k = 0; k < L::buffer_count; ++k) {
    if (!std::isfinite(buffers.data()[k])) return false;
  }
  if constexpr (requires { layer.valid_buffers(buffers); }) return layer.valid_buffers(buffers);
  return true;
}
/// Whether the D numbers are a permutation of 0 .. D - 1.
template <Index D, class T> bool is_permutation(const T* order) {
  std::array<bool, static_cast<std::size_t>(D)> seen{};
  for (Index j = 0; j < D; ++j) {
    const double x = static_cast<double>(order[j]);
    if (!(x >= 0 && x < static_cast<double>(D)) || x != static_cast<double>(static_cast<Index>(x)) ||
        seen[static_cast<std::size_t>(x)])
      return false;
    seen[static_cast<std::size_t>(x)] = true;
  }
  return true;
}

/// What a layer says of its smoothness; one that says nothing promises nothing.
template <class L>
inline constexpr bool is_smooth = [] {
  if constexpr (requires { L::smooth; }) return bool(L::smooth);
  return false;
}();

/// The error that a layer's iterations leave; 0 for closed forms.
template <class L, class T> constexpr double accuracy() {
  if constexpr (requires { L::template accuracy<T>(); }) return L::template accuracy<T>();
  return 0;
}

/// Whether the pulls are those of the numbers computed: said by the layer, and so where nothing iterates.
template <class L>
inline constexpr bool has_exact_pulls = [] {
  if constexpr (requires { L::exact_pulls; }) return bool(L::exact_pulls);
  return accuracy<L, float>() == 0 && accuracy<L, double>() == 0;
}();
/// Whether choices made on the draws are held constant in the pulls, which biases them as estimates of the gradient of
/// a mean.
template <class L>
inline constexpr bool has_biased_pulls = [] {
  if constexpr (requires { L::biased_pulls; }) return bool(L::biased_pulls);
  return false;
}();
/// The error that iterations leave in the pulls.
template <class L, class T> constexpr double pull_accuracy() { return has_exact_pulls<L> ? 0 : accuracy<L, T>(); }

/// What a layer says of the cost of a direction, by default nothing.
struct Effort {
  Index passes = not_stated;
  bool parallel = passes == 0 || passes == 1;
  constexpr Effort operator+(Effort o) const {
    const bool counted = passes >= 0 && o.passes >= 0;
    return {counted ? passes + o.passes : std::min(passes, o.passes), parallel && o.parallel};
  }
  constexpr Effort operator*(Index times) const { return {passes < 0 ? passes : passes * times, parallel}; }
};
static_assert(not_stated < as_needed && as_needed < 0, "in a sum the one that tells less is left");
template <class L> constexpr Effort encode_effort() {
  Effort e;
  if constexpr (requires { L::encode_passes; }) e = Effort{L::encode_passes};
  if constexpr (requires { L::parallel_encode; }) e.parallel = L::parallel_encode;
  return e;
}
template <class L> constexpr Effort decode_effort() {
  Effort e;
  if constexpr (requires { L::decode_passes; }) e = Effort{L::decode_passes};
  if constexpr (requires { L::parallel_decode; }) e.parallel = L::parallel_decode;
  return e;
}

/// z coordinate j has the support of x coordinate support_source[j]; by default its own.
template <class L> constexpr auto support_source() {
  std::array<Index, static_cast<std::size_t>(L::z_dim)> source{};
  if constexpr (requires { L::support_source; }) {
    source = L::support_source;
  } else {
    for (std::size_t j = 0; j < source.size(); ++j) source[j] = static_cast<Index>(j);
  }
  return source;
}

/// How many values whole numbers take, 0 for layers that do not say.
template <class L> constexpr Index category_count() {
  if constexpr (requires { L::categories; }) return L::categories;
  return 0;
}
/// The same by coordinate: 0 where a coordinate has no such count.
template <std::size_t D>
constexpr std::array<Index, D> counts_of(const std::array<Support, D>& supports, Index categories) {
  std::array<Index, D> n{};
  for (std::size_t j = 0; j < D; ++j) {
    if (supports[j] == Support::integer || supports[j] == Support::category || supports[j] == Support::interval)
      n[j] = categories;
  }
  return n;
}
template <class L> constexpr std::array<Index, static_cast<std::size_t>(L::x_dim)> x_categories() {
  if constexpr (requires { L::x_categories; }) return L::x_categories;
  else return counts_of(Supports<L::x_dim>(L::x_support), category_count<L>());
}
template <class L> constexpr std::array<Index, static_cast<std::size_t>(L::z_dim)> z_categories() {
  if constexpr (requires { L::z_categories; }) return L::z_categories;
  else return counts_of(Supports<L::z_dim>(L::z_support), category_count<L>());
}
/// Counts after a layer, given those before it: they travel as supports do.
template <class L>
constexpr std::array<Index, static_cast<std::size_t>(L::z_dim)> categories_after(
    const std::array<Index, static_cast<std::size_t>(L::x_dim)>& x) {
  auto z = z_categories<L>();
  const auto own = x_categories<L>();
  const auto source = support_source<L>();
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (L::z_support[j] != Support::any || source[j] < 0 || source[j] >= L::x_dim) continue;
    const auto i = static_cast<std::size_t>(source[j]);
    z[j] = L::x_support[i] == Support::any ? x[i] : own[i];
  }
  return z;
}

/// Whether V can be -inf at finite x, as far as the type tells.
template <class L> constexpr bool is_bounded() {
  if constexpr (requires { L::bounded; }) {
    return L::bounded;
  } else {
    for (Support s : L::x_support) {
      if (s != Support::any && s != Support::real) return true;
    }
    return false;
  }
}

/// Data-side supports after a layer, given those before it.
template <class L> constexpr Supports<L::z_dim> supports_after(const Supports<L::x_dim>& x) {
  Supports<L::z_dim> z = L::z_support;
  const auto source = support_source<L>();
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (z[j] == Support::any && source[j] >= 0 && source[j] < L::x_dim) {
      const auto i = static_cast<std::size_t>(source[j]);
      z[j] = L::x_support[i] == Support::any ? x[i] : L::x_support[i];
    }
  }
  return z;
}

/// First coordinate whose given support is not the wanted one, or -1.  `any` on either side fits.
template <std::size_t D>
constexpr Index first_misfit(const std::array<Support, D>& given, const std::array<Support, D>& wanted) {
  for (std::size_t j = 0; j < D; ++j) {
    if (given[j] != Support::any && wanted[j] != Support::any && given[j] != wanted[j]) return static_cast<Index>(j);
  }
  return -1;
}

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
