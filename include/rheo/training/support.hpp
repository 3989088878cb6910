// SPDX-License-Identifier: MIT
// check_support: are all rows where the flow has density?  Asked before a fit, since one row outside makes every loss infinite.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "rheo/flows/model.hpp"

namespace rheo {
namespace detail {

/// Whether the set, as far as its name tells, has x; edges belong to it, as in scoring.
inline bool holds(Support s, double x, Index categories) {
  switch (s) {
    case Support::positive:
    case Support::censored: return x >= 0;
    case Support::unit: return x >= 0 && x <= 1;
    case Support::integer:
    case Support::category: return x == std::floor(x) && (categories == 0 || (x >= 0 && x < static_cast<double>(categories)));
    default: return true;
  }
}
inline std::string name_of(Support s, Index categories) {
  switch (s) {
    case Support::positive:
    case Support::censored: return "a number that is not negative";
    case Support::unit: return "a number in [0, 1]";
    default: return categories > 0 ? "a whole number in 0 .. " + std::to_string(categories - 1) : "a whole number";
  }
}
/// Sets whose ends, or whose other coordinates, only the layers know: scoring decides.
inline constexpr bool needs_scoring(Support s) {
  return s == Support::interval || s == Support::circle || s == Support::ordered || s == Support::simplex || s == Support::correlation;
}

}  // namespace detail

/// Throws DataError with the number of rows off the flow's support and the first of them.  Positive, censored, unit and whole-number coordinates are
/// judged by their values, rows of flows on other constrained sets by log p = -inf under the parameters as they are; `noise` is for flows
/// that score with draws.  Non-finite values count as off the constrained sets.
template <class F, class T>
void check_support(const Model<F, T>& model, const std::type_identity_t<Input<T>>& data, const std::type_identity_t<Input<T>>& context = {}, Noise noise = {}) {
  constexpr Index categories = detail::category_count<F>();
  model.check(data, context);
  const CView<T> x = data.view();
  auto fail = [](Index bad, Index row, const std::string& why) {
    detail::fail<DataError>(std::to_string(bad) + (bad == 1 ? " row of the data lies" : " rows of the data lie") + " off the flow's support, the first is row " +
                            std::to_string(row) + why);
  };
  Index bad = 0, first = -1, at = -1;
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < F::x_dim; ++j) {
      if (detail::holds(F::x_support[static_cast<std::size_t>(j)], static_cast<double>(x(i, j)), categories)) continue;
      if (bad++ == 0) first = i, at = j;
      break;
    }
  }
  if (bad > 0) {
    fail(bad, first, ": column " + std::to_string(at) + " is " + std::to_string(x(first, at)) + ", it wants " +
                         detail::name_of(F::x_support[static_cast<std::size_t>(at)], categories));
  }
  constexpr bool scores = [] {
    for (Support s : F::x_support) {
      if (detail::needs_scoring(s)) return true;
    }
    return false;
  }();
  if constexpr (scores) {
    const Column<T> v = model.elbo(data, noise, context);
    for (Index i = 0; i < v.size(); ++i) {
      if (v(i) == -std::numeric_limits<T>::infinity() && bad++ == 0) first = i;
    }
    if (bad > 0) fail(bad, first, ": log p = -inf there");
  }
}

}  // namespace rheo
