// SPDX-License-Identifier: MIT
// Replay: a flow's own draws kept with their weights and drawn again in proportion to them, so that it learns from them
// by example as from data.
//   Midgley et al. 2023, arXiv:2208.01893 (FAB), section 3, the buffer; truncated weights: Ionides 2008, Truncated
//     importance sampling.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "rheo/math/whole_part.hpp"
#include "rheo/training/objectives.hpp"
#include "rheo/training/team.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Options and state of a replay, for fit_energy.  The state is plain numbers: x, log_w and oldest, kept or written to
/// a file and handed in again, go on where they were.  Each row keeps the weight exp(-u) / q of the flow that drew it,
/// so that rows of any age together stand for exp(-u) / Z: minus the mean of log q over rows drawn in proportion to
/// their weights is the forward KL(exp(-u) / Z || q), up to a constant and a bias of order 1 / size.  Weights above
/// sqrt(size) times their mean are cut there, so that no row ever makes a batch of its own; that bias too vanishes as
/// size grows.
template <class T> struct Replay {
  Index size = 4096;     ///< rows kept
  double refresh = 0.1;  ///< share of them that makes room for new draws, the oldest first; 0: the rows at hand are all
                         ///< there will be
  int every = 10;        ///< steps from one refreshment to the next
  Batch<T> x{};          ///< rows so far, n x x_dim, n <= size; fit_energy draws what is missing
  Column<double> log_w{};  ///< n, nats; -inf: never drawn
  Index oldest = 0;        ///< the row that is replaced next

  /// Takes rows in, in the place of the oldest where all `size` are there.  More than `size` rows: the last of them
  /// stay.  Throws unless there is a weight for each, they are as wide as those that are there, and the state is one
  /// that a replay can be in.
  void push(const Batch<T>& fresh, const Column<double>& log_weights) {
    check();
    if (fresh.rows() != log_weights.size() || (x.rows() > 0 && fresh.cols() != x.cols())) {
      detail::fail("Replay: rows " + std::to_string(fresh.rows()) + " x " + std::to_string(fresh.cols()) + " and " +
                   std::to_string(log_weights.size()) + " weights, where rows are " + std::to_string(x.cols()) +
                   " wide");
    }
    const Index n = x.rows(), grown = std::min(size, n + fresh.rows());
    if (grown > n) {
      x.conservativeResize(grown, fresh.cols());
      log_w.conservativeResize(grown);
    }
    for (Index i = 0; i < fresh.rows(); ++i) {
      Index to = n + i;
      if (to >= size) {
        to = oldest;
        oldest = (oldest + 1) % size;
      }
      x.row(to) = fresh.row(i);
      log_w(to) = log_weights(i);
    }
  }
  /// Throws unless size, rows, weights and the oldest row fit one another.
  void check() const {
    if (size < 1 || x.rows() != log_w.size() || x.rows() > size || oldest < 0 || oldest >= size) {
      detail::fail("Replay: size, rows, weights and the oldest row do not fit one another");
    }
  }
  /// sum(i) = the weights of the rows up to i, truncated, in units of the largest weight.
  void running_weights(std::vector<double>& sum) const {
    double top = -std::numeric_limits<double>::infinity(), mean = 0, total = 0;
    for (Index i = 0; i < log_w.size(); ++i) top = std::max(top, log_w(i));
    sum.resize(static_cast<std::size_t>(log_w.size()));
    for (Index i = 0; i < log_w.size(); ++i) {
      const double w = std::exp(log_w(i) - top);
      sum[static_cast<std::size_t>(i)] = w;
      mean += w / static_cast<double>(log_w.size());
    }
    const double most = mean * std::sqrt(static_cast<double>(log_w.size()));
    for (double& w : sum) w = total += std::min(w, most);
    if (!(total > 0) || !std::isfinite(total))
      detail::fail<DataError>("Replay: none of " + std::to_string(log_w.size()) + " draws has a weight above 0");
  }
};

