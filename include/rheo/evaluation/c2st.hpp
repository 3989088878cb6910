// SPDX-License-Identifier: MIT
// Classifier two-sample test: how often a net that has seen other rows tells which of two samples a row is of.
//   Lopez-Paz and Oquab 2017, arXiv:1610.06545;  in the settings of Lueckmann et al. 2021, arXiv:2101.04653.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "rheo/distributions/discrete.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/training/fit.hpp"

namespace rheo {

/// What c2st may be told.
struct C2stOptions {
  int folds = 5;                ///< at least 2; each row is judged by the net that the other folds trained
  int epochs = 1000;            ///< at most; a fit ends when ten of them have not lowered the loss by 1e-4
  Index batch = 200;            ///< rows a step
  double learning_rate = 1e-3;  ///< of Adam
  Noise noise{};                ///< decides folds, starts and orders
  Threads threads = 1;          ///< their number changes no bit
};

/// Accuracy of the test: 1/2 where a and b (n x D each) are alike to the net, 1 where it parts them, below 1/2 by
/// chance alone; and the standard error that the 2 n judgements have, which is never 0 and leaves out what another
/// training would change.  A test: (value - 1/2) / error against a standard normal.
///
/// Both are standardised by a's means and deviations.  The net has two hidden layers of 10 D (or is another recipe);
/// both samples are dealt evenly to the folds.  NaN where a number is not finite.  Throws std::invalid_argument for
/// widths other than D, unequal numbers of rows, fewer than two rows a fold, and wrong options.
template <Index D, class Net = BasicMlp<Relu, UniformLast, 10 * D, 10 * D>, class T>
Estimate c2st(const Batch<T>& a, const Batch<T>& b, const C2stOptions& options = {}) {
  using Real = detail::Late<double, T>;
  using Single = detail::Late<float, T>;
  const Index n = a.rows(), folds = options.folds;
  detail::check_width<T>(a, D, "the first sample");
  detail::check_width<T>(b, D, "the second sample");
  if (b.rows() != n || folds < 2 || n < 2 * folds)
    detail::fail("c2st: samples of " + std::to_string(n) + " and " + std::to_string(b.rows()) + " rows for " +
                 std::to_string(folds) + " folds: it wants as many of each, two folds and two rows a fold");
  if (!a.allFinite() || !b.allFinite()) {
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    return {unknown, unknown};
  }
  Batch<Single> x(2 * n, D), label(2 * n, 1);
  for (Index j = 0; j < D; ++j) {
    const Column<Real> c = a.col(j).template cast<Real>();
    const double mean = c.mean(), deviation = std::sqrt((c - mean).square().mean()),
                 unit = deviation > 0 ? deviation : 1;
    x.col(j).head(n) = ((c - mean) / unit).template cast<Single>();
    x.col(j).tail(n) = ((b.col(j).template cast<Real>() - mean) / unit).template cast<Single>();
  }
  label.topRows(n).setZero(), label.bottomRows(n).setOnes();
  std::vector<Index> fold(static_cast<std::size_t>(2 * n));
  for (Index s = 0; s < 2; ++s) {
    const auto order = options.noise.fork(static_cast<std::uint64_t>(s)).permutation(n);
    for (Index i = 0; i < n; ++i)
      fold[static_cast<std::size_t>(s * n + order[static_cast<std::size_t>(i)])] = i * folds / n;
  }
  double right = 0;
  for (Index k = 0; k < folds; ++k) {
    std::vector<Index> own, others;
    for (Index i = 0; i < 2 * n; ++i) (fold[static_cast<std::size_t>(i)] == k ? own : others).push_back(i);
    const auto rows = [](const Batch<Single>& all, const std::vector<Index>& which) {
      Batch<Single> part(static_cast<Index>(which.size()), all.cols());
      copy_rows<Single>(view(all), which.data(), view(part));
      return part;
    };
    const Noise noise = options.noise.fork(2).fork(static_cast<std::uint64_t>(k));
    auto model = make_model<Single>(Flow{ConditionalBernoulli<1, Net, D>{}}, noise.fork(0));
    FitOptions o{.epochs = options.epochs, .batch = options.batch, .learning_rate = options.learning_rate};
    o.validation = 0, o.patience = 0, o.clip_norm = 0, o.noise = noise.fork(1);
    o.threads = options.threads.count, o.executor = options.threads.executor, o.standardize_context = false;
    double lowest = std::numeric_limits<double>::infinity();
    int idle = 0;
    o.callback = [&](const EpochReport& e) {
      idle = e.train_loss > lowest - 1e-4 ? idle + 1 : 0;
      lowest = e.train_loss < lowest ? e.train_loss : lowest;
      return idle < 10;
    };
    fit(model, rows(label, others), rows(x, others), o);
    const Batch<Single> ones = Batch<Single>::Ones(static_cast<Index>(own.size()), 1);
    const Column<Single> second = model.log_prob(ones, rows(x, own));
    for (std::size_t i = 0; i < own.size(); ++i)
      right += (second(static_cast<Index>(i)) > -0.69314718F) == (own[i] >= n) ? 1.0 : 0.0;
  }
  const double all = 2 * static_cast<double>(n), share = (right + 1) / (all + 2);
  return {right / all, std::sqrt(share * (1 - share) / all)};
}

}  // namespace rheo
