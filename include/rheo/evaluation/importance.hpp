// SPDX-License-Identifier: MIT
// Importance: weights of a flow's draws against an energy, and what they are good for: log Z, means, effective numbers,
// unbiased draws.
//   Self-normalised estimates: Owen 2013, Monte Carlo theory, chapter 9; log Z by paths: Jarzynski 1997, Neal 2001
//     (annealed importance
//   sampling); sequential: Del Moral et al. 2006; its error by ancestors: Chan and Lai 2013, arXiv:1312.5114, Lee and
//     Whiteley 2018, arXiv:1509.00394;
//   independence Metropolis: Hastings 1970.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/math/path_energy.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// n draws x (n x dim) and log w = -u(x) - log p(z) - sum V (nats), whose exponentials have the mean Z, whatever the
/// flow.
template <class T> struct WeightedSample {
  Batch<T> x;            ///< n x x_dim
  Column<double> log_w;  ///< -inf where the energy is NaN or -inf, or a path left the finite numbers: counted as
                         ///< report.invalid; and where a path has no way back
  Report report;         ///< acceptance of moves too
};

namespace detail {

/// Rows that an energy is asked for at once.
inline constexpr Index energy_rows = 1024;
/// u(x) of all rows, some at a time.
template <class T, ValueEnergy E>
void energies(const E& energy, CView<T> x, Column<T>& u, typename E::template Workspace<T>& w) {
  u.resize(x.rows());
  for (Index i = 0; i < x.rows(); i += energy_rows) {
    const Index n = std::min(energy_rows, x.rows() - i);
    energy.value(rows(x, i, n), ColView<T>(u.data() + i, n), w);
  }
}
inline double largest(const Column<double>& log_w) {
  if (log_w.size() == 0) fail("no weights");
  double top = -std::numeric_limits<double>::infinity();
  for (Index i = 0; i < log_w.size(); ++i) {
    if (std::isnan(log_w(i))) return log_w(i);
    top = std::max(top, log_w(i));
  }
  return top;
}
/// exp(log_w - top); zero where all are.
inline Column<double> relative_weights(const Column<double>& log_w) {
  const double top = largest(log_w);
  if (!(top > -std::numeric_limits<double>::infinity()))
    return Column<double>::Constant(log_w.size(), std::isnan(top) ? top : 0.0);
  const auto weighs = log_w > -std::numeric_limits<double>::infinity();  // Eigen's exp of -inf is not 0
  return weighs.select((log_w - top).exp(), Column<double>::Zero(log_w.size()));
}

}  // namespace detail

/// Draws from the model with their weights against exp(-u).
template <class F, class T, ValueEnergy E>
WeightedSample<T> weighted_sample(const Model<F, T>& model, const E& energy, Index n, Noise noise,
                                  Threads threads = 1) {
  static_assert(E::dim == F::x_dim, "rheo: weighted_sample: the energy and the flow have different dimensions");
  Workspace<F, T> ws(threads);
  auto s = model.sample_and_log_prob(n, noise, {}, ws);
  WeightedSample<T> out{std::move(s.x), Column<double>(n), ws.report()};
  typename E::template Workspace<T> w;
  Column<T> u;
  detail::energies(energy, view(std::as_const(out.x)), u, w);
  for (Index i = 0; i < n; ++i) {
    const double log_p = static_cast<double>(s.log_prob(i)), l = -static_cast<double>(u(i)) - log_p,
                 infinity = std::numeric_limits<double>::infinity();
    const bool usable = l < infinity, one_way = !is_exact_v<F> && log_p == -infinity;  // encode never takes this path
    out.log_w(i) = usable ? l : -infinity;
    out.report.invalid += !usable && !one_way;
  }
  return out;
}

/// What is no energy is told what makes one.
template <class F, class T, class E>
requires(!ValueEnergy<E>) WeightedSample<T> weighted_sample(const Model<F, T>&, const E&, Index, Noise, Threads = 1) {
  detail::wants_energy<E>();
  return {};
}

