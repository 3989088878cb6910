// SPDX-License-Identifier: MIT
// Calibration of posteriors without exact ones: ranks of the truth among draws, coordinate by coordinate and by
// distances from points of reference, and how far they are from uniform.
//   Talts et al. 2018, arXiv:1804.06788 (simulation-based calibration);  Lemos et al. 2023, arXiv:2302.03026 (TARP);
//     p-values: Stephens 1970, J. R. Stat. Soc. B 32, 115.
#pragma once

#include <algorithm>
#include <cmath>

#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/model.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// L draws of a conditional model for each row of the contexts, one behind another: n L x dim.
template <class F, class T>
Batch<T> posterior_draws(const Model<F, T>& model, const std::type_identity_t<Input<T>>& contexts, Index L,
                         Noise noise) {
  if (L < 1) detail::fail("posterior_draws wants a draw or more for each context");
  Batch<T> repeated(contexts.rows() * L, contexts.cols());
  for (Index i = 0; i < repeated.rows(); ++i) repeated.row(i) = contexts.view().row(i / L);
  return model.sample(repeated.rows(), noise, repeated);
}

namespace detail {

/// Draws to each of n rows.
inline Index draws_each(Index n, Index width, Index draws, Index draws_width) {
  if (n < 1 || draws < n || draws % n != 0 || width < 1 || draws_width != width)
    fail("calibration: " + std::to_string(draws) + " draws of " + std::to_string(draws_width) + " numbers for " +
         std::to_string(n) + " truths of " + std::to_string(width) + ": as many for each truth are wanted");
  return draws / n;
}
/// How many of the L numbers lie below the truth, equal ones falling on either side by chance.  NaN in, NaN out.
template <class Draw> double rank_of(double truth, Index L, Draw draw, const Noise& noise, Index i) {
  Index below = 0, equal = 0;
  double sick = truth - truth;
  for (Index k = 0; k < L; ++k) {
    const double d = draw(k);
    sick += d - d;
    below += d < truth, equal += d == truth;
  }
  return sick == 0 ? static_cast<double>(below + (equal > 0 ? noise.index(i, 0, equal + 1) : 0)) : sick;
}

}  // namespace detail

/// Ranks of each number of truth (n x D) among its draws (n L x D, L for each row of truth, one behind another): n x D
/// whole numbers from 0 to L, uniform where truth and draws are of one law given what the draws were told.  NaN and
/// infinities give NaN.  Throws std::invalid_argument for other shapes.
template <class T> Batch<double> calibration_ranks(const Batch<T>& truth, const Batch<T>& draws, Noise ties = {}) {
  const Index L = detail::draws_each(truth.rows(), truth.cols(), draws.rows(), draws.cols());
  Batch<double> ranks(truth.rows(), truth.cols());
  for (Index j = 0; j < truth.cols(); ++j) {
    for (Index i = 0; i < truth.rows(); ++i)
      ranks(i, j) = detail::rank_of(
          static_cast<double>(truth(i, j)), L, [&](Index k) { return static_cast<double>(draws(i * L + k, j)); },
          ties.fork(static_cast<std::uint64_t>(j)), i);
  }
  return ranks;
}

/// Ranks of the distances truth - reference among those draw - reference: n whole numbers from 0 to L, uniform where
/// truth and draws are of one law.  References, n x D, must not look at the truth, but may at what the draws were told,
/// and should: ranks by such ones see what is wrong in all coordinates together, the prior in the posterior's place
/// too. Distances are in units of the truths' deviations.
template <class T>
Column<double> tarp_ranks(const Batch<T>& truth, const Batch<T>& draws,
                          const std::type_identity_t<Batch<T>>& references, Noise ties = {}) {
  using Real = detail::Late<double, T>;
  const Index n = truth.rows(), D = truth.cols(), L = detail::draws_each(n, D, draws.rows(), draws.cols());
  if (references.rows() != n || references.cols() != D) detail::fail("tarp_ranks wants a reference for each truth");
  Row<Real> weight(D);
  for (Index j = 0; j < D; ++j) {
    const Column<Real> c = truth.col(j).template cast<Real>();
    const double variance = (c - c.mean()).square().mean();
    weight(j) = variance > 0 ? 1 / variance : 1;
  }
  Column<Real> ranks(n);
  for (Index i = 0; i < n; ++i) {
    const auto distance = [&](const auto& x) {
      return ((x - references.row(i)).template cast<Real>().square() * weight).sum();
    };
    ranks(i) = detail::rank_of(
        distance(truth.row(i)), L, [&](Index k) { return distance(draws.row(i * L + k)); }, ties, i);
  }
  return ranks;
}
/// By references drawn uniformly from the box of the truths, which know nothing of what the draws were told.
template <class T> Column<double> tarp_ranks(const Batch<T>& truth, const Batch<T>& draws, Noise noise) {
  Batch<T> references(truth.rows(), truth.cols());
  for (Index j = 0; truth.rows() > 0 && j < truth.cols(); ++j) {
    const T low = truth.col(j).minCoeff(), high = truth.col(j).maxCoeff();
    for (Index i = 0; i < truth.rows(); ++i)
      references(i, j) = low + (high - low) * noise.fork(0).template uniform<T>(i, j);
  }
  return tarp_ranks(truth, draws, references, noise.fork(1));
}

/// How far ranks are from uniform.
struct Calibration {
  Batch<double> coverage;  ///< L + 1 rows: a credibility (r + 1) / (L + 1); the share of ranks up to r, which is TARP's
                           ///< expected coverage of a region of that credibility; that share's error if it is true
  double off;              ///< the largest distance of the two
  double p_value;          ///< chance of as much among uniform ranks, at most about: of few draws it is less
};

/// Of n ranks from 0 to L (a column of calibration_ranks, or tarp_ranks); throws std::invalid_argument for others.
template <class Real = double> Calibration calibration(const std::type_identity_t<Column<Real>>& ranks, Index L) {
  const double n = static_cast<double>(ranks.size()), levels = static_cast<double>(L + 1);
  if (ranks.size() == 0 || L < 1 || !(ranks >= 0).all() || !(ranks <= static_cast<double>(L)).all())
    detail::fail("calibration wants ranks from 0 to the number of draws");
  Calibration c{Batch<double>::Zero(L + 1, 3), 0, 0};
  for (Index i = 0; i < ranks.size(); ++i) c.coverage(static_cast<Index>(ranks(i)), 1) += 1 / n;
  for (Index r = 0; r <= L; ++r) {
    const double level = static_cast<double>(r + 1) / levels;
    if (r > 0) c.coverage(r, 1) += c.coverage(r - 1, 1);
    c.coverage(r, 0) = level, c.coverage(r, 2) = std::sqrt(level * (1 - level) / n);
    c.off = std::max(c.off, std::fabs(c.coverage(r, 1) - level));
  }
  const double root = std::sqrt(n), z = (root + 0.12 + 0.11 / root) * c.off;
  if (z < 0.3) return c.p_value = 1, c;  // Kolmogorov's series, which tells nothing there
  for (int k = 1; k < 60; ++k) c.p_value += (k % 2 ? 2 : -2) * std::exp(-2 * k * k * z * z);
  c.p_value = std::clamp(c.p_value, 0.0, 1.0);
  return c;
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