namespace detail {

/// What fit_energy's steps draw their rows from: rows of data (n x x_dim or n x 0), each as likely as any; without data
/// there is nothing to draw.
template <class T> struct StepRows {
  CView<T> data;
  explicit StepRows(CView<T> d) : data(d) {}
  virtual ~StepRows() = default;
  virtual CView<T> x() const { return data; }
  virtual void before(int, Noise) {}
  /// Before the first step: what is missing is drawn, or, where a checkpoint brings it, left to that; back from there
  /// if it was another run's.
  virtual void start(bool) {}
  virtual void refused() {}
  virtual void describe(FactList& facts) const { facts.add("data", data); }
  virtual void visit(StateWalk&) {}
  virtual Index row(Noise noise, Index i) const { return noise.index(i, 0, data.rows()); }
};

/// Throws unless a flow of x_dim coordinates can have this replay.
template <class T> [[gnu::cold]] void check_replay(const Replay<T>& replay, Index x_dim) {
  if (replay.size < 1 || replay.every < 1 || !(replay.refresh >= 0 && replay.refresh <= 1))
    fail("Replay: size and every must be positive, refresh in [0, 1]");
  replay.check();
  if (replay.x.rows() > 0 && replay.x.cols() != x_dim)
    fail("Replay: its rows have " + std::to_string(replay.x.cols()) + " columns, the flow wants " +
         std::to_string(x_dim));
}

/// The same of a replay that follows the model.  A team's ranks draw their shares of the rows and hold them all.
template <class F, class T, class E> class ReplayRows final : public StepRows<T> {
 public:
  /// The replay is one that check_replay takes.
  ReplayRows(Model<F, T>& model, Workspace<F, T>& ws, const E& energy, Replay<T>& replay, Noise noise, Team* team)
      : StepRows<T>(Model<F, T>::template nothing<const T>(0)),
        model_(model),
        ws_(ws),
        energy_(energy),
        replay_(replay),
        begin_(noise),
        team_(team),
        given_(replay) {}
  void start(bool brought) override {
    const Index missing = replay_.size - replay_.x.rows();
    if (brought) {
      replay_.x.conservativeResize(replay_.size, F::x_dim);
      replay_.log_w.conservativeResize(replay_.size);
    } else {
      if (missing > 0) draw(missing, begin_);
      replay_.running_weights(sum_);
    }
  }
  /// Allocates nothing: an exception may be on its way.
  void refused() override { std::swap(replay_, given_); }
  void describe(FactList& facts) const override {
    facts.add("replay's size", replay_.size);
    facts.add("replay's refresh", replay_.refresh);
    facts.add("replay's every", replay_.every);
    facts.add("replay's oldest row", replay_.oldest);
    facts.add("replay's rows", view(std::as_const(replay_.x)));
    facts.add("replay's weights", replay_.log_w.data(), replay_.log_w.size());
  }
  void visit(StateWalk& walk) override {
    walk("replay_rows", replay_.x);
    walk("replay_weights", replay_.log_w);
    walk("replay_oldest", replay_.oldest, 0, replay_.size - 1);
    if (walk.loading()) replay_.running_weights(sum_);
  }
  CView<T> x() const override { return view(std::as_const(replay_.x)); }
  void before(int step, Noise noise) override {
    const auto fresh = static_cast<Index>(math::whole_above(replay_.refresh * static_cast<double>(replay_.size)));
    if (fresh < 1 || step % replay_.every != 0) return;
    draw(fresh, noise);
    replay_.running_weights(sum_);
  }
  Index row(Noise noise, Index i) const override {
    const auto at = std::upper_bound(sum_.begin(), sum_.end(), noise.uniform(i, 0) * sum_.back()) - sum_.begin();
    return std::min(static_cast<Index>(at), replay_.size - 1);
  }

 private:
  void draw(Index n, Noise noise) {
    const auto share = [&](int rank) {
      constexpr Index step = shard_rows<T>;
      return team_ ? std::min(n, step * first_part((n + step - 1) / step, rank, team_->size())) : n * rank;
    };
    const int rank = team_ ? team_->rank() : 0;
    const Index first = share(rank), own = share(rank + 1) - first;
    Batch<T> x = Batch<T>::Zero(n, F::x_dim);
    Column<double> log_w = Column<double>::Zero(n);  // the others' are 0, and a sum leaves these as they are
    check_together(team_, [&] {
      if (own == 0) return;
      const auto s = model_.sample_and_log_prob(own, noise.from_row(first), {}, ws_);
      x.middleRows(first, own) = s.x;
      Column<T> u(own);
      energy_.value(view(s.x), ColView<T>(u.data(), own), room_);
      constexpr double nothing = -std::numeric_limits<double>::infinity();
      for (Index i = 0; i < own; ++i) {
        const double l = -static_cast<double>(u(i)) - static_cast<double>(s.log_prob(i));
        log_w(first + i) = l < -nothing ? l : nothing;  // NaN too
      }
    });
    if (team_) {
      team_->sum(x.data(), x.size());
      team_->sum(log_w.data(), n);
    }
    replay_.push(x, log_w);
  }
  Model<F, T>& model_;
  Workspace<F, T>& ws_;
  const E& energy_;
  Replay<T>& replay_;
  Noise begin_;
  Team* team_;
  Replay<T> given_;  // as it was handed in
  typename E::template Workspace<T> room_;
  std::vector<double> sum_;
};

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
