// SPDX-License-Identifier: MIT
#include "row.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <numbers>

#include "rheo/evaluation/metrics.hpp"
#include "rheo/evaluation/sliced_wasserstein.hpp"
#include "rheo/io/npy.hpp"
#include "rheo/io/plot.hpp"

namespace study {
namespace {

double seconds_of(auto&& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

FitOptions options(const Family& family, Index rows, const Budget& budget, Noise noise) {
  const double validation = rows < 20000 ? 0.2 : 0.05;  // of few rows more are held out: their loss chooses the epoch
  const double per_epoch = std::ceil((1 - validation) * static_cast<double>(rows) / static_cast<double>(budget.batch));
  return {.epochs = std::max(1, static_cast<int>(std::lround(static_cast<double>(budget.steps) / per_epoch))),
          .batch = budget.batch,
          .learning_rate = family.rate,
          .validation = validation,
          .patience = 0,
          .schedule = {Cosine{0.01}, 100},
          .noise = noise};
}

/// Largest and smallest singular value of the Jacobian of a map of the plane, by central differences, over rows of z.
std::pair<double, double> singular_values(const std::function<Batch<double>(const Batch<double>&)>& map,
                                          const Batch<double>& z) {
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

/// The masses on either side of a strip, as wide as a fifth of the sample's interquartile range, across direction
/// `angle` through the median.
Parted half_planes(const Batch<double>& x, double angle) {
  std::vector<double> shadow(static_cast<std::size_t>(x.rows()));
  for (Index i = 0; i < x.rows(); ++i)
    shadow[static_cast<std::size_t>(i)] = x(i, 0) * std::cos(angle) + x(i, 1) * std::sin(angle);
  std::sort(shadow.begin(), shadow.end());
  const auto quantile = [&](double q) {
    return shadow[static_cast<std::size_t>(q * static_cast<double>(shadow.size()))];
  };
  const double width = 0.2 * (quantile(0.75) - quantile(0.25)), middle = quantile(0.5),
               n = static_cast<double>(shadow.size());
  const auto below = [&](double t) {
    return static_cast<double>(std::lower_bound(shadow.begin(), shadow.end(), t) - shadow.begin()) / n;
  };
  return {below(middle - width / 2), 1 - below(middle + width / 2), width, x.rows()};
}

/// KL of two coins, what any two distributions whose masses on one event are p and q differ by at least.
double of_coins(double p, double q) {
  return (p > 0 ? p * std::log(p / q) : 0) + (1 - p) * (std::log1p(-p) - std::log1p(-q));
}

std::string fingerprint(std::initializer_list<const Batch<double>*> parts) {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const auto* part : parts) {
    for (Index i = 0; i < part->size(); ++i) {
      unsigned char bytes[sizeof(double)];
      std::memcpy(bytes, part->data() + i, sizeof(double));
      for (unsigned char b : bytes) hash = (hash ^ b) * 1099511628211ull;
    }
  }
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

/// The integral of a density over a grid of the box and a quarter of it around.
double mass_on_grid(const std::function<Column<double>(const Batch<double>&)>& log_prob, const targets::Box& b) {
  constexpr Index cells = 800;
  const double w = b.x1_max - b.x1_min, h = b.x2_max - b.x2_min, dx = 1.5 * w / cells, dy = 1.5 * h / cells;
  Batch<double> row(cells, 2);
  double sum = 0;
  for (Index j = 0; j < cells; ++j) {
    for (Index i = 0; i < cells; ++i)
      row(i, 0) = b.x1_min - w / 4 + dx * (static_cast<double>(i) + 0.5),
             row(i, 1) = b.x2_min - h / 4 + dy * (static_cast<double>(j) + 0.5);
    sum += log_prob(row).exp().sum();
  }
  return sum * dx * dy;
}

void expressivity(Record& r, const Subject& s, const targets::Target& target, const Batch<double>& test,
                  const Batch<double>& x, Noise noise, std::string& laws) {
  Column<double> lp = s.log_prob(test, noise.fork(4));
  if (s.exactness ==
      Exactness::estimate) {  // its constant is estimated: scores are those of the density divided by its integral
    const double mass = mass_on_grid([&](const Batch<double>& y) { return s.log_prob(y, noise); }, target.box);
    lp -= std::log(mass);
    r.number("mass", mass);
  }
  const Batch<double> kept = lp;
  r.text("fingerprint", fingerprint({&kept, &x}));
  const Estimate e = mean_and_error(lp);
  r.number("nll", -e.value);
  r.number("nll_error", e.error);
  std::optional<Estimate> gap;
  if (target.entropy) {
    gap = gap_to_entropy(lp, *target.entropy);
    r.number("gap", gap->value);
  } else {
    r.none("gap", "the entropy is not known");
  }
  if (static_cast<unsigned>(s.exactness) < static_cast<unsigned>(Exactness::bound) && target.log_prob) {
    const Index cells = target.name == "near_curve_0.01" ? 640 : 240;  // a cell no wider than the density
    r.number("grid_kl", grid_kl(
                            target.log_prob, [&](const Batch<double>& y) { return s.log_prob(y, noise); }, target.box,
                            cells, -60));
  } else {
    r.none("grid_kl", target.log_prob ? "the density is not exact" : "the target's density is not known");
  }

  const auto check = [&](double least) {
    if (gap && gap->value + 4 * gap->error < least) laws = "broken: the gap is below what the leak allows";
  };
  if (target.in_support) {
    const Estimate leak = support_leak(x, target, 1e-6);
    r.number("leak", leak.value);
    r.none("level_leak", "the support is compact: see leak");
    check(least_gap(std::max(0.0, leak.value - 4 * leak.error)));
  } else {
    r.none("leak", "no compact support is known");
    if (target.log_prob) {
      const Level level = level_set_threshold(target, 1e-3, 50000, Noise{9});
      const Estimate leak = level_leak(x, target, level);
      r.number("level_leak", leak.value);
      if (leak.value > 4 * leak.error) check(of_coins(level.alpha, level.alpha + leak.value - 4 * leak.error));
    } else {
      r.none("level_leak", "the target's density is not known");
    }
  }
  const Zones* zone = zones_of(target.name);
  const Batch<double> truth = zone ? target.sample(200000, Noise{9}) : Batch<double>();
  if (zone && zone->bridge)
    r.number("bridge", mass_where(x, zone->bridge).value - mass_where(truth, zone->bridge).value);
  else r.none("bridge", "no zone between modes is defined");
  if (zone && zone->mode)
    r.number("mode_error", mode_imbalance(mode_masses(x, zone->mode), mode_masses(truth, zone->mode)));
  else r.none("mode_error", "no modes are defined");
  const Index few = std::min({Index(10000), x.rows(), test.rows()});
  r.number("sliced_wasserstein",
           sliced_wasserstein<double>(
               x.topRows(few), target.sample ? target.sample(few, noise.fork(11)) : Batch<double>(test.topRows(few)),
               50, Noise{12}));

  if (!s.decode) {
    for (const char* key : {"sigma_max", "sigma_min", "floor_excess"})
      r.none(key, "sampling takes noise along the way");
    return;
  }
  Batch<double> z(2000 + 41 * 41, 2);
  noise.fork(6).normals(view(z));
  for (Index i = 0; i < 41; ++i) {
    for (Index j = 0; j < 41; ++j)
      z(2000 + 41 * i + j, 0) = -4 + 0.2 * static_cast<double>(i),
                           z(2000 + 41 * i + j, 1) = -4 + 0.2 * static_cast<double>(j);
  }
  auto [most, least] = singular_values(s.decode, z);
  if (s.stretch) most = std::max(most, s.stretch(z.topRows(500)));
  r.number("sigma_max", most);
  r.number("sigma_min", least);
  if (!s.moves_a_normal) return r.none("floor_excess", "the base is no standard normal");
  std::vector<Parted> parts;
  if (zone && zone->width > 0) {
    const Column<double> mass = mode_masses(x, zone->mode);
    parts.push_back({mass(0), mass(1), zone->width, x.rows()});
  }
  for (int k = 0; k < 4; ++k) parts.push_back(half_planes(x, std::numbers::pi / 4 * k));
  double worst = -std::numeric_limits<double>::infinity();
  for (const Parted& p : parts) {
    const Estimate excess = floor_excess(p, most);
    worst = std::max(worst, excess.value);
    if (excess.value > 4 * excess.error && excess.value > 0)
      laws = "broken: the image of a normal parts its mass more than its stretch allows";
  }
  r.number("floor_excess", worst);
}

void training(Record& r, const Subject& s, const Family& family) {
  const Training& t = s.training;
  r.text("status", to_string(t.status));
  r.number("steps", static_cast<double>(t.steps));
  r.number("train_seconds", t.seconds);
  r.number("step_us", 1e6 * t.seconds / static_cast<double>(std::max(1L, t.steps)));
  if (!family.likelihood_loss) return r.none("history_loss", "the training loss is not a likelihood");
  const std::size_t stride = (t.loss.size() + 59) / 60;
  std::vector<double> at, step, loss;
  for (std::size_t i = 0; i < t.loss.size(); ++i) {
    if (i % stride == 0 || i + 1 == t.loss.size())
      at.push_back(t.at_seconds[i]), step.push_back(t.at_step[i]), loss.push_back(t.loss[i]);
  }
  r.numbers("history_seconds", at);
  r.numbers("history_steps", step);
  r.numbers("history_loss", loss);
}

void costs(Record& r, const Subject& s, const targets::Target& target, const Batch<double>& test, Noise noise) {
  const bool long_chain = s.decode_passes < 0 || s.decode_passes > 12;
  const Batch<double> some = test.topRows(std::min<Index>(1000, test.rows()));
  r.number("log_prob_us", 1e6 * seconds_of([&] { s.log_prob(some, noise); }) / static_cast<double>(some.rows()));
  if (s.exactness == Exactness::bound) {
    const Batch<double> fewer = some.topRows(std::min<Index>(long_chain ? 100 : 1000, some.rows()));
    const Estimate loose =
        mean_and_error<double>(s.estimate(fewer, 100, noise.fork(7)).value - s.log_prob(fewer, noise.fork(8)));
    r.number("looseness", loose.value);
    r.number("looseness_error", loose.error);
  } else {
    r.none("looseness", "the density is no bound");
  }
  const Index count = long_chain ? 2000 : 10000;
  r.number("sample_us", 1e6 * seconds_of([&] { s.sample(count, noise); }) / static_cast<double>(count));
  if (s.decode_passes >= 0) r.number("sample_passes", static_cast<double>(s.decode_passes));
  else r.none("sample_passes", "an iteration decides");
  if (target.log_prob)
    r.number("ess", effective_sample_size(s.log_weights(target, count, noise.fork(13))) / static_cast<double>(count));
  else r.none("ess", "the target's density is not known");
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  r.number("peak_mb", static_cast<double>(usage.ru_maxrss) / 1024);
}

void pictures(const Subject& s, const targets::Target& target, const Batch<double>& x, Noise noise,
              const std::string& stem) {
  const auto& b = target.box;
  const Index side = s.exactness == Exactness::exact ? 120 : 60;
  const Batch<double> grid = io::grid_points({b.x1_min, b.x1_max, b.x2_min, b.x2_max}, side, side);
  io::write_npy(
      stem + "_density.npy",
      Batch<double>(
          s.estimate(grid, s.exactness == Exactness::exact ? 1 : 8, noise.fork(10)).value.exp().reshaped(side, side)));
  io::write_npy(stem + "_samples.npy", Batch<double>(x.topRows(std::min<Index>(5000, x.rows()))));
}

}  // namespace

long steps_within(double seconds, const Family& family, const Place& place, const Budget& budget) {
  Budget few = budget;
  few.steps = 1;
  const Batch<double> x = draws(place, budget.train, 1, Noise{7}).train;
  FitOptions o = options(family, x.rows(), few, Noise{8});
  Training t = family.train(x, o, place.target).training;
  if (t.seconds < 1) {  // again for longer: the first steps are not like the others
    o.epochs = static_cast<int>(std::ceil(1 / t.seconds)) + 1;
    t = family.train(x, o, place.target).training;
  }
  return std::max<long>(1, std::lround(seconds / t.seconds * static_cast<double>(t.steps)));
}

Record measure(const Family& family, const Place& place, std::uint64_t seed, const Budget& budget,
               const std::string& stem) {
  Record r;
  r.text("family", family.name);
  r.text("target", place.target.name);
  r.number("seed", static_cast<double>(seed));
  r.text("budget", budget.seconds > 0 ? "seconds" : "parameters");
  if (budget.seconds > 0) r.number("budget_seconds", budget.seconds);
  r.number("budget_steps", static_cast<double>(budget.steps));
  if (const std::string reason = family.absent(place.target); !reason.empty()) {
    r.text("status", "absent");
    r.none("everything", reason);
    return r;
  }
  const Noise noise = Noise{seed};
  const Draws data = draws(place, budget.train, budget.test, noise);
  const Subject s = family.train(data.train, options(family, data.train.rows(), budget, noise.fork(3)), place.target);
  const char* names[] = {"exact", "estimate", "bound", "bound of an estimate"};
  r.number("parameters", static_cast<double>(s.parameters));
  r.text("likelihood", names[static_cast<unsigned>(s.exactness)]);
  const Batch<double> x = s.sample(budget.samples, noise.fork(5));
  std::string laws = "kept";
  expressivity(r, s, place.target, data.test, x, noise, laws);
  r.text("laws", laws);
  training(r, s, family);
  costs(r, s, place.target, data.test, noise);
  if (!stem.empty()) pictures(s, place.target, x, noise, stem);
  return r;
}

}  // namespace study
