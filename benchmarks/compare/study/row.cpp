// SPDX-License-Identifier: MIT
#include "row.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numbers>

#include "rheo/evaluation/energy_distance.hpp"
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

FitOptions options(const Setting& setting, Index rows, const Budget& budget, Noise noise) {
  const double validation = rows < 20000 ? 0.2 : 0.05;  // of few rows more are held out: their loss chooses the epoch
  const double per_epoch = std::ceil((1 - validation) * static_cast<double>(rows) / static_cast<double>(budget.batch));
  return {.epochs = std::max(1, static_cast<int>(std::lround(static_cast<double>(budget.steps) / per_epoch))),
          .batch = budget.batch,
          .learning_rate = setting.rate,
          .validation = validation,
          .patience = 0,
          .schedule = setting.averaged ? Schedule{Constant{}, 100} : Schedule{Cosine{0.01}, 100},
          .average = setting.averaged ? 0.999 : 0,
          .noise = noise};
}

/// Whole numbers with uniform noise on them: the mean log-density of x + u bounds log P(x) below.
Batch<double> spread(const Place& place, Batch<double> x, Noise noise) {
  if (!place.whole_numbers) return x;
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index k = 0; k < x.cols(); ++k) x(i, k) += noise.uniform(i, k);
  }
  return x;
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

