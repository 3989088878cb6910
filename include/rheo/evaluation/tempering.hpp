// SPDX-License-Identifier: MIT
// Parallel tempering: chains at every step of the path from a base to a target, which swap their places.
//   Geyer 1991;  Hukushima and Nemoto 1996;  pairs even and odd by turns, and round trips: Syed et al. 2022,
//     arXiv:1905.02939.
#pragma once

#include <cstdint>

#include "rheo/evaluation/importance.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// How long parallel_tempering runs.
struct TemperingOptions {
  int temperatures = 8;  ///< steps of lambda from 0 to 1: a row has one chain more than that
  int sweeps = 200;      ///< moves of all chains, each followed by swaps
  int discard = 50;      ///< of these, at the beginning, which give no draws
  Noise noise{};         ///< decides moves and swaps
};

/// What parallel_tempering gives.
template <class T> struct TemperedSample {
  Batch<T> x;            ///< the chains at the target, n rows a kept sweep, sweep by sweep: row i of each is one chain
  Column<double> swaps;  ///< share of the proposed swaps of steps k and k + 1 that were accepted
  std::int64_t round_trips = 0;  ///< walks of a chain from base to target: few mean too few temperatures
  Report report;                 ///< of the moves at all steps
};

/// Draws of the target by chains at lambda = 0, 1 / temperatures, ..., 1 of Interpolated{base, target}: after every
/// move, states at neighbouring steps are swapped with probability min(1, exp((lambda' - lambda) (d(x') - d(x)))), d
/// the target's energy less the base's, which leaves the product of all laws as it is: exact once the chains have
/// settled. The n rows of x, where all chains of a row start, are independent of one another; errors come from means of
/// rows. move(Interpolated) makes the sampling layer (rheo/flows/moves.hpp), one that accepts or rejects.  Throws
/// std::invalid_argument for x of another width, fewer than one temperature, no kept sweep, and a layer whose moves are
/// not in detailed balance with the energy (V is another than the energy's fall).
template <class T, Energy Base, Energy Target, class Move>
TemperedSample<T> parallel_tempering(const Batch<T>& x, const Base& base, const Target& target, const Move& move,
                                     const TemperingOptions& o = {}) {
  using Path = Interpolated<Base, Target>;
  using L = decltype(move(std::declval<Path>()));
  if (o.temperatures < 1 || o.discard < 0 || o.sweeps <= o.discard)
    detail::fail("parallel_tempering wants one temperature or more, and more sweeps than it discards");
  detail::check_width(Input<T>(x), Base::dim, "x");
  const Index n = x.rows(), K = o.temperatures;
  TemperedSample<T> s{Batch<T>(n * (o.sweeps - o.discard), Base::dim), Column<double>::Zero(K), 0, {}};
  Column<double> proposed = Column<double>::Zero(K);
  std::vector<Batch<T>> at(static_cast<std::size_t>(K) + 1, x);
  const auto state = [&](Index k) -> Batch<T>& { return at[static_cast<std::size_t>(k)]; };
  Batch<T> moved(n, Base::dim), warm = Batch<T>::Zero(n, K + 1), gap(n, K + 1);  // warm: has been at the base since
  typename Path::template Workspace<T> w;
  detail::RowMover<L, T> mover;
  Column<T> before(n), after(n), v(n);
  for (int sweep = 0; sweep < o.sweeps; ++sweep) {
    const Noise key = o.noise.fork(static_cast<std::uint64_t>(sweep));
    for (Index k = 0; k <= K; ++k) {
      const Path path(base, target, static_cast<double>(k) / static_cast<double>(K));
      detail::energies(path, view(std::as_const(state(k))), before, w);
      mover(move(path), state(k), moved, v, key.fork(static_cast<std::uint64_t>(k)), 0, s.report);
      detail::energies(path, view(std::as_const(moved)), after, w);
      for (Index i = 0; i < n; ++i) {
        const double fall = static_cast<double>(before(i)) - static_cast<double>(after(i));
        const double size = 1 + std::abs(static_cast<double>(before(i))) + std::abs(static_cast<double>(after(i)));
        if (std::abs(fall - static_cast<double>(v(i))) > 1e-3 * size && std::isfinite(fall))
          detail::fail("parallel_tempering wants moves that are accepted or rejected, as moves::Metropolis");
      }
      state(k).swap(moved);
      for (Index i = 0; i < n; i += detail::energy_rows) {
        const Index m = std::min(detail::energy_rows, n - i);
        path.lambda_derivative(rows(view(std::as_const(state(k))), i, m), ColView<T>(&gap(i, k), m), w);
      }
    }
    const Noise chance = key.fork(static_cast<std::uint64_t>(K) + 1);
    for (Index k = sweep % 2; k < K; k += 2) {
      for (Index i = 0; i < n; ++i) {
        // NaN where an energy is infinite on both sides: such a state stays where it is
        const double ratio =
            (static_cast<double>(gap(i, k + 1)) - static_cast<double>(gap(i, k))) / static_cast<double>(K);
        proposed(k) += 1;
        if (!(std::log(chance.uniform(i, k)) < ratio)) continue;
        s.swaps(k) += 1;
        state(k).row(i).swap(state(k + 1).row(i));
        std::swap(warm(i, k), warm(i, k + 1));
      }
    }
    warm.col(0).setOnes();
    s.round_trips += static_cast<std::int64_t>((warm.col(K) == T(1)).count());
    warm.col(K).setZero();
    if (sweep >= o.discard) s.x.middleRows(n * (sweep - o.discard), n) = state(K);
  }
  s.swaps /= proposed.max(1.0);
  return s;
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
