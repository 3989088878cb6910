// SPDX-License-Identifier: MIT
#include "row.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "rheo/evaluation/metrics.hpp"
#include "rheo/evaluation/sliced_wasserstein.hpp"
#include "rheo/io/npy.hpp"

namespace study {
namespace {

double seconds_of(auto&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

FitOptions options(const Family& family, const Budget& budget, Noise noise) {
  const long per_epoch = std::max<long>(1, static_cast<long>(0.95 * static_cast<double>(budget.train)) / static_cast<long>(budget.batch));
  return {.epochs = static_cast<int>((budget.steps + per_epoch - 1) / per_epoch), .batch = budget.batch, .learning_rate = family.rate, .validation = 0.05, .patience = 0,
          .schedule = {Cosine{0.01}, 100}, .noise = noise};
}

/// Largest and smallest singular value of the Jacobian of a map of the plane, by central differences, over rows of z.
std::pair<double, double> singular_values(const std::function<Batch<double>(const Batch<double>&)>& map, const Batch<double>& z) {
  constexpr double h = 1e-5;
  const Index n = z.rows();
  Batch<double> moved(4 * n, 2);
  for (Index k = 0; k < 4; ++k) {
    moved.middleRows(k * n, n) = z;
    moved.col(k / 2).segment(k * n, n) += k % 2 == 0 ? h : -h;
  }
  const Batch<double> x = map(moved);
  double most = 0, least = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < n; ++i) {
    const double a = (x(i, 0) - x(n + i, 0)) / (2 * h), c = (x(i, 1) - x(n + i, 1)) / (2 * h);
    const double b = (x(2 * n + i, 0) - x(3 * n + i, 0)) / (2 * h), d = (x(2 * n + i, 1) - x(3 * n + i, 1)) / (2 * h);
    const double sum = std::hypot(a + d, b - c), difference = std::hypot(a - d, b + c);
    most = std::max(most, (sum + difference) / 2);
    least = std::min(least, std::abs(sum - difference) / 2);
  }
  return {most, least};
}

/// Shares of the modes 0 to 15, of points that have one.
Column<double> mode_masses(const Batch<double>& x, int (*mode)(double, double)) {
  Column<double> mass = Column<double>::Zero(16);
  for (Index i = 0; i < x.rows(); ++i) {
    const int k = mode(x(i, 0), x(i, 1));
    if (k >= 0 && k < 16) mass(k) += 1 / static_cast<double>(x.rows());
  }
  return mass;
}

}  // namespace

long steps_within(double seconds, const Family& family, const targets::Target& target, const Budget& budget) {
  Budget few = budget;
  few.steps = 0;
  const Batch<double> x = target.sample(budget.train, Noise{7});
  auto run = [&](int epochs) {
    FitOptions o = options(family, few, Noise{8});
    o.epochs = epochs;
    return family.train(x, o).result;
  };
  const FitResult once = run(1);
  return std::max<long>(100, static_cast<long>(seconds / once.seconds * static_cast<double>(once.steps)));
}

Record measure(const Family& family, const targets::Target& target, std::uint64_t seed, const Budget& budget, const std::string& stem) {
  const Noise noise = Noise{seed};
  const Batch<double> train = target.sample(budget.train, noise.fork(1)), test = target.sample(budget.test, noise.fork(2));
  const Subject s = family.train(train, options(family, budget, noise.fork(3)));

  Record r;
  r.text("family", family.name);
  r.text("target", target.name);
  r.number("seed", static_cast<double>(seed));
  r.text("budget", budget.seconds > 0 ? "seconds" : "parameters");
  if (budget.seconds > 0) r.number("budget_seconds", budget.seconds);
  r.number("parameters", static_cast<double>(s.parameters));
  r.text("status", to_string(s.result.status));

  // Expressivity.
  const char* names[] = {"exact", "estimate", "bound", "bound of an estimate"};
  const std::string likelihood = s.log_prob ? names[static_cast<unsigned>(s.exactness)] : "none";
  std::optional<Estimate> gap;
  r.text("likelihood", likelihood);
  if (s.log_prob) {
    const Column<double> lp = s.log_prob(test, noise.fork(4));
    const Estimate e = mean_and_error(lp);
    r.number("nll", -e.value);
    r.number("nll_error", e.error);
    if (target.entropy) gap = gap_to_entropy(lp, *target.entropy);
  } else {
    r.none("nll", s.no_log_prob);
  }
  if (gap) r.number("gap", gap->value);
  else r.none("gap", s.log_prob ? "the target's entropy is not known" : s.no_log_prob);
  if (s.log_prob && s.exactness == Exactness::exact && target.log_prob) {
    r.number("grid_kl", grid_kl(target.log_prob, [&](const Batch<double>& x) { return s.log_prob(x, noise); }, target.box, 200, -60));
  } else {
    r.none("grid_kl", target.log_prob ? "the density is not exact" : "the target's density is not known");
  }
  const Batch<double> x = s.sample(budget.samples, noise.fork(5));
  std::optional<Estimate> leak;
  if (target.in_support) {
    leak = support_leak(x, target, 1e-6);
    r.number("leak", leak->value);
    r.none("level_leak", "the support is compact: see leak");
  } else {
    r.none("leak", "the support is not compact");
    if (target.log_prob) r.number("level_leak", level_leak(x, target, level_set_threshold(target, 1e-3, 200000, Noise{9})).value);
    else r.none("level_leak", "the target's density is not known");
  }
  const Zones* zone = nullptr;
  for (const Zones& z : zones()) zone = z.target == target.name ? &z : zone;
  if (zone && zone->bridge) r.number("bridge", mass_where(x, zone->bridge).value);
  else r.none("bridge", "no zone between modes is defined");
  if (zone && zone->mode) r.number("mode_error", mode_imbalance(mode_masses(x, zone->mode), mode_masses(target.sample(200000, Noise{9}), zone->mode)));
  else r.none("mode_error", "no modes are defined");

  const Index few = std::min<Index>(10000, x.rows());
  r.number("sliced_wasserstein", sliced_wasserstein<double>(x.topRows(few), target.sample(few, noise.fork(11)), 50, Noise{12}));

  // The sampling map, and the floor under the leak of a bijection of normal draws.
  std::string laws = "kept";
  if (s.decode) {
    Batch<double> z(2000 + 41 * 41, 2);
    noise.fork(6).normals(view(z));
    for (Index i = 0; i < 41; ++i) {
      for (Index j = 0; j < 41; ++j) z(2000 + 41 * i + j, 0) = -4 + 0.2 * static_cast<double>(i), z(2000 + 41 * i + j, 1) = -4 + 0.2 * static_cast<double>(j);
    }
    auto [most, least] = singular_values(s.decode, z);
    if (s.stretch) most = std::max(most, s.stretch(z.topRows(500)));
    r.number("sigma_max", most);
    r.number("sigma_min", least);
    if (s.moves_a_normal && zone && zone->width > 0) {
      const Column<double> mass = mode_masses(x, zone->mode);
      const Estimate excess = floor_excess(Parted{mass(0), mass(1), zone->width, x.rows()}, most);
      r.number("floor_excess", excess.value);
      if (excess.value > 4 * excess.error) laws = "broken: the image of a normal parts its mass more than its stretch allows";
    }
  } else {
    r.none("sigma_max", "sampling takes noise along the way");
    r.none("sigma_min", "sampling takes noise along the way");
  }
  if (gap && leak && gap->value + 4 * gap->error < least_gap(std::max(0.0, leak->value - 4 * leak->error))) laws = "broken: the gap is below -log(1 - leak)";
  r.text("laws", laws);

  // Training.
  r.number("steps", static_cast<double>(s.result.steps));
  r.number("train_seconds", s.result.seconds);
  r.number("step_us", 1e6 * s.result.seconds / static_cast<double>(std::max(1L, s.result.steps)));
  std::vector<double> at, loss;
  for (const EpochReport& e : s.result.history) at.push_back(e.seconds), loss.push_back(e.validation_loss);
  if (family.likelihood_loss) r.numbers("history_seconds", at), r.numbers("history_loss", loss);
  else r.none("history_loss", "the training loss is not a likelihood");

  // Likelihood and sampling, their ease.
  const Batch<double> some = test.topRows(std::min<Index>(1000, test.rows()));
  if (s.log_prob) {
    r.number("log_prob_us", 1e6 * seconds_of([&] { s.log_prob(some, noise); }) / static_cast<double>(some.rows()));
  } else {
    r.none("log_prob_us", s.no_log_prob);
  }
  if (s.log_prob && s.exactness == Exactness::bound) {
    r.number("looseness", mean_and_error<double>(s.estimate(some, 100, noise.fork(7)).value - s.log_prob(some, noise.fork(8))).value);
  } else {
    r.none("looseness", s.log_prob ? "the density is no bound" : s.no_log_prob);
  }
  r.number("sample_us", 1e6 * seconds_of([&] { s.sample(10000, noise); }) / 10000);
  if (s.decode_passes >= 0) r.number("sample_passes", static_cast<double>(s.decode_passes));
  else r.none("sample_passes", "an iteration decides");
  r.none("ess", "no energy: weights have no meaning on data");
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  r.number("peak_mb", static_cast<double>(usage.ru_maxrss) / 1024);

  if (!stem.empty()) {
    const auto& b = target.box;
    constexpr Index side = 120;
    Batch<double> grid(side * side, 2);
    for (Index j = 0; j < side; ++j) {
      for (Index i = 0; i < side; ++i) {
        grid(i + side * j, 0) = b.x1_min + (b.x1_max - b.x1_min) * (static_cast<double>(i) + 0.5) / side;
        grid(i + side * j, 1) = b.x2_min + (b.x2_max - b.x2_min) * (static_cast<double>(j) + 0.5) / side;
      }
    }
    if (s.estimate) io::write_npy(stem + "_density.npy", Batch<double>(s.estimate(grid, s.exactness == Exactness::exact ? 1 : 20, noise.fork(10)).value.exp().reshaped(side, side)));
    io::write_npy(stem + "_samples.npy", Batch<double>(x.topRows(5000)));
  }
  return r;
}

}  // namespace study
