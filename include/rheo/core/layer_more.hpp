// SPDX-License-Identifier: MIT
// What a layer may say beyond core/layer.hpp, by who asks: starts, training, files, exactness, cost, the joints of a
// chain, the laws.  A member is named, told and given its default in one place, here; Chain, Repeat and Invert
// (rheo/flows) say how it passes on.
//
// What a layer gets: training, sampling, scoring, chaining, inversion, files, threads, and the laws
// (rheo/evaluation/certify.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "rheo/core/layer.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

inline constexpr Index as_needed = -1;   ///< encode_passes or decode_passes of a layer whose iterations decide
inline constexpr Index not_stated = -2;  ///< the same of one that does not say

namespace detail {

// Starts, asked by make_model, fit and Trainer.

/// `init(Params<T> theta, Params<T> buffers, Noise) const`: starting values; a new flow is the identity.  All zero
/// without it.
template <class L, class T>
concept HasInit = requires(const L& l, Params<T> p) {
  l.init(p, p, Noise{});
};
template <class L, class T> void init(const L& layer, Params<T> theta, Params<T> buffers, Noise noise) {
  if constexpr (HasInit<L, T>) {
    layer.init(theta, buffers, noise);
  } else {
    theta.all().setZero();
    buffers.all().setZero();
  }
}

/// `initialise(InitPass<T>) const`: a start that depends on the data, explicit, before the first step.
template <class L, class T>
concept HasInitialise = requires(const L& l, InitPass<T> p) {
  l.initialise(p);
};
template <class L, class T> void initialise(const L& layer, InitPass<T> p) {
  if constexpr (HasInitialise<L, T>) layer.initialise(p);
}

// Training, asked by fit, Trainer and the objectives.

/// `after_step(Params<T> theta, Params<T> buffers) const`: untrained state that follows the parameters, or is drawn for
/// them.
template <class L, class T>
concept HasAfterStep = requires(const L& l, Params<T> p) {
  l.after_step(p, p);
};
template <class L, class T> void after_step(const L& layer, Params<T> theta, Params<T> buffers) {
  if constexpr (HasAfterStep<L, T>) layer.after_step(theta, buffers);
}

/// `encode_path_pull(Pull, factor) const`, `decode_path_pull`: the pull of a layer that draws, where what its draw
/// tells the law it is from goes by the path alone, times factor, a number a row
/// (rheo/training/importance_weighted.hpp).
template <class L, class T>
concept HasEncodePathPull = requires(const L& l, Pull<T, CacheOf<L, T>> p, CColView<T> factor) {
  l.encode_path_pull(p, factor);
};
template <class L, class T>
concept HasDecodePathPull = requires(const L& l, Pull<T, CacheOf<L, T>> p, CColView<T> factor) {
  l.decode_path_pull(p, factor);
};

/// `decode_held_pull(Pull) const` of a layer that draws both ways: of V alone and by the parameters alone, the path
/// that decode took held: g_theta += g_v dV/dtheta.  No other cotangent is read or written
/// (rheo/training/log_variance.hpp).
template <class L, class T>
concept HasDecodeHeldPull = requires(const L& l, Pull<T, CacheOf<L, T>> p) {
  l.decode_held_pull(p);
};

/// `static constexpr bool biased_pulls`: choices made on the draws are held constant in the pulls, whose mean is then
/// not the gradient of the mean: accept/reject.  False without it.
template <class L>
inline constexpr bool has_biased_pulls = [] {
  if constexpr (requires { L::biased_pulls; }) return bool(L::biased_pulls);
  return false;
}();

// Files, asked by load, checkpoints and freeze.

/// `bool valid_buffers(Params<const T> buffers) const`: whether finite buffers from a file may be used (indices in
/// range, deviations above 0).  True without it.
template <class L, class T> bool valid_buffers(const L& layer, Params<const T> buffers) {
  for (Index k = 0; k < L::buffer_count; ++k) {
    if (!std::isfinite(buffers.data()[k])) return false;
  }
  if constexpr (requires { layer.valid_buffers(buffers); }) return layer.valid_buffers(buffers);
  return true;
}
/// For valid_buffers: whether the D numbers are a permutation of 0 .. D - 1.
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

// Exactness, asked by objectives, mixtures and the laws.

/// `template <class T> static constexpr double accuracy()`: relative error left in values and pulls by an inner
/// iteration.  0 without it, as of closed forms: the laws allow none.
template <class L, class T> constexpr double accuracy() {
  if constexpr (requires { L::template accuracy<T>(); }) return L::template accuracy<T>();
  return 0;
}
/// `static constexpr bool exact_pulls`: the pulls are the derivatives of the very numbers computed, whatever accuracy()
/// leaves.  Without it true where nothing iterates.
template <class L>
inline constexpr bool has_exact_pulls = [] {
  if constexpr (requires { L::exact_pulls; }) return bool(L::exact_pulls);
  return accuracy<L, float>() == 0 && accuracy<L, double>() == 0;
}();
/// The error that iterations leave in the pulls.
template <class L, class T> constexpr double pull_accuracy() { return has_exact_pulls<L> ? 0 : accuracy<L, T>(); }

/// `static constexpr bool noise_free`: V, an estimate, is the same at every call until after_step, so that a mixture
/// may take the log of a sum of it.  Without it true where V is exact.
template <class L>
inline constexpr bool is_noise_free = [] {
  if constexpr (requires { L::noise_free; }) return bool(L::noise_free);
  return is_exact_v<L>;
}();

/// `static constexpr bool bounded`: V may be -inf at finite x.  Without it, where x_support names other sets than the
/// line.
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

// Cost, asked by summary().

/// `static constexpr Index encode_passes, decode_passes`: passes of nets, or values of an energy, that one row takes; 0
/// for closed forms, `as_needed` where an iteration decides, `not_stated` without it.
/// `static constexpr bool parallel_encode, parallel_decode`: false where passes wait for one another, coordinate by
/// coordinate; without it true of one pass and none, and nothing is claimed of more.
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

// Joints, asked by Chain, Repeat and Invert, and by fit of the data.

/// `static constexpr std::array<Index, z_dim> support_source`: which x coordinate's support a z coordinate of `any`
/// has. Its own without it.
template <class L> constexpr auto support_source() {
  std::array<Index, static_cast<std::size_t>(L::z_dim)> source{};
  if constexpr (requires { L::support_source; }) {
    source = L::support_source;
  } else {
    for (std::size_t j = 0; j < source.size(); ++j) source[j] = static_cast<Index>(j);
  }
  return source;
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

/// `static constexpr Index categories`: integer and category coordinates run from 0 to categories - 1, intervals from 0
/// to categories; 0, and without it: as far as they like.
template <class L> constexpr Index category_count() {
  if constexpr (requires { L::categories; }) return L::categories;
  return 0;
}
/// Whether a law that says its categories says n of them.
template <class L> constexpr bool categories_fit(Index n) {
  if constexpr (requires { L::categories; }) return L::categories == n;
  return true;
}
/// By coordinate: 0 where a coordinate has no such count.
template <std::size_t D>
constexpr std::array<Index, D> counts_of(const std::array<Support, D>& supports, Index categories) {
  std::array<Index, D> n{};
  for (std::size_t j = 0; j < D; ++j) {
    if (supports[j] == Support::integer || supports[j] == Support::category || supports[j] == Support::interval)
      n[j] = categories;
  }
  return n;
}
/// `static constexpr std::array<Index, x_dim> x_categories`: the same coordinate by coordinate, where they differ;
/// z_categories of the latent.
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

// The laws (rheo/evaluation/certify.hpp).

/// `static constexpr bool smooth`: V and the map have continuous derivatives.  False without it.
template <class L>
inline constexpr bool is_smooth = [] {
  if constexpr (requires { L::smooth; }) return bool(L::smooth);
  return false;
}();
/// `static constexpr bool piecewise_smooth`: they have, but for the seams.  As `smooth` without it.
template <class L>
inline constexpr bool is_piecewise_smooth = [] {
  if constexpr (requires { L::piecewise_smooth; }) return bool(L::piecewise_smooth);
  return is_smooth<L>;
}();
/// `void seams(Index j, double other, add) const`: hands to add the x_j at which derivatives jump where the other
/// coordinate is `other`, NaN where that is not known (rheo/evaluation/quadrature.hpp); z_seams of the latent.
template <class L>
concept HasSeams = requires(const L& l) {
  l.seams(Index(), 0.0, [](double) {});
};

/// `static constexpr bool replays`: decode under the key of an encode undoes it, though both draw.  False without it.
template <class L>
inline constexpr bool is_replayed = [] {
  if constexpr (requires { L::replays; }) return bool(L::replays);
  return false;
}();
/// `static constexpr Index draws; void reverse_draws(Pass, View<T> table) const`: of a stochastic layer, columns of
/// noise a row, and those that lead a path back.  0: it knows no way back.
template <class L>
inline constexpr Index path_draws_of = [] {
  if constexpr (requires { L::draws; }) return Index(L::draws);
  return Index(0);
}();
/// `void weigh(CView<T> x, CView<T> z, ColView<T> v, Params<const T> theta) const`: v += V of given pairs, where the
/// pair alone decides it.
template <class L, class T>
concept HasWeigh = requires(const L& l, CView<T> x, ColView<T> v, Params<const T> theta) {
  l.weigh(x, x, v, theta);
};

// Nets.  A net, `typename Recipe::template net<In, Out, C>`, writes, with pass.hpp's NetPass and NetPull,
//   static constexpr Index param_count; static constexpr bool smooth; template <class T> struct Cache;
//   template <class P> static auto unpack(P p); void init(Params<T> theta, Params<T> buffers, Noise) const;
//   void map(NetPass<T, Cache<T>>) const and, to be trained, void map_pull(NetPull<T, Cache<T>>) const

/// `static constexpr bool masked` of a net: it keeps its outputs to the inputs before them, which autoregressive
/// wirings need, and others must not have.
template <class Net> inline constexpr bool is_masked = requires { requires bool(Net::masked); };

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