/// log mean w, an estimate of log Z, and its error by the delta method.  All weights 0: -inf, its error NaN.  Throws
/// std::invalid_argument without weights.
inline Estimate log_z(const Column<double>& log_w) {
  const Column<double> w = detail::relative_weights(log_w);
  const Estimate m = mean_and_error(w);
  return {detail::largest(log_w) + std::log(m.value), m.error / m.value};
}
/// (sum w)^2 / sum w^2, between 1 and n; 0 where all weights are 0.
inline double effective_sample_size(const Column<double>& log_w) {
  const Column<double> w = detail::relative_weights(log_w);
  const double sum = w.sum();
  return sum > 0 ? sum * sum / w.square().sum() : sum;
}
/// The mean of f under exp(-u) / Z: sum w f / sum w, biased by O(1 / n), and its error by the delta method.  NaN where
/// all weights are 0.
inline Estimate expectation(const Column<double>& f, const Column<double>& log_w) {
  if (f.size() != log_w.size()) detail::fail("expectation: as many values as weights are wanted");
  const Column<double> w = detail::relative_weights(log_w);
  const double sum = w.sum(), mean = (w > 0.0).select(w * f, 0.0).sum() / sum;
  return {mean, std::sqrt((w > 0.0).select((w * (f - mean)).square(), 0.0).sum()) / sum};
}

/// Log-weights of rows that descend from others: ancestor[i], below their number, is the first row of which row i is a
/// copy's copy, and rows of one ancestor are a family.  Copies are not independent, their families are, about: below,
/// as in place of plain weights, errors are those of sums over families, those that died out among them.  Without
/// copies they are those of plain weights, which these convert to: whoever takes them as such takes rows for
/// independent.
struct FamilyWeights : Column<double> {
  std::vector<Index> ancestor;  ///< the row of the beginning that each row descends from
  /// Every row its own family.
  explicit FamilyWeights(Column<double> log_w)
      : Column<double>(std::move(log_w)), ancestor(static_cast<std::size_t>(this->size())) {
    std::iota(ancestor.begin(), ancestor.end(), Index(0));
  }
  /// Throws std::invalid_argument unless there is an ancestor for every row, among the rows.
  FamilyWeights(Column<double> log_w, std::vector<Index> ancestors)
      : Column<double>(std::move(log_w)), ancestor(std::move(ancestors)) {
    const auto strange = [this](Index a) { return a < 0 || a >= this->size(); };
    if (ancestor.size() != static_cast<std::size_t>(this->size()) ||
        std::any_of(ancestor.begin(), ancestor.end(), strange))
      detail::fail("FamilyWeights wants an ancestor for every row, among the rows");
  }
  /// First rows that have descendants: where few are left, an error is as unsure as a spread of few numbers.
  Index families() const {
    std::vector<Index> a = ancestor;
    std::sort(a.begin(), a.end());
    return std::unique(a.begin(), a.end()) - a.begin();
  }
  /// The sums of x, a number a row, over the families, 0 for those that died out.
  Column<double> sums(const Column<double>& x) const {
    Column<double> family = Column<double>::Zero(x.size());
    for (Index i = 0; i < x.size(); ++i) family(ancestor[static_cast<std::size_t>(i)]) += x(i);
    return family;
  }
};
/// log_z with an error that counts families.
inline Estimate log_z(const FamilyWeights& log_w) {
  const Estimate m = mean_and_error(log_w.sums(detail::relative_weights(log_w)));
  return {detail::largest(log_w) + std::log(m.value), m.error / m.value};
}
/// expectation with an error that counts families.
inline Estimate expectation(const Column<double>& f, const FamilyWeights& log_w) {
  const Estimate plain = expectation(f, static_cast<const Column<double>&>(log_w));
  const Column<double> w = detail::relative_weights(log_w);
  return {plain.value, std::sqrt(log_w.sums((w > 0.0).select(w * (f - plain.value), 0.0)).square().sum()) / w.sum()};
}
/// How many independent draws the families are worth: (sum w)^2 / sum over families of (sum w)^2.
inline double effective_sample_size(const FamilyWeights& log_w) {
  const Column<double> w = log_w.sums(detail::relative_weights(log_w));
  const double sum = w.sum();
  return sum > 0 ? sum * sum / w.square().sum() : sum;
}

