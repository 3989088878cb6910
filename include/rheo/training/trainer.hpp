// SPDX-License-Identifier: MIT
// Trainer: one step of an objective by shards, on any number of threads with identical bits, without allocation after the first.
#pragma once

#include <algorithm>
#include <cmath>

#include "rheo/training/objectives.hpp"
#include "rheo/training/optimizer.hpp"

namespace rheo {

/// Which rows of a data set make a batch: `index` (null: first, first + 1, ...) and their weights (null: all one).
struct BatchRows {
  Index first = 0, count = 0;
  const Index* index = nullptr;
  const double* weight = nullptr;  ///< by row of the data set
};

/// What a step found: the mean loss over the batch before the step, the gradient's norm, and whether the step was made.
struct StepReport {
  double loss = 0, gradient_norm = 0;
  bool stepped = false;  ///< false when the loss or the gradient is not finite: nothing has changed then
};

/// Minimises the weighted mean of the objective over the rows.  Shard i belongs to lane i mod lanes, a lane's shards run in order, lanes
/// are summed in order: bits depend on the batch, never on the threads.
template <class F, class T, class Objective = MaximumLikelihood> class Trainer {
 public:
  static constexpr Index max_lanes = 16, block = 1024;

  explicit Trainer(Model<F, T>& model, Optimizer optimizer = Adam{}, int threads = 1, Objective objective = {})
      : model_(&model), objective_(std::move(objective)), optimizer_(optimizer), ws_(threads) {
    state_.reset(F::param_count);
    gradient_.setZero(F::param_count);
    rooms_.resize(static_cast<std::size_t>(threads));
    norms_.setZero((F::param_count + block - 1) / block);
  }

  /// The mean loss over a batch and its gradient (see gradient()); the parameters stay.
  double evaluate(CView<T> x, CView<T> context, const BatchRows& b, Noise noise) {
    if (b.count < 1) detail::fail("a step wants at least one row, got " + std::to_string(b.count));
    const Index step = shard_rows<T>, shards = (b.count + step - 1) / step, lanes = std::min(shards, max_lanes);
    if (lanes > static_cast<Index>(lanes_.size())) {
      lanes_.resize(static_cast<std::size_t>(lanes));
      for (auto& l : lanes_) {
        if (l.size() != F::param_count) l.setZero(F::param_count);
      }
      losses_.setZero(lanes);
    }
    for (Index l = 0; dirty_ && l < static_cast<Index>(lanes_.size()); ++l) lanes_[static_cast<std::size_t>(l)].setZero();
    dirty_ = true;  // until the lanes are summed: an objective that throws leaves them half full
    used_lanes_ = lanes;
    if (!warm_ && ws_.threads() > 1 && b.count > 0) warm_up(x, context, b, noise);
    const double inverse = 1 / static_cast<double>(b.count);
    ws_.pool().run(lanes, [&](Index lane, int w) {
      double loss = 0;
      for (Index s = lane; s < shards; s += lanes) {
        loss += shard(x, context, b, s * step, std::min(step, b.count - s * step), noise, inverse, &lanes_[static_cast<std::size_t>(lane)], w);
      }
      losses_(lane) = loss;
    });
    const Index blocks = norms_.size();
    ws_.pool().run(std::min<Index>(blocks, 4 * ws_.threads()), [&](Index part, int) {
      const Index parts = std::min<Index>(blocks, 4 * ws_.threads());
      for (Index k = blocks * part / parts; k < blocks * (part + 1) / parts; ++k) reduce(k);
    });
    dirty_ = false;
    return losses_.head(lanes).sum() * inverse;
  }
  /// The weighted mean of the loss over rows, without a gradient.
  double value(CView<T> x, CView<T> context, const BatchRows& b, Noise noise) {
    const Index step = shard_rows<T>, shards = (b.count + step - 1) / step;
    if (values_.size() < shards) values_.resize(shards);
    ws_.pool().run(shards, [&](Index s, int w) { values_(s) = shard(x, context, b, s * step, std::min(step, b.count - s * step), noise, 0, nullptr, w); });
    return values_.head(shards).sum() / static_cast<double>(b.count);
  }
  /// The gradient of the last evaluate().
  const Vector<T>& gradient() const { return gradient_; }

  /// One step of the optimizer; clip > 0 bounds the gradient's norm.
  StepReport step(CView<T> x, CView<T> context, const BatchRows& b, Noise noise, double rate, double clip = 0) {
    StepReport r;
    r.loss = evaluate(x, context, b, noise);
    r.gradient_norm = std::sqrt(norms_.sum());
    r.stepped = std::isfinite(r.loss) && std::isfinite(r.gradient_norm);
    if (!r.stepped) return r;
    const double scale = clip > 0 && r.gradient_norm > clip ? clip / r.gradient_norm : 1;
    ++state_.steps;
    const Index parts = ws_.threads(), n = F::param_count;
    ws_.pool().run(parts, [&](Index part, int) {
      const Index first = n * part / parts / 64 * 64, last = part + 1 == parts ? n : n * (part + 1) / parts / 64 * 64;
      std::visit([&](const auto& o) { detail::apply<T>(o, state_, model_->parameters().data(), gradient_.data(), first, last - first, rate, scale); }, optimizer_);
    });
    if constexpr (detail::HasAfterStep<F, T>) model_->flow().after_step(model_->theta(), model_->state());
    return r;
  }
  void reset() { state_.reset(F::param_count); }
  Workspace<F, T>& workspace() { return ws_; }

 private:
  struct Room {
    Buffer<T> x, context;
    Buffer<double> weight;
    detail::RoomOf<Objective, F, T> objective{};
  };

  double shard(CView<T> x, CView<T> context, const BatchRows& b, Index first, Index n, Noise noise, double scale, Vector<T>* g, int w) {
    Room& room = rooms_[static_cast<std::size_t>(w)];
    const CView<T> in = gather(x, b, first, n, room.x), c = F::context_dim > 0 ? gather(context, b, first, n, room.context) : Model<F, T>::template nothing<const T>(n);
    double* weight = nullptr;
    if (b.weight) {
      weight = room.weight.column(n).data();
      for (Index i = 0; i < n; ++i) weight[i] = b.weight[b.index ? b.index[first + i] : b.first + first + i];
    }
    ObjectiveCall<F, T> call{*model_, ws_.worker(w), in, c, weight, scale, noise.from_row(first), g ? Params<T>(g->data(), g->size()) : Params<T>(), g != nullptr};
    return detail::run_objective(objective_, call, room.objective);
  }
  static CView<T> gather(CView<T> x, const BatchRows& b, Index first, Index n, Buffer<T>& room) {
    if (!b.index) return rows(x, b.first + first, n);
    const View<T> to = room.view(n, x.cols());
    for (Index j = 0; j < x.cols(); ++j) {
      const T* from = column(x, j).data();
      T* out = column(to, j).data();
      for (Index i = 0; i < n; ++i) out[i] = from[b.index[first + i]];
    }
    return read(to);
  }
  /// gradient = sum of the lanes, which are zeroed, for block k; its squared norm.
  void reduce(Index k) {
    const Index first = k * block, n = std::min(block, F::param_count - first);
    auto g = gradient_.segment(first, n);
    g = lanes_[0].segment(first, n);
    lanes_[0].segment(first, n).setZero();
    for (Index l = 1; l < used_lanes_; ++l) {
      auto part = lanes_[static_cast<std::size_t>(l)].segment(first, n);
      g += part;
      part.setZero();
    }
    norms_(k) = static_cast<double>(g.matrix().squaredNorm());
  }
  /// Every worker runs the first shard once, so that none allocates in a later step.
  void warm_up(CView<T> x, CView<T> context, const BatchRows& b, Noise noise) {
    warm_ = true;
    for (int w = 0; w < ws_.threads(); ++w) shard(x, context, b, 0, std::min(shard_rows<T>, b.count), noise, 0, &lanes_[0], w);
    lanes_[0].setZero();
  }

  Model<F, T>* model_;
  Objective objective_;
  Optimizer optimizer_;
  Workspace<F, T> ws_;
  OptimizerState<T> state_;
  std::vector<Vector<T>> lanes_;
  std::vector<Room> rooms_;
  Vector<T> gradient_;
  Column<double> losses_, norms_, values_;
  Index used_lanes_ = 0;
  bool warm_ = false, dirty_ = false;
};

}  // namespace rheo