/// Standard deviations of the columns.
Row<double> deviations(const Batch<double>& x) {
  Row<double> d(x.cols());
  for (Index k = 0; k < x.cols(); ++k) d(k) = std::sqrt((x.col(k) - x.col(k).mean()).square().mean());
  return d;
}
/// Calls visit(point) with each row, contiguous.
template <class Visit> void each_row(const Batch<double>& x, Visit visit) {
  std::vector<double> row(static_cast<std::size_t>(x.cols()));
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index k = 0; k < x.cols(); ++k) row[static_cast<std::size_t>(k)] = x(i, k);
    visit(i, row.data());
  }
}
/// Shares of the modes, of all rows.
Column<double> mode_masses(const Place& place, const Batch<double>& x) {
  Column<double> mass = Column<double>::Zero(place.modes);
  each_row(x, [&](Index, const double* row) {
    if (const Index m = place.mode(row); m >= 0) mass(m) += 1 / static_cast<double>(x.rows());
  });
  return mass;
}
/// True log-densities of rows.
Column<double> true_log_prob(const Place& place, const Batch<double>& x) {
  Column<double> lp(x.rows());
  each_row(x, [&](Index i, const double* row) { lp(i) = place.log_prob(row); });
  return lp;
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

/// Whether a draw takes dozens of passes, or as many as an iteration decides: fewer rows are measured then.
bool long_chain(const Subject& s) { return s.decode_passes < 0 || s.decode_passes > 25; }

/// Log-densities of rows, where they are bounds by as many draws as a second or so pays for: one draw's bound would
/// say more of the encoders than of the model.
Column<double> scores(const Subject& s, const Batch<double>& x, Noise noise, Index& draws) {
  const bool bound = s.exactness == Exactness::bound || s.exactness == Exactness::bound_of_estimate;
  draws = !bound ? 1 : long_chain(s) ? 20 : 100;
  const Index rows = std::min<Index>(x.rows(), !bound ? long_chain(s) ? 3000 : 10000 : long_chain(s) ? 1000 : 2000);
  return bound ? s.estimate(x.topRows(rows), draws, noise).value : s.log_prob(x.topRows(rows), noise);
}
/// Rows that have a score: a free-form flow finds no latent of some rows, whose density it then cannot tell.
std::vector<Index> scored(const Column<double>& lp) {
  std::vector<Index> rows;
  for (Index i = 0; i < lp.size(); ++i) {
    if (!std::isnan(lp(i))) rows.push_back(i);
  }
  return rows;
}
constexpr double most_unscored = 0.01;  // above it the mean of the others says too little

/// What a leak of samples off the support, or beyond a level of the density, says; the least gap that it allows.
double leaks(Record& r, const targets::Target& plane, const Batch<double>& x) {
  if (plane.in_support) {
    const Estimate leak = support_leak(x, plane, 1e-6);
    r.number("leak", leak.value);
    r.none("level_leak", "the support is compact: see leak");
    return least_gap(std::max(0.0, leak.value - 4 * leak.error));
  }
  r.none("leak", "no compact support is known");
  if (!plane.log_prob) return r.none("level_leak", "the target's density is not known"), 0;
  const Level level = level_set_threshold(plane, 1e-3, 50000, Noise{9});
  const Estimate leak = level_leak(x, plane, level);
  r.number("level_leak", leak.value);
  return leak.value > 4 * leak.error ? of_coins(level.alpha, level.alpha + leak.value - 4 * leak.error) : 0;
}

void stretches(Record& r, const Subject& s, const Place& place, const Batch<double>& x, Noise noise,
               std::string& laws) {
  if (!s.decode) {
    for (const char* key : {"sigma_max", "sigma_min", "floor_excess"})
      r.none(key, "sampling takes noise along the way");
    return;
  }
  if (place.dim != 2) {
    Batch<double> z(500, place.dim);
    noise.fork(6).normals(view(z));
    if (s.stretch && !long_chain(s)) r.number("sigma_max", s.stretch(z));
    else r.none("sigma_max", "a search that takes minutes");
    return;
  }
  const Index drawn = long_chain(s) ? 300 : 2000, side = long_chain(s) ? 17 : 41;
  Batch<double> z(drawn + side * side, 2);
  noise.fork(6).normals(view(z));
  for (Index i = 0; i < side; ++i) {
    for (Index j = 0; j < side; ++j) {
      z(drawn + side * i + j, 0) = 8 * static_cast<double>(i) / static_cast<double>(side - 1) - 4;
      z(drawn + side * i + j, 1) = 8 * static_cast<double>(j) / static_cast<double>(side - 1) - 4;
    }
  }
  auto [most, least] = singular_values(s.decode, z);
  if (s.stretch && !long_chain(s)) most = std::max(most, s.stretch(z.topRows(500)));
  r.number("sigma_max", most);
  r.number("sigma_min", least);
  if (!s.moves_a_normal) return r.none("floor_excess", "the base is no standard normal");
  if (long_chain(s)) return r.none("floor_excess", "the steepest place is not searched for");
  std::vector<Parted> parts;
  if (place.modes_apart > 0) {
    const Column<double> mass = mode_masses(place, x);
    parts.push_back({mass(0), mass(1), place.modes_apart, x.rows()});
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

/// The density of rows held out, beside the truth's; what the samples x leak.
void density(Record& r, const Subject& s, const Place& place, const Batch<double>& test, const Batch<double>& x,
             Noise noise, std::string& laws) {
  Index draws;
  Column<double> lp = scores(s, spread(place, test, noise.fork(14)), noise.fork(4), draws);
  if (s.exactness == Exactness::estimate && place.plane) {
    // Its constant is estimated: scores are those of the density divided by its integral.
    const double mass = mass_on_grid([&](const Batch<double>& y) { return s.log_prob(y, noise); }, place.plane->box);
    lp -= std::log(mass);
    r.number("mass", mass);
  }
  const Batch<double> kept = lp;
  r.text("fingerprint", fingerprint({&kept, &x}));
  r.number("score_draws", static_cast<double>(draws));
  const std::vector<Index> known = scored(lp);
  const double unscored = 1 - static_cast<double>(known.size()) / static_cast<double>(lp.size());
  r.number("unscored", unscored);
  if (unscored > most_unscored) {
    for (const char* key : {"nll", "gap"}) r.none(key, "too many rows whose latent is not found");
  } else {
    const Estimate e = mean_and_error<double>(lp(known));
    r.number("nll", -e.value);
    r.number("nll_error", e.error);
  }
  if (place.log_prob && unscored <= most_unscored) {  // of the same rows: what the two share cancels
    const Column<double> apart = (true_log_prob(place, test.topRows(lp.size())) - lp)(known);
    const Estimate gap = mean_and_error(apart);
    r.number("gap", gap.value);
    r.number("gap_error", gap.error);
    const double least = place.plane ? leaks(r, *place.plane, x) : 0;
    if (gap.value + 4 * gap.error < least) laws = "broken: the gap is below what the leak allows";
  } else if (!place.log_prob) {
    r.none("gap", "the density is not known");
  } else if (place.plane) {
    leaks(r, *place.plane, x);
  }
}

/// The samples x beside rows held out and the truth's modes.
void samples(Record& r, const Place& place, const Batch<double>& test, const Batch<double>& x, Noise noise) {
  const Batch<double> seen = place.whole_numbers ? Batch<double>(x.floor()) : x;
  const Batch<double> truth = place.bridge || place.mode ? place.sample(200000, Noise{9}) : Batch<double>();
  if (place.bridge) r.number("bridge", mass_where(x, place.bridge).value - mass_where(truth, place.bridge).value);
  else r.none("bridge", "no zone between modes is defined");
  if (place.mode) {
    const Column<double> found = mode_masses(place, x), due = mode_masses(place, truth);
    r.number("mode_error", mode_imbalance(found, due));
    r.number("modes_found", static_cast<double>((found >= 0.5 * due).count()) / static_cast<double>(place.modes));
  } else {
    for (const char* key : {"mode_error", "modes_found"}) r.none(key, "no modes are defined");
  }
  const Index few = std::min({Index(5000), x.rows(), test.rows()});
  const Batch<double> others = place.sample ? place.sample(few, noise.fork(11)) : Batch<double>(test.topRows(few));
  // Coordinates as the data scale them, that none weighs more.
  const Batch<double> a = seen.topRows(few).rowwise() / deviations(test), b = others.rowwise() / deviations(test);
  const EnergyDistance distance = energy_distance(a, b);
  r.number("energy_distance", distance.value);
  r.number("energy_distance_error", distance.error);
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

void costs(Record& r, const Subject& s, const Place& place, const Batch<double>& test, Noise noise) {
  const Batch<double> some = test.topRows(std::min<Index>(1000, test.rows()));
  r.number("log_prob_us", 1e6 * seconds_of([&] { s.log_prob(some, noise); }) / static_cast<double>(some.rows()));
  if (s.exactness == Exactness::bound) {
    const Batch<double> fewer = some.topRows(std::min<Index>(long_chain(s) ? 100 : 1000, some.rows()));
    const Estimate loose =
        mean_and_error<double>(s.estimate(fewer, 100, noise.fork(7)).value - s.log_prob(fewer, noise.fork(8)));
    r.number("looseness", loose.value);
    r.number("looseness_error", loose.error);
  } else {
    r.none("looseness", "the density is no bound");
  }
  const Index count = long_chain(s) ? 2000 : 10000;
  r.number("sample_us", 1e6 * seconds_of([&] { s.sample(count, noise); }) / static_cast<double>(count));
  if (s.decode_passes >= 0) r.number("sample_passes", static_cast<double>(s.decode_passes));
  else r.none("sample_passes", "an iteration decides");
  if (place.log_prob && !place.whole_numbers)
    r.number("ess", effective_sample_size(s.log_weights(place, count, noise.fork(13))) / static_cast<double>(count));
  else r.none("ess", "no density to weigh draws by");
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  r.number("peak_mb", static_cast<double>(usage.ru_maxrss) / 1024);
}

void pictures(const Subject& s, const targets::Target& target, const Batch<double>& x, Noise noise,
              const std::string& stem) {
  const auto& b = target.box;
  const Index side = s.exactness == Exactness::exact && !long_chain(s) ? 120 : 60;
  const Batch<double> grid = io::grid_points({b.x1_min, b.x1_max, b.x2_min, b.x2_max}, side, side);
  io::write_npy(
      stem + "_density.npy",
      Batch<double>(
          s.estimate(grid, s.exactness == Exactness::exact ? 1 : 8, noise.fork(10)).value.exp().reshaped(side, side)));
  io::write_npy(stem + "_samples.npy", Batch<double>(x.topRows(std::min<Index>(5000, x.rows()))));
}

}  // namespace

std::string budget_name(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", seconds);
  return text;
}

Record heading(const std::string& family, const std::string& target, double seconds, const Setting& setting) {
  Record r;
  r.text("family", family);
  r.text("target", target);
  r.text("budget", budget_name(seconds));
  r.number("rate", setting.rate);
  r.number("averaged", setting.averaged);
  return r;
}

long steps_within(const Family& family, const Place& place, const Budget& budget) {
  Budget few = budget;
  few.steps = 1, few.train = 20000;
  const Batch<double> x = spread(place, draws(place, few.train, 1, Noise{7}).train, Noise{17});
  FitOptions o = options({}, x.rows(), few, Noise{8});
  Training t = family.train(x, o, place).training;
  if (t.seconds < 1) {  // again for longer: the first steps are not like the others
    o.epochs = static_cast<int>(std::ceil(1 / t.seconds)) + 1;
    t = family.train(x, o, place).training;
  }
  return std::max<long>(1, std::lround(budget.seconds / t.seconds * static_cast<double>(t.steps)));
}

Record try_setting(const Family& family, const Place& place, const Setting& setting, const Budget& budget) {
  const Noise noise{1000};  // no row of the table has it
  const Draws data = draws(place, budget.train, 5000, noise);
  const Batch<double> train = spread(place, data.train, noise.fork(15));
  const Subject s = family.train(train, options(setting, train.rows(), budget, noise.fork(3)), place);
  Index several;
  const Column<double> lp = scores(s, spread(place, data.test, noise.fork(14)), noise.fork(4), several);
  const std::vector<Index> known = scored(lp);
  Record r = heading(family.name, place.name, budget.seconds, setting);
  r.text("status", to_string(s.training.status));
  const double unscored = 1 - static_cast<double>(known.size()) / static_cast<double>(lp.size());
  if (unscored <= most_unscored) r.number("nll", -mean_and_error<double>(lp(known)).value);
  else r.none("nll", "too many rows whose latent is not found");
  r.number("train_seconds", s.training.seconds);
  return r;
}

Record measure(const Family& family, const Place& place, std::uint64_t seed, const Setting& setting,
               const Budget& budget, const std::string& stem) {
  Record r = heading(family.name, place.name, budget.seconds, setting);
  r.number("seed", static_cast<double>(seed));
  r.number("budget_steps", static_cast<double>(budget.steps));
  if (const std::string reason = !place.absent.empty() ? place.absent : family.absent(place); !reason.empty()) {
    r.text("status", "absent");
    r.none("everything", reason);
    return r;
  }
  const Noise noise = Noise{seed};
  const Draws data = draws(place, budget.train, budget.test, noise);
  const Batch<double> train = spread(place, data.train, noise.fork(15));
  const Subject s = family.train(train, options(setting, train.rows(), budget, noise.fork(3)), place);
  const char* names[] = {"exact", "estimate", "bound", "bound of an estimate"};
  r.number("parameters", static_cast<double>(s.parameters));
  r.text("likelihood", names[static_cast<unsigned>(s.exactness)]);
  const Batch<double> x = s.sample(budget.samples, noise.fork(5));
  std::string laws = "kept";
  density(r, s, place, data.test, x, noise, laws);
  samples(r, place, data.test, x, noise);
  stretches(r, s, place, x, noise, laws);
  r.text("laws", laws);
  training(r, s, family);
  costs(r, s, place, spread(place, data.test, noise.fork(14)), noise);
  if (!stem.empty() && place.plane) pictures(s, *place.plane, x, noise, stem);
  return r;
}

}  // namespace study
