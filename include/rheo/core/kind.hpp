// SPDX-License-Identifier: MIT
// What a layer is, how good its log-density is, and which coordinates it accepts and gives.  All of it is in the type.
#pragma once

#include <array>
#include <cstddef>

#include "rheo/core/batch.hpp"

namespace rheo {

/// Bit 0: decode is stochastic; bit 1: encode is stochastic.  A chain's kind is the OR of its layers'.
enum class Kind : unsigned { bijection = 0, inference_surjection = 1, generative_surjection = 2, stochastic = 3 };

constexpr Kind operator|(Kind a, Kind b) { return Kind(unsigned(a) | unsigned(b)); }
/// Whether decode draws.
constexpr bool decodes_stochastically(Kind k) { return unsigned(k) & 1u; }
/// Whether encode draws.
constexpr bool encodes_stochastically(Kind k) { return unsigned(k) & 2u; }
/// The kind of the same layer run backwards.
constexpr Kind reversed(Kind k) { return Kind((unsigned(k) & 1u) << 1 | (unsigned(k) & 2u) >> 1); }

/// exact: V summed along encode is log p(x).  estimate: an unbiased or consistent estimate of it.  bound: a lower bound
/// in expectation. bound_of_estimate: both at once.
enum class Exactness : unsigned { exact = 0, estimate = 1, bound = 2, bound_of_estimate = 3 };

constexpr Exactness operator|(Exactness a, Exactness b) { return Exactness(unsigned(a) | unsigned(b)); }
/// Without what encoders make a bound: exact or an estimate.
constexpr Exactness without_bound(Exactness e) { return Exactness(unsigned(e) & 1u); }

/// The set a coordinate lives in.  `any` passes through: the layer gives out what it was given.  real: the line;
/// positive: (0, inf); unit: [0, 1];  interval: between two ends that the layer was given;  circle: [-pi, pi), its ends
/// one point;  integer: whole numbers, 0 .. categories - 1 where a layer says how many;  category: the same without an
/// order;  censored: [0, inf), 0 with a mass of its own;  ordered, simplex, correlation, sphere: coordinates that hold
/// a constraint together.
enum class Support {
  any,
  real,
  positive,
  unit,
  interval,
  circle,
  integer,
  category,
  censored,
  ordered,
  simplex,
  correlation,
  sphere
};

/// The supports of D coordinates.
template <Index D> using Supports = std::array<Support, static_cast<std::size_t>(D)>;

/// All D coordinates alike.
template <Index D> constexpr Supports<D> all_of(Support s) {
  Supports<D> a{};
  for (auto& x : a) x = s;
  return a;
}

}  // namespace rheo
