// SPDX-License-Identifier: MIT
// Session: one flow that learns one target or some points, a few milliseconds at a time, and what can be asked of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <rheo/evaluation/metrics.hpp>
#include <rheo/io/csv.hpp>
#include <rheo/io/model_file.hpp>
#include <rheo/training/running_mean.hpp>

#include "flows.hpp"

namespace playground {

/// A flow in training without its type.  What is asked of it is asked of the shown model: the running mean of the
/// parameters when show() was last called.
class Learner {
 public:
  virtual ~Learner() = default;
  virtual StepReport step(const Batch<float>& x, const BatchRows& rows, Noise noise, double rate) = 0;
  virtual void show() = 0;
  /// log p(x) or, of a bound, its estimate from so many draws.
  virtual Column<double> log_prob(const Batch<float>& x, Index draws, Noise noise) const = 0;
  virtual Batch<double> sample(Index n, Noise noise) const = 0;
  /// The image of latent points; n x 0 where they have none.
  virtual Batch<double> image(const Batch<float>& z) const = 0;
  virtual void save(const std::string& path) const = 0;
  virtual Index parameters() const = 0;
};

template <class F, class Objective> class LearnerOf final : public Learner {
 public:
  LearnerOf(F flow, Objective objective, const Batch<float>& x, Noise noise)
      : model_(make_model<float>(std::move(flow), noise)),
        trainer_(model_, Adam{}, 1, objective),
        shown_(model_),
        mean_(model_.parameters(), 0.99) {
    model_.initialise(x);
    show();
  }
  StepReport step(const Batch<float>& x, const BatchRows& rows, Noise noise, double rate) override {
    const Input<float> data(x), context;
    const StepReport r = trainer_.step(data.view(), context.view(), rows, noise, rate, 5);
    if (r.stepped) mean_.add(model_.parameters());
    return r;
  }
  void show() override {
    mean_.swap(model_.parameters(), model_.buffers(), trainer_);
    shown_ = model_;
    mean_.swap_back(model_.parameters(), model_.buffers());
  }
  Column<double> log_prob(const Batch<float>& x, Index draws, Noise noise) const override {
    return shown_.log_prob_estimate(x, draws, noise).value.template cast<double>();
  }
  Batch<double> sample(Index n, Noise noise) const override { return shown_.sample(n, noise).template cast<double>(); }
  Batch<double> image(const Batch<float>& z) const override {
    if constexpr (is_exact_v<F>) return shown_.decode(z).template cast<double>();
    else return Batch<double>(z.rows(), 0);
  }
  void save(const std::string& path) const override { io::save(shown_, path); }
  Index parameters() const override { return F::param_count; }

 private:
  Model<F, float> model_;
  Trainer<F, float, Objective> trainer_;
  Model<F, float> shown_;
  detail::RunningMean<float> mean_;
};

/// What a stretch of training found; `loss` is the mean over its steps.
struct Progress {
  long steps = 0, refused = 0;  ///< made, and not made for a loss that is not finite
  double loss = 0;
};

/// A mean, its error, and how many points are behind it.
struct Gap {
  double loss = 0, gap = 0,
         error = 0;  ///< the gap is NaN where no density is known; the error is the gap's, else the loss's
};

class Session {
 public:
  static constexpr Index batch = 256, pool = 20'000;

