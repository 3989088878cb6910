// SPDX-License-Identifier: MIT
// check_support: are all rows where the flow has density?  Asked before a fit, since one row outside makes every loss
// infinite.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "rheo/flows/model.hpp"
#include "rheo/platform/compiled.hpp"

namespace rheo {
namespace detail {

/// Whether the set, as far as its name tells, has x; edges belong to it, as in scoring.
inline bool holds(Support s, double x, Index categories) {
  switch (s) {
    case Support::positive:
    case Support::censored: return x >= 0;
    case Support::unit: return x >= 0 && x <= 1;
    case Support::integer:
    case Support::category:
      return x == std::floor(x) && (categories == 0 || (x >= 0 && x < static_cast<double>(categories)));
    default: return true;
  }
}
[[gnu::cold]] inline std::string name_of(Support s, Index categories) {
  switch (s) {
    case Support::positive:
    case Support::censored: return "a number that is not negative";
    case Support::unit: return "a number in [0, 1]";
    default: return categories > 0 ? "a whole number in 0 .. " + std::to_string(categories - 1) : "a whole number";
  }
}
/// What is wrong with a row of density 0 whose numbers all lie in the sets that their names tell.
template <class T> [[gnu::cold]] std::string name_fault(CView<T> x, Index row, std::span<const Support> support) {
  std::string what = ": log p = -inf there, at (";
  const Index D = x.cols(), shown = std::min<Index>(D, 6);
  for (Index j = 0; j < shown; ++j) what.append(j > 0 ? ", " : "").append(std::to_string(x(row, j)));
  what.append(shown < D ? ", ...); " : "); ");
  Index last = -1;
  for (Index j = 0; j < D; ++j) {
    const Support s = support[static_cast<std::size_t>(j)];
    if (s == Support::simplex) return what.append("its numbers must not be negative and must add up to 1");
    if (s == Support::correlation) return what.append("the rows of its Cholesky factor must not be longer than 1");
    if (s == Support::sphere) return what.append("its three numbers must be a point of the unit sphere, of length 1");
    if (s != Support::ordered) continue;
    if (last >= 0 && x(row, j) < x(row, last)) {
      return what.append("its columns must ascend, column ").append(std::to_string(j)).append(" does not");
    }
    last = j;
  }
  return what.append(
      "a layer further in has bounds (as AbsUniform{b}, LogitUpTo{b}, IntervalMap{a, b}) that this row passes");
}
[[noreturn, gnu::cold]] inline void fail_off_support(Index bad, Index row, const std::string& why, const char* what) {
  fail<DataError>(std::to_string(bad) + (bad == 1 ? " row of " : " rows of ") + what + (bad == 1 ? " lies" : " lie") +
                  " off the flow's support, the first is row " + std::to_string(row) + why);
}
template <class T>
[[gnu::noinline]] void check_columns(CView<T> x, std::span<const Support> support, std::span<const Index> categories,
                                     const char* what) {
  Index bad = 0, first = -1;
  std::size_t at = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) {
      const auto k = static_cast<std::size_t>(j);
      if (holds(support[k], static_cast<double>(x(i, j)), categories[k])) continue;
      if (bad++ == 0) first = i, at = k;
      break;
    }
  }
  if (bad == 0) return;
  fail_off_support(bad, first,
                   ": column " + std::to_string(at) + " is " + std::to_string(x(first, static_cast<Index>(at))) +
                       ", it wants " + name_of(support[at], categories[at]),
                   what);
}
RHEO_COMPILE(std::string name_fault<float>(CView<float>, Index, std::span<const Support>));
RHEO_COMPILE(void check_columns<float>(CView<float>, std::span<const Support>, std::span<const Index>, const char*));
RHEO_COMPILE(std::string name_fault<double>(CView<double>, Index, std::span<const Support>));
RHEO_COMPILE(void check_columns<double>(CView<double>, std::span<const Support>, std::span<const Index>, const char*));
}  // namespace detail

/// Throws DataError with the number of rows off the flow's support and the first of them.  Positive, censored, unit and
/// whole-number coordinates of the data are judged by their values first; NaN counts as off such sets.  Then all rows
/// are scored: those with log p = -inf under the parameters as they are, and still so after the data-dependent starts,
/// are off the support that layers further in lay down; `noise` is for flows that score with draws, `what` is what the
/// message calls the rows.  Flows that score by iterations (encode_passes `as_needed`), and whose layers all live on
/// the line, are not scored.  The model is not changed.
template <class F, class T>
[[gnu::cold]] void check_support(const Model<F, T>& model, const std::type_identity_t<Input<T>>& data,
                                 const std::type_identity_t<Input<T>>& context = {}, Noise noise = {},
                                 const char* what = "the data") {
  constexpr auto categories = detail::x_categories<F>();
  model.check(data, context);
  detail::check_columns<T>(data.view(), F::x_support, categories, what);
  if constexpr (detail::is_bounded<F>() || F::encode_passes != as_needed) {
    std::vector<Index> rows;
    const Column<T> score = model.elbo(data, noise, context);
    for (Index i = 0; i < score.size(); ++i) {
      if (score(i) == -std::numeric_limits<T>::infinity()) rows.push_back(i);
    }
    if (rows.empty()) return;
    Model<F, T> started = model;  // numbers of unusual size may only want their start
    started.initialise(data, context);
    const Column<T> v = started.elbo(data, noise, context);
    std::erase_if(rows, [&](Index i) { return v(i) > -std::numeric_limits<T>::infinity(); });
    if (!rows.empty())
      detail::fail_off_support(static_cast<Index>(rows.size()), rows[0],
                               detail::name_fault<T>(data.view(), rows[0], F::x_support), what);
  }
}

}  // namespace rheo
