// SPDX-License-Identifier: MIT
// Residual: z = x + g(x) with a contraction g, and what log det(I + J) of it is: exact, or an unbiased estimate.
//   Behrmann et al. 2019, arXiv:1811.00995 (i-ResNet, alg. 1);  Chen et al. 2019, arXiv:1906.02735 (Residual Flow, eqs.
//     6 and 8).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/contraction.hpp"
#include "rheo/math/small_lu.hpp"
#include "rheo/nets/lipschitz.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// V by the LU of I + J, J from D tangents of the net: exact, for D up to 64.
struct ExactLogDet {
  static constexpr Exactness exactness = Exactness::exact;
};

/// V = sum over k <= 2 + N of (-1)^(k + 1) / k w' J^k w / P(2 + N >= k) with one normal probe w and one N a row, P(N >=
/// m) = stay^m: unbiased. Its variance is finite while stay > kappa^2; by default stay = kappa, which bounds every term
/// by |w|^2 / k.  Probes and N come from the call's noise.  The gradient is the Neumann series' estimate with the same
/// probe, sum over k < 2 + N of (-1)^k w' dJ J^k w / P(2 + N > k): unbiased for the gradient of log det, but not the
/// derivative of V's value; duals carry it too.
struct Roulette {
  static constexpr Exactness exactness = Exactness::estimate;
  Index exact_terms = 2;
  double stay = 0;  ///< 0: the net's kappa

  Roulette() = default;
  /// Throws std::invalid_argument unless e > 0 and 0 <= s < 1.
  explicit Roulette(Index e, double s = 0) : exact_terms(e), stay(s) {
    if (e < 1 || !(s >= 0 && s < 1))
      detail::fail("Roulette: wants at least one exact term and a probability to stay in [0, 1)");
  }
};

