// SPDX-License-Identifier: MIT
// Trainer: one step of an objective by shards, on any number of threads with identical bits, without allocation after
// the first.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <string>
#include <vector>

#include "rheo/training/checkpoint.hpp"
#include "rheo/training/objectives.hpp"
#include "rheo/training/optimizer.hpp"
#include "rheo/training/team.hpp"
#include "rheo/platform/compiled.hpp"

#include "rheo/platform/macros_off.hpp"

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

namespace detail {

/// A batch whose loss is not finite, taken apart.
struct FiniteRows {
  double sum = 0;
  std::vector<Index> rest;
};

/// What training is without the flow's type: batches cut into shards, lanes, the optimizer.  Its members are defined
/// outside the class, so that a program of many files can compile them once.
template <class T> class ShardTrainer {
 public:
  static constexpr Index max_lanes = 16, block = 1024;

  ShardTrainer(Numbers<T>& theta, Index context_dim, Optimizer optimizer);
  virtual ~ShardTrainer();
  /// From now on a batch's shards are shared out among the ranks, and evaluate(), value() and step() are calls of all
  /// of them: the results are the whole batch's at each.  A sum of the gradient and two numbers is what a step costs in
  /// messages.  Where an objective throws at one rank, all throw.
  void join(Team* team);
  /// Says with the next evaluate() that this rank wants to stop; whether any did in the last.
  void ask_to_stop(bool yes) { ask_ = yes; }
  bool asked_to_stop() const { return asked_; }

  /// The mean loss over a batch and its gradient (see gradient()); the parameters stay.
  double evaluate(CView<T> x, CView<T> context, const BatchRows& b, Noise noise);
  /// The weighted mean of the loss over rows, without a gradient.
  double value(CView<T> x, CView<T> context, const BatchRows& b, Noise noise);
  /// Behind a value() of the same rows that is not finite: the rows whose own loss is not, and the sum of weight times
  /// loss over the others.
  FiniteRows finite_rows(CView<T> x, CView<T> context, const BatchRows& b, Noise noise);
  /// The gradient of the last evaluate().
  const Column<T>& gradient() const { return gradient_; }
  /// One step of the optimizer; clip > 0 bounds the gradient's norm.
  StepReport step(CView<T> x, CView<T> context, const BatchRows& b, Noise noise, double rate, double clip = 0);
  void reset() { state_.reset(theta_->size()); }
  /// Buffers that follow from parameters, for parameters that were not reached by a step.
  void refresh() { after_step(); }
  /// What the workers of this rank have met.
  virtual Report report() const = 0;
  /// What those of all ranks had met at the last gather_reports(), a call of all; without a team what they have.
  Report whole_report() const { return team_ ? of_all_ : report(); }
  void gather_reports() {
    if (team_) of_all_ = team_->whole_report(report());
  }
  /// What a step depends on beside parameters and buffers, and what was met.
  void visit(StateWalk& walk);
  /// Tells the flow, the objective and the scalar.
  virtual void describe(FactList& facts) const = 0;
  /// Whether the flow can work with these buffers.
  virtual bool valid_buffers(const std::vector<double>& buffers) const = 0;

 protected:
  void make_rooms(int workers) { rooms_.resize(static_cast<std::size_t>(workers)); }

 private:
  struct Room {
    Buffer<T> x, context;
    Buffer<double> weight;
  };

  /// The objective on one shard, its gradient accumulated in g if `pull`.
  virtual double loss(CView<T> x, CView<T> context, const double* weight, double scale, Noise noise, Params<T> g,
                      bool pull, int worker) = 0;
  virtual void after_step() = 0;
  virtual Pool& pool() = 0;
  virtual Report& report_of(int worker) = 0;

  double shard(CView<T> x, CView<T> context, const BatchRows& b, Index first, Index n, Noise noise, double scale,
               Column<T>* g, int w);
  static CView<T> gather(CView<T> x, const BatchRows& b, Index first, Index n, Buffer<T>& room);
  void reduce(Index k);
  double sum_over_ranks(double loss, std::exception_ptr error);
  void complain(std::exception_ptr error, bool any) const;
  void warm_up(CView<T> x, CView<T> context, const BatchRows& b, Noise noise);

  Numbers<T>* theta_;
  Index context_dim_;
  Optimizer optimizer_;
  OptimizerState<T> state_;
  std::vector<Column<T>> lanes_;
  std::vector<Room> rooms_;
  Column<T> gradient_;
  Column<double> losses_, norms_, values_;
  Index used_lanes_ = 0;
  bool warm_ = false, dirty_ = false, ask_ = false, asked_ = false;
  Team* team_ = nullptr;
  Report of_all_;
  Column<T> message_;  // the gradient, the loss, whether a rank has thrown, whether one wants to stop
};

template <class T>
ShardTrainer<T>::ShardTrainer(Numbers<T>& theta, Index context_dim, Optimizer optimizer)
    : theta_(&theta), context_dim_(context_dim), optimizer_(optimizer) {
  const Index n = theta.size();
  state_.reset(n);
  gradient_.setZero(n);
  norms_.setZero((n + block - 1) / block);
}

template <class T> ShardTrainer<T>::~ShardTrainer() = default;

template <class T> double ShardTrainer<T>::evaluate(CView<T> x, CView<T> context, const BatchRows& b, Noise noise) {
  if (b.count < 1) fail("a step wants at least one row, got " + std::to_string(b.count));
  const Index step = shard_rows<T>, shards = (b.count + step - 1) / step, threads = pool().size();
  const Index from = team_ ? first_part(shards, team_->rank(), team_->size()) : 0,
              to = team_ ? first_part(shards, team_->rank() + 1, team_->size()) : shards;
  const Index lanes = std::clamp<Index>(to - from, 1, max_lanes);
  if (lanes > static_cast<Index>(lanes_.size())) {
    lanes_.resize(static_cast<std::size_t>(lanes));
    for (auto& l : lanes_) {
      if (l.size() != theta_->size()) l.setZero(theta_->size());
    }
    losses_.setZero(lanes);
  }
  for (Index l = 0; dirty_ && l < static_cast<Index>(lanes_.size()); ++l) lanes_[static_cast<std::size_t>(l)].setZero();
  dirty_ = true;  // until the lanes are summed: an objective that throws leaves them half full
  used_lanes_ = lanes;
  const double inverse = 1 / static_cast<double>(b.count);
  const auto work = [&] {
    if (!warm_ && threads > 1 && b.count > 0) warm_up(x, context, b, noise);
    pool().run(lanes, [&](Index lane, int w) {
      double sum = 0;
      for (Index s = from + lane; s < to; s += lanes) {
        sum += shard(x, context, b, s * step, std::min(step, b.count - s * step), noise, inverse,
                     &lanes_[static_cast<std::size_t>(lane)], w);
      }
      losses_(lane) = sum;
    });
  };
  if (!team_) work();
  else if (std::exception_ptr error = caught(work)) return sum_over_ranks(0, error);
  const Index blocks = norms_.size(), parts = std::min<Index>(blocks, 4 * threads);
  pool().run(parts, [&](Index part, int) {
    for (Index k = blocks * part / parts; k < blocks * (part + 1) / parts; ++k) reduce(k);
  });
  dirty_ = false;
  const double loss = losses_.head(lanes).sum() * inverse;
  return team_ ? sum_over_ranks(loss, nullptr) : loss;
}

template <class T> void ShardTrainer<T>::join(Team* team) {
  team_ = several(team);
  if (team_) message_.setZero(theta_->size() + 3);
}

/// Behind a call that every rank has made: throws what this one threw, or says that another did.
template <class T> void ShardTrainer<T>::complain([[maybe_unused]] std::exception_ptr error, bool any) const {
#if defined(__cpp_exceptions)
  if (error) std::rethrow_exception(error);
#endif
  if (any) fail<std::runtime_error>("the objective threw at another rank of the team");
}

/// gradient_, its norms, and the loss, summed over the ranks.
template <class T> double ShardTrainer<T>::sum_over_ranks(double loss, std::exception_ptr error) {
  const Index n = theta_->size(), blocks = norms_.size();
  message_.head(n) = gradient_;
  message_(n) = T(loss);
  message_(n + 1) = T(error != nullptr);
  message_(n + 2) = T(ask_);
  team_->sum(message_.data(), message_.size());
  complain(error, message_(n + 1) > T(0));
  asked_ = message_(n + 2) > T(0);
  const Index parts = std::min<Index>(blocks, 4 * pool().size());
  pool().run(parts, [&](Index part, int) {
    for (Index k = blocks * part / parts; k < blocks * (part + 1) / parts; ++k) {
      const Index first = k * block, m = std::min(block, n - first);
      gradient_.segment(first, m) = message_.segment(first, m);
      norms_(k) = static_cast<double>(gradient_.segment(first, m).matrix().squaredNorm());
    }
  });
  return static_cast<double>(message_(n));
}

template <class T> double ShardTrainer<T>::value(CView<T> x, CView<T> context, const BatchRows& b, Noise noise) {
  const Index step = shard_rows<T>, shards = (b.count + step - 1) / step;
  if (values_.size() < shards + (team_ != nullptr)) values_.resize(shards + (team_ != nullptr));
  const auto one = [&](Index s, int w) {
    values_(s) = shard(x, context, b, s * step, std::min(step, b.count - s * step), noise, 0, nullptr, w);
  };
  if (!team_) {
    pool().run(shards, one);
  } else {  // the others' are 0: a sum leaves every shard's bits as they are
    const Index from = first_part(shards, team_->rank(), team_->size()),
                to = first_part(shards, team_->rank() + 1, team_->size());
    values_.head(shards + 1).setZero();
    const std::exception_ptr error = caught([&] { pool().run(to - from, [&](Index k, int w) { one(from + k, w); }); });
    values_(shards) = error != nullptr;
    team_->sum(values_.data(), shards + 1);
    complain(error, values_(shards) > 0);
  }
  return values_.head(shards).sum() / static_cast<double>(b.count);
}

template <class T> [[gnu::cold]] void ShardTrainer<T>::visit(StateWalk& walk) {
  walk("first_moment", state_.first);
  walk("second_moment", state_.second);
  walk("optimizer_steps", state_.steps, 0, walk.any);
  Report met = whole_report();
  for (const auto& c : Report::counts) walk(c.name, met.*c.of, 0, walk.any);
  walk("worst_residual", met.worst_residual);
  if (walk.loading()) of_all_ = met;
  for (int w = 0; walk.loading() && w < pool().size(); ++w) report_of(w) = w == 0 && leads(team_) ? met : Report{};
}

template <class T>
FiniteRows ShardTrainer<T>::finite_rows(CView<T> x, CView<T> context, const BatchRows& b, Noise noise) {
  FiniteRows r;
  const Report before = report_of(0);
  for (Index s = 0; s * shard_rows<T> < b.count; ++s) {
    if (std::isfinite(values_(s))) {
      r.sum += values_(s);
      continue;
    }
    for (Index i = s * shard_rows<T>; i < std::min(b.count, (s + 1) * shard_rows<T>); ++i) {
      const double loss = shard(x, context, b, i, 1, noise, 0, nullptr, 0);
      if (std::isfinite(loss)) r.sum += loss;
      else r.rest.push_back(i);
    }
  }
  if (!leads(team_)) report_of(0) = before;  // what all ranks find alike is counted once
  return r;
}

template <class T>
StepReport ShardTrainer<T>::step(CView<T> x, CView<T> context, const BatchRows& b, Noise noise, double rate,
                                 double clip) {
  StepReport r;
  r.loss = evaluate(x, context, b, noise);
  r.gradient_norm = std::sqrt(norms_.sum());
  r.stepped = std::isfinite(r.loss) && std::isfinite(r.gradient_norm);
  if (!r.stepped) return r;
  const double scale = clip > 0 && r.gradient_norm > clip ? clip / r.gradient_norm : 1;
  ++state_.steps;
  const Index parts = pool().size(), n = theta_->size();
  pool().run(parts, [&](Index part, int) {
    const Index first = n * part / parts / 64 * 64, last = part + 1 == parts ? n : n * (part + 1) / parts / 64 * 64;
    std::visit(
        [&](const auto& o) { apply<T>(o, state_, theta_->data(), gradient_.data(), first, last - first, rate, scale); },
        optimizer_);
  });
  after_step();
  return r;
}

template <class T>
double ShardTrainer<T>::shard(CView<T> x, CView<T> context, const BatchRows& b, Index first, Index n, Noise noise,
                              double scale, Column<T>* g, int w) {
  Room& room = rooms_[static_cast<std::size_t>(w)];
  const CView<T> in = gather(x, b, first, n, room.x), c = context_dim_ > 0
                                                              ? gather(context, b, first, n, room.context)
                                                              : view_of(static_cast<const T*>(nullptr), n, 0, n);
  double* weight = nullptr;
  if (b.weight) {
    weight = room.weight.column(n).data();
    for (Index i = 0; i < n; ++i) weight[i] = b.weight[b.index ? b.index[first + i] : b.first + first + i];
  }
  return loss(in, c, weight, scale, noise.from_row(first), g ? Params<T>(g->data(), g->size()) : Params<T>(),
              g != nullptr, w);
}

template <class T>
CView<T> ShardTrainer<T>::gather(CView<T> x, const BatchRows& b, Index first, Index n, Buffer<T>& room) {
  if (!b.index) return rows(x, b.first + first, n);
  const View<T> to = room.view(n, x.cols());
  copy_rows(x, b.index + first, to);
  return read(to);
}

/// gradient = sum of the lanes, which are zeroed, for block k; its squared norm.
template <class T> void ShardTrainer<T>::reduce(Index k) {
  const Index first = k * block, n = std::min(block, theta_->size() - first);
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

/// Every worker runs the first shard once, so that none allocates in a later step.  What it meets there is in no
/// report: threads would be counted.
template <class T> void ShardTrainer<T>::warm_up(CView<T> x, CView<T> context, const BatchRows& b, Noise noise) {
  warm_ = true;
  for (int w = 0; w < pool().size(); ++w) {
    const Report before = report_of(w);
    shard(x, context, b, 0, std::min(shard_rows<T>, b.count), noise, 0, &lanes_[0], w);
    report_of(w) = before;
  }
  lanes_[0].setZero();
}

}  // namespace detail

/// Minimises the weighted mean of the objective over the rows.  Shard i belongs to lane i mod lanes, a lane's shards
/// run in order, lanes are summed in order: bits depend on the batch, never on the threads.
template <class F, class T, class Objective = MaximumLikelihood> class Trainer final : public detail::ShardTrainer<T> {
 public:
  explicit Trainer(Model<F, T>& model, Optimizer optimizer = Adam{}, Threads threads = 1, Objective objective = {})
      : detail::ShardTrainer<T>(model.parameters(), F::context_dim, optimizer),
        model_(&model),
        objective_(std::move(objective)),
        ws_(threads),
        rooms_(static_cast<std::size_t>(ws_.threads())) {
    this->make_rooms(ws_.threads());
  }
  Workspace<F, T>& workspace() { return ws_; }
  Report report() const override { return ws_.report(); }
  [[gnu::cold]] void describe(detail::FactList& facts) const override {
    facts.add("compiler", platform::compiler_family);
    facts.add_type("flow", detail::spelling<F>());
    facts.add_type("objective", detail::spelling<Objective>());
    facts.add_type("scalar", detail::spelling<T>());
    facts.add("parameters", model_->parameters().size());
    facts.add("buffers", model_->buffers().size());
  }
  [[gnu::cold]] bool valid_buffers(const std::vector<double>& buffers) const override {
    const Column<T> own = CColView<double>(buffers.data(), static_cast<Index>(buffers.size())).template cast<T>();
    return detail::valid_buffers(model_->flow(), Params<const T>(own.data(), own.size()));
  }

 private:
  double loss(CView<T> x, CView<T> context, const double* weight, double scale, Noise noise, Params<T> g, bool pull,
              int worker) override {
    Arena& scratch = ws_.worker(worker).scratch;
    Arena::Scope scope(scratch);
    ObjectiveCall<F, T> call{
        *model_, ws_.worker(worker), x, model_->seen(context, 0, x.rows(), scratch), weight, scale, noise, g, pull,
        context};
    return detail::run_objective(objective_, call, rooms_[static_cast<std::size_t>(worker)]);
  }
  void after_step() override { detail::after_step(model_->flow(), model_->theta(), model_->state()); }
  Pool& pool() override { return ws_.pool(); }
  Report& report_of(int worker) override { return ws_.worker(worker).report; }

  Model<F, T>* model_;
  Objective objective_;
  Workspace<F, T> ws_;
  std::vector<detail::RoomOf<Objective, F, T>> rooms_;
};

namespace detail {
RHEO_COMPILE(class ShardTrainer<float>);
RHEO_COMPILE(class ShardTrainer<double>);
}  // namespace detail

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
