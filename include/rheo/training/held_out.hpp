// SPDX-License-Identifier: MIT
// Held-out rows: what chooses the best epoch of a fit.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "rheo/math/whole_part.hpp"
#include "rheo/training/trainer.hpp"

namespace rheo {

/// Rows of the user's own to choose the best epoch by, in the place of a share of the training rows: HeldOut<double>{.x
/// = x, .context = c}.  A context has a row for each row of x.  An argument only: it looks at what it is made of.
template <class T> struct HeldOut {
  Input<T> x;                     ///< n x x_dim
  Input<T> context{};             ///< n x context_dim
  std::vector<double> weights{};  ///< one per row; empty: all one
};
template <class D, class... Rest> HeldOut(const Eigen::DenseBase<D>&, Rest...) -> HeldOut<typename D::Scalar>;

namespace detail {

template <class O> inline constexpr bool is_held_out = false;
template <class T> inline constexpr bool is_held_out<HeldOut<T>> = true;

/// Throws unless there is one finite weight a row, or none.
[[gnu::cold]] inline void check_weights(const std::vector<double>& weights, Index n, const std::string& which) {
  if (weights.empty()) return;
  if (static_cast<Index>(weights.size()) != n)
    fail("fit: " + std::to_string(weights.size()) + " weights for " + std::to_string(n) + " " + which);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!std::isfinite(weights[i]))
      fail("fit: the weight of row " + std::to_string(i) + " of the " + which + " is not finite");
  }
}
/// Their sum, which must be positive: a mean is taken by it.
[[gnu::cold]] inline double total_weight(const std::vector<double>& weights, const std::string& which,
                                         const std::string& remedy) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(sum > 0))
    fail("fit: the weights of the " + std::to_string(weights.size()) + " " + which + " sum to " + number_text(sum) +
         ", which must be positive" + remedy);
  return sum;
}

/// Of `rows`, how many may lack a finite loss before the whole has none.
inline Index most_not_finite(Index rows) { return std::max<Index>(1, rows / 100); }

/// The mean loss of a batch over the rows where it is finite; `left_out` counts the others.  Not finite where more than
/// most_not_finite are.
template <class T>
double finite_mean(ShardTrainer<T>& trainer, CView<T> x, CView<T> context, BatchRows b, Noise noise, Index& left_out) {
  left_out = 0;
  const double loss = trainer.value(x, context, b, noise);
  if (std::isfinite(loss)) return loss;
  const FiniteRows finite = trainer.finite_rows(x, context, b, noise);
  const Index bad = static_cast<Index>(finite.rest.size());
  if (bad == 0 || bad > most_not_finite(b.count) || bad == b.count) return loss;
  left_out = bad;
  return finite.sum / static_cast<double>(b.count - bad);
}

/// The weighted mean loss over held-out rows, the same draws in every epoch, so that epochs can be compared.  A row
/// whose loss is not finite is set aside, for that epoch and all others, as long as no more than a hundredth of the
/// rows, and one in any case, are: an epoch in which more have no finite loss has none itself.
template <class T> class HeldOutLoss {
 public:
  HeldOutLoss(CView<T> x, CView<T> context, std::vector<double> weights, Noise noise)
      : x_(x), context_(context), weights_(std::move(weights)), noise_(noise), most_(most_not_finite(x.rows())) {
    if (weights_.empty()) weights_.assign(static_cast<std::size_t>(x.rows()), 1.0);
    sum_ = total_weight(weights_, "held-out rows",
                        ": hold out more rows (FitOptions::validation), or rows of your own (HeldOut)");
  }
  Index rows() const { return x_.rows(); }
  const std::vector<Index>& set_aside() const { return aside_; }
  /// Sets these aside too.
  void set_aside(const std::vector<Index>& bad) {
    for (Index i : bad) {
      sum_ -= weights_[static_cast<std::size_t>(i)];
      weights_[static_cast<std::size_t>(i)] = 0;
    }
    aside_.insert(aside_.end(), bad.begin(), bad.end());
  }
  /// Calls `fewer` when rows were set aside: what was judged before was judged by them too.
  template <class Fewer> double operator()(ShardTrainer<T>& trainer, Fewer fewer) {
    const double loss = judge(trainer);
    if (std::isfinite(loss)) return loss;
    const std::vector<Index> bad = trainer.finite_rows(x_, context_, batch(), noise_).rest;
    if (bad.empty() || static_cast<Index>(bad.size() + aside_.size()) > most_) return loss;
    double left = sum_;
    for (Index i : bad) left -= weights_[static_cast<std::size_t>(i)];
    if (!(left > 0)) return loss;
    set_aside(bad);
    fewer();
    return judge(trainer);
  }
  double judge(ShardTrainer<T>& trainer) {
    return trainer.value(x_, context_, batch(), noise_) * static_cast<double>(x_.rows()) / sum_;
  }

 private:
  BatchRows batch() const { return {0, x_.rows(), nullptr, weights_.data()}; }

  CView<T> x_, context_;
  std::vector<double> weights_;
  Noise noise_;
  Index most_;
  double sum_ = 0;
  std::vector<Index> aside_;
};

/// How many of n rows the share holds out: at least one, unless it is 0.
inline Index held_rows(double share, Index n) {
  return share > 0 ? std::max<Index>(1, static_cast<Index>(math::whole_part(share * static_cast<double>(n)))) : 0;
}

RHEO_COMPILE(class HeldOutLoss<float>);
RHEO_COMPILE(class HeldOutLoss<double>);

}  // namespace detail
}  // namespace rheo