/// Net is a recipe whose net bounds its Lipschitz constant (LipschitzMlp), LogDet ExactLogDet or Roulette, C the width
/// of the context. encode is one pass of the net, and D tangents (exact) or as many products as the roulette says.
/// decode solves x + g(x) = z by math/contraction.hpp to a residual of 32 eps (1 + |z| + |x|); error of x at most that
/// over 1 - kappa.  A net that is not proven a contraction by its weights and buffers as they are (kappa = infinity,
/// buffers not refreshed) is not inverted: NaN, and unsolved rows in the report; nor is a row with det(I + J) <= 0
/// anything but NaN. Where no V is asked for, a net that is proven is evaluated alone, without tangents.
template <Index D, class Net, class LogDet = ExactLogDet, Index C = 0> struct Residual {
  static constexpr bool exact = LogDet::exactness == Exactness::exact;
  static_assert(D > 0 && (!exact || D <= 64),
                "rheo: Residual: an exact log-determinant is for 1 to 64 dimensions; take Roulette beyond");
  using Conditioner = typename Net::template net<D, D, C>;
  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Conditioner::param_count,
                         buffer_count = Conditioner::buffer_count;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = LogDet::exactness;
  static constexpr bool smooth = exact && Conditioner::smooth;
  static constexpr Index encode_passes = exact ? 1 + D : as_needed, decode_passes = as_needed;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  Conditioner net{};
  LogDet log_det{};

  Residual() = default;
  /// kappa bounds the net's Lipschitz constant.  Throws std::invalid_argument as LipschitzMlp, and for a Roulette of
  /// infinite variance.
  explicit Residual(double kappa, LogDet l = {}) : Residual(Conditioner(kappa), l) {}
  explicit Residual(Conditioner n, LogDet l = {}) : net(n), log_det(l) {
    if constexpr (!exact) {
      if (l.stay > 0 ? !(l.stay > n.kappa * n.kappa) : !(n.kappa < 1))
        detail::fail("Residual: the roulette's variance is finite only for a probability to stay above kappa^2");
    }
  }

  template <class T> struct Cache {
    typename Conditioner::template Cache<T> net;
    Buffer<T> jet;  // g(x) and, exact, the D columns of J, n rows each; or the Neumann sum and the probes
  };

  template <class P> static auto unpack(P p) { return Conditioner::unpack(p); }
  template <class P> static auto unpack_buffers(P p) { return Conditioner::unpack_buffers(p); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const { return detail::valid_buffers(net, buffers); }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const { net.after_step(theta, buffers); }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    if (!p.needs_v() && net.template lipschitz<T>(p.theta, p.buffers) < 1) {
      net.map(NetPass<T, typename Conditioner::template Cache<T>>{p.in, p.out, p.theta, p.context, p.cache.net,
                                                                  p.scratch, p.buffers});
      for (Index j = 0; j < D; ++j) column(p.out, j) += column(p.in, j);
      return;
    }
    auto log_abs = p.scratch.template column<T>(n);
    record(p, p.in, log_abs);
    const View<T> jet = jet_of(p.cache, n);
    for (Index j = 0; j < D; ++j) column(p.out, j) = column(p.in, j) + column(jet, j).head(n);
    for (Index i = 0; i < n; ++i) {
      if (exact && isnan_value(log_abs(i)) && !isnan_value(p.out.row(i).sum())) {
        p.out.row(i).setConstant(T(std::numeric_limits<double>::quiet_NaN()));
        if (p.report) ++p.report->unsolved;
      }
    }
    p.v += log_abs;
  }

  template <class T> void decode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    auto log_abs = p.scratch.template column<T>(n);
    const double bound = net.template lipschitz<T>(p.theta, p.buffers);
    bool ready = false;
    math::contraction_root<T>(p.in, p.out, bound, p.scratch, p.report, [&](CView<T> x, View<T> g, const Index* which) {
      Arena::Scope inner(p.scratch);
      NetPass<T, typename Conditioner::template Cache<T>> call{
          x, g, p.theta, some(p.context, which, x.rows(), p.scratch), p.cache.net, p.scratch, p.buffers};
      if (ready) net.value(call);
      else net.map(call);
      ready = true;
    });
    if constexpr (autodiff::is_dual_v<T>) correct(p, bound, log_abs);
    if (!p.needs_v()) return;
    record(p, read(p.out), log_abs);
    for (Index i = 0; i < n; ++i) {
      if (exact && isnan_value(log_abs(i)) && !isnan_value(p.out(i, 0))) {
        p.out.row(i).setConstant(T(std::numeric_limits<double>::quiet_NaN()));
        if (p.report) ++p.report->unsolved;
      }
    }
    p.v += log_abs;
  }

  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> g = p.scratch.template take<T>((K + 1) * n, D);
    for (Index j = 0; j < D; ++j) column(g, j).head(n) = column(p.g_out, j);
    log_det_cotangents(p, g);
    pull_net(p, p.in, read(g), p.g_in, K);
    for (Index j = 0; j < D; ++j) column(p.g_in, j) += column(p.g_out, j);
  }

  /// x(z) by the implicit function: (I + J)' a = g_x, then g_z = a and the net gets -a.
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> g = p.scratch.template take<T>((K + 1) * n, D), g_x = p.scratch.template take<T>(n, D),
            unused = p.scratch.template take<T>(n, D);
    for (Index j = 0; j < D; ++j) column(g, j).head(n).setZero();
    log_det_cotangents(p, g);
    pull_net(p, p.out, read(g), g_x, K);
    for (Index j = 0; j < D; ++j) column(g_x, j) += column(p.g_out, j);
    solve<true, T>(p.cache, read(g_x), p.g_in, p.scratch, net.template lipschitz<T>(p.theta, p.buffers));
    for (Index j = 0; j < D; ++j) column(g_x, j) = -column(p.g_in, j);
    pull_net(p, p.out, read(g_x), unused, 0);
  }

 private:
  using S = std::size_t;
  /// Tangents that a record keeps for the pull of V.
  static constexpr Index K = exact ? D : 1;

  template <class T> static bool isnan_value(const T& x) { return std::isnan(autodiff::value_of(x)); }
  template <class T> static View<T> jet_of(Cache<T>& cache, Index n) {
    return cache.jet.view((exact ? D + 1 : 3) * n, D);
  }

  /// g, its slopes and log abs det(I + J), or its estimate, at x.
  template <class T> void record(Pass<T, Cache<T>>& p, CView<T> x, ColView<T> log_abs) const {
    Arena::Scope scope(p.scratch);
    const Index n = x.rows();
    const View<T> jet = jet_of(p.cache, n);
    net.map(NetPass<T, typename Conditioner::template Cache<T>>{x, rows(jet, 0, n), p.theta, p.context, p.cache.net,
                                                                p.scratch, p.buffers},
            K);
    if constexpr (exact) {
      View<T> seeds = p.scratch.template take<T>(D * n, D);
      seeds.setZero();
      for (Index j = 0; j < D; ++j) column(seeds, j).segment(j * n, n).setConstant(T(1));
      net.template tangents<T>(read(seeds), rows(jet, n, D * n), n, D, p.cache.net);
      if constexpr (D <= 2) {
        const T *a = jet.data() + n, *b = jet.data() + 4 * n;  // D = 2: columns of jet are 3 n long
        T* out = log_abs.data();
        math::sweep<T>(n, [=](auto at, Index i) {
          using L = typename decltype(at)::Number;
          using math::select;
          using std::log;
          L det = L(1) + at.load(a + i);
          if constexpr (D == 2) det = det * (L(1) + at.load(b + n + i)) - at.load(a + n + i) * at.load(b + i);
          at.store(out + i, select(det > L(0), log(det), L(std::numeric_limits<double>::quiet_NaN())));
        });
      } else {
        std::array<T, static_cast<S>(D * D)> a;
        std::array<Index, static_cast<S>(D)> pivot;
        for (Index i = 0; i < n; ++i) {
          gather(jet, n, i, a.data());
          const auto det = math::lu_factor(a.data(), pivot.data(), D);
          log_abs(i) = det.sign > 0 ? det.log_abs : T(std::numeric_limits<double>::quiet_NaN());
        }
      }
    } else {
      series(p, n, log_abs);
    }
  }

  /// I + J of row i.
  template <class T> static void gather(const View<T>& jet, Index n, Index i, T* a) {
    for (Index k = 0; k < D; ++k) {
      for (Index j = 0; j < D; ++j) a[j + k * D] = jet(n + k * n + i, j) + T(j == k ? 1 : 0);
    }
  }

  /// The roulette: terms for the rows that are still in, which stand first, longest run first.
  template <class T> void series(Pass<T, Cache<T>>& p, Index n, ColView<T> log_abs) const {
    View<T> jet = jet_of(p.cache, n), sum = rows(jet, n, n), probe = rows(jet, 2 * n, n);
    const double stay = log_det.stay > 0 ? log_det.stay : net.kappa;
    auto terms = p.scratch.template column<Index>(n), order = p.scratch.template column<Index>(n);
    for (Index i = 0; i < n; ++i) {
      terms(i) = log_det.exact_terms + static_cast<Index>(std::log(p.noise.uniform(i, 0)) / std::log(stay));
      order(i) = i;
    }
    std::sort(order.data(), order.data() + n,
              [&](Index a, Index b) { return terms(a) != terms(b) ? terms(a) > terms(b) : a < b; });
    p.noise.normals(probe, 2);
    View<T> w = p.scratch.template take<T>(n, D), Jw = p.scratch.template take<T>(n, D),
            slope = p.scratch.template take<T>(n, Conditioner::hidden);
    const CView<T> all = Conditioner::slopes(p.cache.net, n);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < D; ++j) {
        w(i, j) = probe(order(i), j);
        sum(i, j) = probe(i, j);
      }
    }
    for (Index j = 0; j < slope.cols(); ++j) {
      for (Index i = 0; i < n; ++i) slope(i, j) = T(autodiff::value_of(all(order(i), j)));
    }
    log_abs.setZero();
    double weight = 1;
    for (Index k = 1, m = n; m > 0; ++k) {
      while (m > 0 && terms(order(m - 1)) < k) --m;
      if (m == 0) break;
      if (k > log_det.exact_terms) weight /= stay;
      const double next = k >= log_det.exact_terms ? weight / stay : weight;
      if (p.report) p.report->evaluations += m;
      net.template jvp<T>(rows(read(w), 0, m), rows(read(slope), 0, m), rows(Jw, 0, m), p.cache.net, p.scratch);
      for (Index i = 0; i < m; ++i) {
        const Index at = order(i);
        T dot(0);
        for (Index j = 0; j < D; ++j) {
          w(i, j) = T(autodiff::value_of(Jw(i, j)));
          dot += w(i, j) * probe(at, j);
          if (terms(at) > k) sum(at, j) += T(k % 2 ? -next : next) * w(i, j);
        }
        log_abs(at) += T((k % 2 ? weight : -weight) / static_cast<double>(k)) * dot;
      }
    }
    if constexpr (autodiff::is_dual_v<T>) {  // the tangent of the Neumann estimate
      net.template tangents<T>(read(sum), Jw, n, 1, p.cache.net);
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < D; ++j) log_abs(i) += probe(i, j) * (Jw(i, j) - T(autodiff::value_of(Jw(i, j))));
      }
    }
  }

  /// Rows n and on of g: the cotangents of the recorded tangents that V makes.
  template <class T> void log_det_cotangents(Pull<T, Cache<T>>& p, View<T> g) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> jet = jet_of(p.cache, n);
    if constexpr (exact) {
      const View<T> B = inverse(jet, n, p.scratch);
      for (Index k = 0; k < D; ++k) {
        for (Index j = 0; j < D; ++j) column(g, j).segment((k + 1) * n, n) = p.g_v * column(B, j * D + k);
      }
    } else {
      const View<T> Jw = p.scratch.template take<T>(n, D);
      net.template tangents<T>(rows(read(jet), n, n), Jw, n, 1, p.cache.net);
      for (Index j = 0; j < D; ++j) column(g, j).tail(n) = p.g_v * column(jet, j).tail(n);
    }
  }

  /// (I + J)^-1 of every row: entry (k, j) in column j D + k.
  template <class T> static View<T> inverse(const View<T>& jet, Index n, Arena& scratch) {
    View<T> B = scratch.template take<T>(n, D * D);
    if constexpr (D <= 2) {
      const T *a = jet.data() + n, *b = jet.data() + 4 * n;
      T* out = B.data();
      math::sweep<T>(n, [=](auto at, Index i) {
        using L = typename decltype(at)::Number;
        const L p = L(1) + at.load(a + i);
        if constexpr (D == 1) {
          at.store(out + i, L(1) / p);
        } else {
          const L q = at.load(a + n + i), r = at.load(b + i), s = L(1) + at.load(b + n + i), c = L(1) / (p * s - q * r);
          at.store(out + i, s * c);
          at.store(out + n + i, -r * c);
          at.store(out + 2 * n + i, -q * c);
          at.store(out + 3 * n + i, p * c);
        }
      });
    } else {
      std::array<T, static_cast<S>(D * D)> a;
      std::array<T, static_cast<S>(D)> e;
      std::array<Index, static_cast<S>(D)> pivot;
      for (Index i = 0; i < n; ++i) {
        gather(jet, n, i, a.data());
        math::lu_factor(a.data(), pivot.data(), D);
        for (Index j = 0; j < D; ++j) {
          e.fill(T(0));
          e[static_cast<S>(j)] = T(1);
          math::lu_solve(a.data(), pivot.data(), D, e.data());
          for (Index k = 0; k < D; ++k) B(i, j * D + k) = e[static_cast<S>(k)];
        }
      }
    }
    return B;
  }

  /// Rows `which` (m of them; null: all) of a.
  template <class T> static CView<T> some(CView<T> a, const Index* which, Index m, Arena& scratch) {
    if (!which || a.cols() == 0) return rows(a, 0, m);
    const View<T> out = scratch.template take<T>(m, a.cols());
    copy_rows(a, which, out);
    return read(out);
  }

  /// a with (I + J) a = b, or (I + J)' a = b, at the recorded rows: by the inverse, or by a <- b - J a, which shrinks
  /// by `bound`.
  template <bool Transposed, class T>
  void solve(Cache<T>& cache, CView<T> b, View<T> a, Arena& scratch, double bound) const {
    Arena::Scope scope(scratch);
    const Index n = b.rows();
    if constexpr (exact) {
      const View<T> B = inverse(jet_of(cache, n), n, scratch);
      for (Index j = 0; j < D; ++j) {
        column(a, j).setZero();
        for (Index k = 0; k < D; ++k) column(a, j) += column(B, Transposed ? j * D + k : k * D + j) * column(b, k);
      }
    } else {
      math::contraction_root<T>(b, a, bound, scratch, nullptr, [&](CView<T> x, View<T> g, const Index* which) {
        Arena::Scope inner(scratch);
        const CView<T> slopes = some(Conditioner::slopes(cache.net, n), which, x.rows(), scratch);
        if constexpr (Transposed) net.template vjp<T>(x, slopes, g, cache.net, scratch);
        else net.template jvp<T>(x, slopes, g, cache.net, scratch);
      });
    }
  }

  /// The root's tangents: x becomes x - (I + J)^-1 (x + g(x) - z) from x without tangents.
  template <class T> void correct(Pass<T, Cache<T>>& p, double bound, ColView<T> log_abs) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) p.out(i, j) = T(autodiff::value_of(p.out(i, j)));
    }
    record(p, read(p.out), log_abs);
    View<T> r = p.scratch.template take<T>(n, D), step = p.scratch.template take<T>(n, D);
    const View<T> jet = jet_of(p.cache, n);
    for (Index j = 0; j < D; ++j) column(r, j) = column(p.out, j) + column(jet, j).head(n) - column(p.in, j);
    if constexpr (exact) {
      solve<false, T>(p.cache, read(r), step, p.scratch, bound);
    } else {  // linear in r: on the tangents
      for (Index j = 0; j < D; ++j) column(step, j) = column(r, j);
      View<T> s = p.scratch.template take<T>(n, D);
      for (int k = 0; k < 2000; ++k) {
        net.template jvp<T>(read(step), Conditioner::slopes(p.cache.net, n), s, p.cache.net, p.scratch);
        double change = 0;
        for (Index j = 0; j < D; ++j) {
          for (Index i = 0; i < n; ++i) {
            const T next = r(i, j) - s(i, j);
            const double c = std::abs(static_cast<double>(autodiff::value_of(T(next - step(i, j)).b)));
            if (c > change) change = c;
            step(i, j) = next;
          }
        }
        if (change <= 1e-16) break;
      }
    }
    for (Index j = 0; j < D; ++j) column(p.out, j) -= column(step, j);
  }

  template <class T> void pull_net(Pull<T, Cache<T>>& p, CView<T> x, CView<T> g, View<T> g_x, Index tangents) const {
    NetPull<T, typename Conditioner::template Cache<T>> call{x,         g,           g_x,         p.theta,   p.g_theta,
                                                             p.context, p.g_context, p.cache.net, p.scratch, p.buffers};
    if (tangents > 0) net.map_pull(call, tangents);
    else net.value_pull(call, K);
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