/// A Markov chain over the rows of a weighted sample.
struct IndependenceChain {
  std::vector<Index> rows;  ///< as many as weights
  double acceptance;        ///< share of the moves that were made; NaN for one row
};
/// Row i + 1 is proposed after the row held, and taken with probability min(1, w' / w): draws that follow exp(-u) / Z
/// in the limit.
inline IndependenceChain independence_metropolis(const Column<double>& log_w, Noise noise) {
  const Index n = log_w.size();
  IndependenceChain chain{std::vector<Index>(static_cast<std::size_t>(n)), 0};
  Index held = 0, taken = 0;
  for (Index i = 1; i < n; ++i) {
    if (log_w(i) > -std::numeric_limits<double>::infinity() &&
        !(std::log(noise.uniform(i, 0)) >= log_w(i) - log_w(held)))
      held = i, ++taken;
    chain.rows[static_cast<std::size_t>(i)] = held;
  }
  chain.acceptance = static_cast<double>(taken) / static_cast<double>(n - 1);
  return chain;
}
/// `count` rows drawn in proportion to their weights by one uniform number and equal strides (systematic resampling).
/// Throws DataError where all weights are 0 or one is NaN.
inline std::vector<Index> resample(const Column<double>& log_w, Index count, Noise noise) {
  const Column<double> w = detail::relative_weights(log_w);
  const double sum = w.sum();
  if (!(sum > 0)) detail::fail<DataError>("resample: all weights are 0, or one is NaN");
  std::vector<Index> rows(static_cast<std::size_t>(count));
  double reached = w(0);
  for (Index k = 0, i = 0; k < count; ++k) {
    const double at = (static_cast<double>(k) + noise.uniform(0, 0)) * sum / static_cast<double>(count);
    while (reached < at && i + 1 < w.size()) reached += w(++i);
    rows[static_cast<std::size_t>(k)] = i;
  }
  return rows;
}

/// The end of an annealed run.
template <class T> struct AnnealedSample {
  Batch<T> x;           ///< n x dim
  FamilyWeights log_w;  ///< exp of them has mean Z / Z_base, resampled or not; errors by them count every resampling
  Estimate log_z;       ///< minus that of the base
  Report report;        ///< acceptance of the moves, rows of invalid energy
  int resampled = 0;    ///< how often
  Index families = 0;   ///< log_w.families()
};

namespace detail {

/// Who holds the rows of an annealed run: one process, all of them.  Over ranks: rheo/mpi.hpp.
struct AllRows {
  static constexpr Index first = 0;  // of the rows that are held here
  template <class Rows> const Rows& whole(const Rows& own) const { return own; }
  template <class Work> void together(const Work& work) const { work(); }
};

/// Rows decoded by a sampling layer as it starts, a shard at a time; v begins at 0.
template <class L, class T> struct RowMover {
  Column<T> theta = Column<T>(L::param_count), buffers = Column<T>(L::buffer_count);
  CacheOf<L, T> cache;
  Arena scratch;

  void operator()(const L& layer, const Batch<T>& x, Batch<T>& out, Column<T>& v, Noise key, Index first,
                  Report& report) {
    const Index n = x.rows();
    init<L, T>(layer, Params<T>(theta.data(), theta.size()), Params<T>(buffers.data(), buffers.size()),
               key.fork(0).from_row(-key.row0));  // of no row
    v.setZero();
    for (Index i = 0; i < n; i += 256) {
      const Index m = std::min<Index>(256, n - i);
      layer.decode(Pass<T, CacheOf<L, T>>{rows(view(x), i, m),
                                          rows(view(out), i, m),
                                          ColView<T>(v.data() + i, m),
                                          {theta.data(), theta.size()},
                                          {buffers.data(), buffers.size()},
                                          view_of(static_cast<const T*>(nullptr), m, 0, m),
                                          key.fork(1).from_row(first + i),
                                          cache,
                                          scratch,
                                          false,
                                          &report});
    }
  }
};

/// annealed_sample of `total` rows, of which these are x.  A move may say where step k leads, move.lambda(k), and look
/// at k: move(path, k).
template <class T, ValueEnergy Base, ValueEnergy Target, class Move, class Ranks>
AnnealedSample<T> annealed(Batch<T> x, Index total, const Base& base, const Target& target, const Move& move,
                           int temperatures, Noise noise, double threshold, const Ranks& ranks) {
  using Path = Interpolated<Base, Target>;
  const auto layer_at = [&](const Path& path, [[maybe_unused]] int k) {
    if constexpr (requires { move(path, k); }) return move(path, k);
    else return move(path);
  };
  const auto lambda_at = [&](int k) {
    if constexpr (requires { move.lambda(k); }) return double(move.lambda(k));
    else return static_cast<double>(k) / temperatures;
  };
  using L = decltype(layer_at(std::declval<Path>(), 1));
  static_assert(L::x_dim == Base::dim && L::z_dim == Base::dim);
  const Index n = x.rows();
  AnnealedSample<T> s{Batch<T>(n, Base::dim), FamilyWeights(Column<double>::Zero(total)), {}, {}, 0, 0};
  Column<double> log_w = Column<double>::Zero(n);  // as of independent rows: the number that resampling goes by
  std::vector<Index>& ancestor = s.log_w.ancestor;
  typename Path::template Workspace<T> w;
  Column<T> u(n), v(n);
  // log w = work - u at the end of a path alone: what it met on the way, walls too, is in its V
  Column<double> work(n);
  const double nothing = -std::numeric_limits<double>::infinity();
  const auto begin = [&] {
    energies(Path(base, target, 0.0), view(std::as_const(x)), u, w);
    for (Index i = 0; i < n; ++i) {
      work(i) = std::isfinite(u(i)) ? static_cast<double>(u(i)) : nothing;
      s.report.invalid += !std::isfinite(u(i));
    }
  };
  RowMover<L, T> mover;
  const auto step = [&](int k) {
    const Path path(base, target, lambda_at(k));
    mover(layer_at(path, k), x, s.x, v, noise.fork(static_cast<std::uint64_t>(k)), ranks.first, s.report);
    x.swap(s.x);
    energies(path, view(std::as_const(x)), u, w);
    for (Index i = 0; i < n; ++i) {
      const bool moved = std::isfinite(v(i)) || v(i) > T(0);  // +inf: a path of weight 0
      if (moved && math::faulty(u(i))) ++s.report.invalid;
      work(i) = moved && !math::faulty(u(i)) ? work(i) - static_cast<double>(v(i)) : nothing;
      log_w(i) = work(i) > nothing ? work(i) - static_cast<double>(u(i)) : nothing;
    }
  };
  ranks.together([&] {
    if (n > 0) begin();
  });
  std::vector<Index> next(ancestor);
  for (int k = 1; k <= temperatures; ++k) {
    ranks.together([&] {
      if (n > 0) step(k);
    });
    if (k == temperatures || threshold == 0) continue;
    const Column<double>& all = ranks.whole(log_w);
    const double effective = effective_sample_size(all);
    if (!(effective > 0 && effective < threshold * static_cast<double>(total))) continue;
    const auto chosen = resample(all, total, noise.fork(static_cast<std::uint64_t>(k)).fork(2));
    const double level = log_z(all).value;
    const Batch<T>& all_x = ranks.whole(x);
    const Column<T>& all_u = ranks.whole(u);
    for (Index i = 0; i < n; ++i) {
      const Index from = chosen[static_cast<std::size_t>(ranks.first + i)];
      s.x.row(i) = all_x.row(from);
      work(i) = level + static_cast<double>(all_u(from));
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) next[i] = ancestor[static_cast<std::size_t>(chosen[i])];
    ancestor.swap(next);
    x.swap(s.x);
    log_w.setConstant(level);
    ++s.resampled;
  }
  s.x = ranks.whole(x);
  static_cast<Column<double>&>(s.log_w) = ranks.whole(log_w);
  s.report = ranks.whole(s.report);
  s.log_z = log_z(s.log_w);
  s.families = s.log_w.families();
  return s;
}

/// Throws unless a run can be made of these.
template <Energy Base, class T>
[[gnu::cold]] void check_annealed(const Batch<T>& x, int temperatures, double threshold) {
  if (temperatures < 1 || !(threshold >= 0 && threshold <= 1))
    fail("annealed_sample wants one temperature or more, and a threshold in [0, 1]");
  check_width(Input<T>(x), Base::dim, "x");
}

}  // namespace detail

