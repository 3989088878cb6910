// SPDX-License-Identifier: MIT
// Rejected: a flow whose draws an energy keeps, or replaces by others, a few times over: a base nearer to exp(-u).
//   Hertrich and Gruhlke 2025, arXiv:2407.20444, section 4.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/path_energy.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace detail {

/// log c at which the mean of min(1, w / c) is `acceptance`, by bisection.  Throws DataError where too few weights are
/// above 0.
[[gnu::cold]] inline double rejection_level(const Column<double>& log_w, double acceptance) {
  const double infinity = std::numeric_limits<double>::infinity();
  double low = infinity, high = -infinity, some = 0;
  for (Index i = 0; i < log_w.size(); ++i) {
    if (!std::isfinite(log_w(i))) continue;
    low = std::min(low, log_w(i)), high = std::max(high, log_w(i)), ++some;
  }
  const double n = static_cast<double>(log_w.size());
  if (some <= acceptance * n)
    fail<DataError>("rejected: " + std::to_string(some / n) +
                    " of the flow's draws are where the energy is finite: this acceptance must be below that, or the "
                    "flow nearer to the target");
  high -= std::log(acceptance);
  for (int k = 0; k < 200 && high - low > 1e-10 * (1 + std::abs(high)); ++k) {
    const double middle = 0.5 * (low + high);
    double sum = 0;
    for (Index i = 0; i < log_w.size(); ++i) sum += std::exp(std::min(0.0, log_w(i) - middle));
    (sum > acceptance * n ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace detail

/// q_k(x) = q_{k-1}(x) (a_k(x) + 1 - A_k),  a_k = min(1, exp(-u(x)) / (c_k q_{k-1}(x))),  A_k = E[a_k] under q_{k-1},
/// q_0 the flow F, k = 1 .. Steps: a draw of q_{k-1} is kept with probability a_k, else another takes its place,
/// whatever it is.  A step is no farther from exp(-u) / Z in KL; it raises what F covers too thinly by 2 - A_k at most,
/// lowers what is too much by 1 - A_k at most, and brings nothing where F has no draws.
///
/// F, whose density and draws every step wants, is a part of this base and no longer trained: its numbers are buffers.
/// So draws do not move with any parameter, decode has a pull (of nothing), and layers in front are fitted by
/// fit_energy without bias; by data, if u has a gradient.  c_k is such that `acceptance` of `samples` draws are kept;
/// A_k is the mean of a_k over as many others, never of the same: an estimate, whose standard error stands beside it in
/// the buffers.  That of V is at most the sum of error / (1 - A_k); V is the same at every call.  init and tune make
/// these numbers (rheo/flows/rejection.hpp: from a trained model); nothing else changes them.
///
/// encode costs one encode of F and one u, whatever Steps; decode (2 - acceptance)^Steps draws of F in the mean.  A u
/// of NaN or -inf, at finite x, counts as `invalid` and is kept with probability 0, as one of +inf.
template <class F, ValueEnergy E, Index Steps = 1> struct Rejected {
  static_assert(Distribution<F> && F::x_dim == E::dim && F::context_dim == 0,
                "rheo: Rejected wants a flow, without a context, and an energy of its dimension");
  static_assert(detail::is_noise_free<F>,
                "rheo: Rejected wants a flow whose log-density is exact, or noise_free: a bound does not say how often "
                "a draw is to be kept");
  static_assert(Steps > 0 && Steps < 64);
  static constexpr Index x_dim = F::x_dim, z_dim = 0, context_dim = 0, param_count = 0,
                         buffer_count = 3 * Steps + F::param_count + F::buffer_count;
  static constexpr Kind kind = F::kind;
  static constexpr Exactness exactness = Exactness::estimate;
  static constexpr bool noise_free = true, bounded = detail::is_bounded<F>();
  static constexpr Supports<x_dim> x_support = F::x_support;
  static constexpr Supports<0> z_support{};
  static constexpr auto x_categories = detail::x_categories<F>();
  static constexpr Index encode_passes = (detail::encode_effort<F>() + detail::Effort{1}).passes,
                         decode_passes = as_needed;
  static constexpr bool parallel_encode = detail::encode_effort<F>().parallel,
                        parallel_decode = detail::decode_effort<F>().parallel;
  static constexpr bool exact_pulls = detail::has_exact_pulls<F>;
  template <class T> static constexpr double accuracy() { return detail::accuracy<F, T>(); }
  template <class T> struct Cache {
    CacheOf<F, T> flow;
    math::PathWorkspace<E, T> energy;
    Buffer<T> kept;  // n x Steps
  };
  F flow;             ///< below
  E energy;           ///< u, nats
  double acceptance;  ///< of a step, as tune makes it
  Index samples;      ///< draws behind c, and behind A

  /// acceptance: the share of draws that a step keeps; samples: draws behind c and behind A.  Throws
  /// std::invalid_argument unless acceptance is in (0, 1), samples 2 or more.
  Rejected(F f, E u, double kept = 0.8, Index draws = 65536)
      : flow(std::move(f)), energy(std::move(u)), acceptance(kept), samples(draws) {
    if (!(kept > 0 && kept < 1) || draws < 2)
      detail::fail("Rejected: an acceptance in (0, 1) is wanted, and 2 samples or more");
  }

  /// log c, A, its standard error, a number a step each; the flow's parameters and buffers.
  template <class P> static auto unpack_buffers(P p) {
    auto log_c = p.vector(Steps, "log_c"), mean = p.vector(Steps, "acceptance"), error = p.vector(Steps, "error");
    auto theta = p.part(LayoutOf<F>{}, F::param_count, "flow");
    return std::tuple{log_c, mean, error, theta, p.part(LayoutOf<F>{}, F::buffer_count, "state")};
  }
  /// Parameters beyond the root of the largest number are refused: nets would overflow.
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    const auto [log_c, mean, error, theta, state] = unpack_buffers(buffers);
    const T most = std::sqrt(std::numeric_limits<T>::max());
    for (Index k = 0; k < theta.size(); ++k) {
      if (!(std::abs(theta.data()[k]) <= most)) return false;
    }
    return (log_c.abs() <= most).all() && (mean >= T(0)).all() && (mean <= T(1)).all() && (error >= T(0)).all() &&
           detail::valid_buffers(flow, state);
  }
  /// A new flow, and what tune makes of it.
  template <class T> void init(Params<T>, Params<T> buffers, Noise noise) const requires CanDecode<F, T> {
    const auto [log_c, mean, error, theta, state] = unpack_buffers(buffers);
    detail::init<F, T>(flow, theta, state, noise.fork(0));
    tune(buffers, noise.fork(1));
  }
  /// c, A and its error of every step, for the flow's numbers that are in the buffers.  Throws DataError where no more
  /// than `acceptance` of the draws have a finite u.
  template <class T> void tune(Params<T> buffers, Noise noise) const {
    constexpr Index chunk = 256;
    auto [log_c, mean, error, theta, state] = unpack_buffers(buffers);
    Cache<T> cache;
    Arena scratch;
    Batch<T> x(chunk, x_dim);
    Column<T> v(chunk), u(chunk);
    const auto each = [&](Index level, Noise key, auto visit) {
      for (Index done = 0; done < samples; done += chunk) {
        const Index n = std::min(chunk, samples - done);
        ColView<T> log_q(v.data(), n), u_x(u.data(), n);
        log_q.setZero();
        draw(Pass<T, Cache<T>>{nothing<const T>(n),
                               rows(view(x), 0, n),
                               log_q,
                               {},
                               buffers,
                               nothing<const T>(n),
                               key.from_row(done),
                               cache,
                               scratch,
                               false},
             level);
        energy.value(read(rows(view(x), 0, n)), u_x, cache.energy.plain);
        for (Index i = 0; i < n; ++i) visit(done + i, log_q(i), u_x(i));
      }
    };
    Column<double> log_w(samples);
    const double n = static_cast<double>(samples);
    for (Index s = 0; s < Steps; ++s) {
      const Noise key = noise.fork(static_cast<std::uint64_t>(s));
      each(s, key.fork(0), [&](Index i, T log_q, T u_x) {
        log_w(i) = math::is_finite(u_x) ? -static_cast<double>(u_x) - static_cast<double>(log_q)
                                        : -std::numeric_limits<double>::infinity();
      });
      log_c(s) = static_cast<T>(detail::rejection_level(log_w, acceptance));
      double sum = 0, squares = 0;
      each(s, key.fork(1), [&, at = T(log_c(s))](Index, T log_q, T u_x) {
        const double a = static_cast<double>(kept(log_q, u_x, at));
        sum += a, squares += a * a;
      });
      mean(s) = static_cast<T>(sum / n);
      error(s) = static_cast<T>(std::sqrt(std::max(0.0, squares - sum * sum / n) / (n * (n - 1))));
    }
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires CanEncode<F, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto [log_c, mean, error, theta, state] = unpack_buffers(p.buffers);
    ColView<T> log_q = p.scratch.template column<T>(n), u = p.scratch.template column<T>(n);
    View<T> a = p.cache.kept.view(n, Steps);
    log_q.setZero();
    flow.encode(Pass<T, CacheOf<F, T>>{p.in, p.out, log_q, theta, state, p.context, p.noise, p.cache.flow, p.scratch,
                                       p.keep, p.report});
    energy.value(p.in, u, p.cache.energy.plain);
    for (Index i = 0; i < n; ++i) {
      for (Index s = 0; s < Steps; ++s) {
        a(i, s) = kept(log_q(i), u(i), log_c(s));
        log_q(i) += gain(a(i, s), mean(s));
      }
      p.v(i) += log_q(i);
    }
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires(CanEncodePull<F, T>&& Energy<E>) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto [log_c, mean, error, theta, state] = unpack_buffers(p.buffers);
    const View<T> a = p.cache.kept.view(n, Steps);
    ColView<T> g = p.scratch.template column<T>(n), g_u = p.scratch.template column<T>(n),
               unused = p.scratch.template column<T>(F::param_count);
    unused.setZero();
    for (Index i = 0; i < n; ++i) {
      g(i) = p.g_v(i), g_u(i) = T(0);
      for (Index s = Steps; s-- > 0;) {
        if (a(i, s) == T(1)) continue;  // whatever u and q are
        const T part = a(i, s) > T(0) ? g(i) * a(i, s) / (a(i, s) + (T(1) - mean(s))) : T(0);
        g_u(i) -= part, g(i) -= part;
      }
    }
    flow.encode_pull(Pull<T, CacheOf<F, T>>{p.in, p.out, p.g_out, read(g), p.g_in, theta,
                                            Params<T>(unused.data(), F::param_count), state, p.context, p.g_context,
                                            p.noise, p.cache.flow, p.scratch});
    T none(0);
    math::PathEnergy<false, E, T>{energy, T(0), p.cache.energy}.value_pull(p.in, read(g_u), p.g_in, none, p.scratch);
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanDecode<F, T> { draw(p, Steps); }
  template <class T> void decode_pull(Pull<T, Cache<T>>) const requires CanDecode<F, T> {}

 private:
  template <class T> static auto nothing(Index n) { return view_of(static_cast<T*>(nullptr), n, 0, n); }
  /// a of a row.
  template <class T> static T kept(const T& log_q, const T& u, const T& log_c) {
    using std::exp;
    if (!math::is_finite(u)) return T(0);
    const T l = -u - log_c - log_q;
    return l < T(0) ? T(exp(l)) : T(1);
  }
  /// log q_k - log q_{k-1}.
  template <class T> static T gain(const T& a, const T& mean) {
    using std::log;
    return log(a + (T(1) - mean));
  }
  /// p.out drawn from q_level, p.v its log-density.  A row that a step refuses begins anew, and passes that step the
  /// next time: bit s of `second`, of the steps before it none.  Round t of the draws has keys of its own, and each row
  /// its own draws in them, whoever is left beside it.
  template <class T> void draw(Pass<T, Cache<T>> p, Index level) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.out.rows();
    const auto [log_c, mean, error, theta, state] = unpack_buffers(p.buffers);
    const View<T> x = p.scratch.template take<T>(n, x_dim);
    auto v = p.scratch.template column<T>(n), u = p.scratch.template column<T>(n);
    auto row = p.scratch.template column<Index>(n), number = p.scratch.template column<Index>(n);
    auto second = p.scratch.template column<std::uint64_t>(n);
    for (Index i = 0; i < n; ++i) row(i) = i, second(i) = 0;
    Index live = n;
    for (std::uint64_t t = 0; live > 0; ++t) {
      for (Index k = 0; k < live; ++k) number(k) = p.noise.row(row(k));
      const Noise key = live < n ? p.noise.fork(t).of_rows(number.data()) : p.noise.fork(t), chance = key.fork(1);
      ColView<T> log_q(v.data(), live), u_x(u.data(), live);
      log_q.setZero();
      flow.decode(Pass<T, CacheOf<F, T>>{nothing<const T>(live), rows(x, 0, live), log_q, theta, state,
                                         nothing<const T>(live), key.fork(0), p.cache.flow, p.scratch, false,
                                         p.report});
      energy.value(read(rows(x, 0, live)), u_x, p.cache.energy.plain);
      Index left = 0;
      for (Index k = 0; k < live; ++k) {
        const Index i = row(k);
        if (p.report) ++p.report->evaluations, p.report->invalid += math::faulty(u_x(k));
        Index s = 0;
        for (; s < level; ++s) {
          const T a = kept(log_q(k), u_x(k), log_c(s));
          if (!(second(i) >> s & 1)) {
            const bool keep = chance.uniform(k, s) < static_cast<double>(autodiff::value_of(a));
            if (p.report) ++p.report->proposed, p.report->accepted += keep;
            if (!keep) {
              second(i) = (second(i) >> s | 1) << s;
              break;
            }
          }
          log_q(k) += gain(a, mean(s));
        }
        if (s < level) {
          row(left++) = i;
          continue;
        }
        for (Index j = 0; j < x_dim; ++j) p.out(i, j) = x(k, j);
        p.v(i) += log_q(k);
      }
      live = left;
    }
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