  /// Learns draws of a target.
  Session(const std::string& flow, const std::string& target, std::uint64_t seed)
      : text_(flow_text(flow)), noise_{seed}, target_(make_target(target)), target_name_(target) {
    box_ = target_->box;
    refill();
    if (!target_->in_support) level_ = level_set_threshold(*target_, 0.01, 20'000, noise_.fork(3));
    start(*target_);
  }
  /// Learns points that a person wrote, two numbers a line; a fifth of them is kept for judging.  Throws FileError,
  /// "points:line:column: reason", and std::invalid_argument where they are too few or the flow wants an energy.
  static Session of_points(const std::string& flow, std::string_view text, std::uint64_t seed) {
    return Session(flow, points(text), seed);
  }

  const FlowText& text() const { return text_; }
  const targets::Box& box() const { return box_; }
  Index parameters() const { return learner_->parameters(); }
  double entropy() const { return target_ ? *target_->entropy : std::nan(""); }
  bool compact() const { return target_ && target_->in_support; }
  std::string load_text() const { return playground::load_text(text_, target_name_); }
  long steps() const { return steps_; }

  /// Steps until the time is over, at least one.
  Progress train(double milliseconds, double rate) {
    const auto start = std::chrono::steady_clock::now();
    Progress p;
    double sum = 0;
    do {
      if (at_ + batch_rows() > rows_.size()) refill();
      const BatchRows rows{0, batch_rows(), rows_.data() + at_, nullptr};
      const double warm = std::min(1.0, static_cast<double>(steps_ + 1) / 50);
      const StepReport r =
          learner_->step(x_, rows, noise_.fork(1).fork(static_cast<std::uint64_t>(tries_++)), rate * warm);
      at_ += static_cast<std::size_t>(batch_rows());
      if (r.stepped) ++p.steps, ++steps_, sum += r.loss;
      else ++p.refused;
    } while (std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() <
             milliseconds);
    p.loss = p.steps > 0 ? sum / static_cast<double>(p.steps) : std::nan("");
    return p;
  }

  /// From now on the answers below are those of the parameters of now, on fresh points.
  void show() {
    learner_->show();
    ++shown_;
  }
  /// The density at the centres of rows [first, first + count) of a grid of side x side cells, x first.
  Column<double> density(Index side, Index first, Index count) const {
    Batch<float> x(side * count, 2);
    const double n = static_cast<double>(side);
    for (Index j = 0; j < count; ++j) {
      for (Index i = 0; i < side; ++i) {
        x(i + side * j, 0) =
            static_cast<float>(box_.x1_min + (box_.x1_max - box_.x1_min) * (static_cast<double>(i) + 0.5) / n);
        x(i + side * j, 1) =
            static_cast<float>(box_.x2_min + (box_.x2_max - box_.x2_min) * (static_cast<double>(first + j) + 0.5) / n);
      }
    }
    return learner_->log_prob(x, map_draws(), noise_.fork(5).from_row(first * side)).exp();
  }
  /// Samples of the shown model, n x 2.
  Batch<double> sample(Index n) const { return learner_->sample(n, fresh(6)); }
  /// Points of the target, or the points themselves, for the eye: at most n.
  Batch<double> data(Index n) const { return x_.topRows(std::min(n, x_.rows())).cast<double>(); }
  /// The image of a latent grid over [-reach, reach]^2: lines of `points` points each, `lines` upright, then as many
  /// level ones.  Folded flows give moduli.  n x 0 where the flow has no map.
  Batch<double> grid_image(Index lines, Index points, double reach) const {
    Batch<float> z(2 * lines * points, 2);
    const auto place = [reach](Index k, Index n) {
      return static_cast<float>(reach * (2 * static_cast<double>(k) / static_cast<double>(n - 1) - 1));
    };
    for (Index way = 0; way < 2; ++way) {
      for (Index l = 0; l < lines; ++l) {
        for (Index k = 0; k < points; ++k) {
          z((way * lines + l) * points + k, way) = place(l, lines);
          z((way * lines + l) * points + k, 1 - way) = place(k, points);
        }
      }
    }
    Batch<double> x = learner_->image(z);
    if (folded()) x = x.abs().eval();
    return x;
  }
  bool folded() const { return std::string(text_.name) == "abs"; }
  /// The mean of -log p over points that were not trained on, and how far it lies above that of the true density at the
  /// same points: their difference is the divergence, or above it where the flow is a bound.
  Gap gap(Index n) const {
    const Batch<double> x =
        target_ ? target_->sample(n, fresh(7)) : Batch<double>(held_.topRows(std::min(n, held_.rows())));
    const Column<double> own = learner_->log_prob(x.cast<float>(), gap_draws(), fresh(8));
    Gap g;
    g.loss = -own.mean();
    g.gap = std::nan("");
    g.error = mean_and_error(own).error;
    if (target_) {
      Column<double> above(x.rows());
      for (Index i = 0; i < x.rows(); ++i) above(i) = target_->log_prob(x(i, 0), x(i, 1)) - own(i);
      const Estimate e = mean_and_error(above);
      g.gap = e.value, g.error = e.error;
    }
    return g;
  }
  /// Share of samples off a compact support; of other targets, the excess of samples where the target has its thinnest
  /// hundredth; NaN where no density is known.
  double leak(const Batch<double>& samples) const {
    if (!target_) return std::nan("");
    return (compact() ? support_leak(samples, *target_, 1e-6) : level_leak(samples, *target_, level_)).value;
  }
  /// One draw of the shown model's log-density, the same in every program.
  Column<double> score(const Batch<float>& x) const { return learner_->log_prob(x, 1, Noise{7}); }
  void save(const std::string& path) const { learner_->save(path); }
  Index gap_rows() const { return text_.bound ? 1000 : 4000; }

 private:
  Session(const std::string& flow, const Batch<double>& x, std::uint64_t seed) : text_(flow_text(flow)), noise_{seed} {
    if (text_.energy) rheo::detail::fail("SNF wants an energy, and points have none: choose another flow");
    const auto order = noise_.fork(4).permutation(x.rows());
    const Index held = x.rows() / 5;
    x_.resize(x.rows() - held, 2);
    held_.resize(held, 2);
    for (Index i = 0; i < x.rows(); ++i) {
      const auto row = x.row(order[static_cast<std::size_t>(i)]);
      if (i < held) held_.row(i) = row;
      else x_.row(i - held) = row.cast<float>();
    }
    const auto low = x.colwise().minCoeff().eval(), high = x.colwise().maxCoeff().eval();
    const auto room = (0.1 * (high - low)).eval();
    box_ = {low(0) - room(0), high(0) + room(0), low(1) - room(1), high(1) + room(1)};
    refill();
    start(targets::Target{});
  }

  static Batch<double> points(std::string_view text) {
    const auto table = io::parse_csv(text, "points");
    if (table.values.cols() != 2)
      rheo::detail::fail("points: the lines have " + std::to_string(table.values.cols()) + " numbers each, not two");
    std::set<std::pair<double, double>> distinct;
    for (Index i = 0; i < table.values.rows(); ++i) distinct.insert({table.values(i, 0), table.values(i, 1)});
    if (distinct.size() < 20)
      rheo::detail::fail("points: " + std::to_string(distinct.size()) +
                         " different points are too few: paste 20 or more");
    return table.values;
  }

  void start(const targets::Target& target) {
    learner_ =
        with_flow(text_.name, target, [&](auto flow, const FlowText&, auto objective) -> std::unique_ptr<Learner> {
          return std::make_unique<LearnerOf<decltype(flow), decltype(objective)>>(std::move(flow), objective, x_,
                                                                                  noise_.fork(9));
        });
  }
  /// New draws of the target, or the points in another order.
  void refill() {
    const Noise here = noise_.fork(2).fork(static_cast<std::uint64_t>(epoch_++));
    if (target_) x_ = target_->sample(pool, here).cast<float>();
    rows_ = here.fork(1).permutation(x_.rows());
    at_ = 0;
  }
  Index batch_rows() const { return std::min(batch, x_.rows()); }
  Index map_draws() const { return text_.bound ? (text_.nats ? 8 : 2) : 1; }
  Index gap_draws() const { return text_.bound ? (text_.nats ? 20 : 4) : 1; }
  Noise fresh(std::uint64_t what) const { return noise_.fork(what).fork(static_cast<std::uint64_t>(shown_)); }

  const FlowText& text_;
  Noise noise_;
  std::optional<targets::Target> target_;
  std::string target_name_;
  targets::Box box_{};
  Level level_{};
  Batch<float> x_;
  Batch<double> held_;
  std::vector<Index> rows_;
  std::size_t at_ = 0;
  long steps_ = 0, tries_ = 0, epoch_ = 0, shown_ = 0;
  std::unique_ptr<Learner> learner_;
};

}  // namespace playground