/// Annealed importance sampling and sequential Monte Carlo: rows x, drawn from exp(-u_base) / Z_base, go through
/// `temperatures` moves at lambda = 1 / temperatures, ..., 1;  move(Interpolated) makes the sampling layer
/// (rheo/flows/moves.hpp), any of them: V keeps the weights exact.  Rows are resampled when their effective number
/// falls below `threshold` of them; 0, annealed importance sampling, never does, nor is it done where all weights are
/// 0.  Rows that begin at no finite energy, or meet an energy of NaN or -inf, weigh 0 and count as report.invalid.
/// Throws std::invalid_argument for x of another width, no temperature, or a threshold beyond [0, 1].
template <class T, Energy Base, Energy Target, class Move>
AnnealedSample<T> annealed_sample(Batch<T> x, const Base& base, const Target& target, const Move& move,
                                  int temperatures, Noise noise, double threshold = 0) {
  detail::check_annealed<Base>(x, temperatures, threshold);
  const Index n = x.rows();
  return detail::annealed<T>(std::move(x), n, base, target, move, temperatures, noise, threshold, detail::AllRows{});
}
/// What is no energy is told what makes one.
template <class T, class Base, class Target, class Move>
requires(!ValueEnergy<Base> || !ValueEnergy<Target>) AnnealedSample<T> annealed_sample(Batch<T>, const Base&,
                                                                                       const Target&, const Move&, int,
                                                                                       Noise, double = 0) {
  detail::wants_energy<std::conditional_t<ValueEnergy<Base>, Target, Base>>();
  return {};
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
