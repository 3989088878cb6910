// SPDX-License-Identifier: MIT
// NormalMixture: K normals with learned weights, means and diagonal deviations.
#pragma once

#include "rheo/distributions/normal.hpp"

namespace rheo {

/// p(x) = sum_k w_k N(x; m_k, diag e^(2 r_k)), w = softmax(logits).  Starts with equal weights, means drawn from N(0, 4
/// I), deviations 1. decode picks a component by draw D + D % 2 of the row, the first of a block of its own, and draws
/// it with draws 0 .. D - 1.  No decode_pull: the choice has no derivative.
template <Index D, Index K> struct NormalMixture : DistributionFacts<D, Support::real> {
  static_assert(K > 0, "rheo: NormalMixture wants at least one component");
  static constexpr Index param_count = K * (2 * D + 1);
  template <class T> struct Cache {
    Buffer<T> part;  // n x K: log joint, then responsibilities
  };
  template <class P> static auto unpack(P p) {
    auto w = p.vector(K, "logits");
    auto m = p.matrix(D, K, "means");
    return std::tuple{w, m, p.matrix(D, K, "log_scales")};
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
    auto [w, m, r] = unpack(theta);
    w.setZero();
    r.setZero();
    for (Index k = 0; k < K; ++k) {
      for (Index j = 0; j < D; ++j) m(j, k) = T(2 * noise.normal(k, j));
    }
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { score(p.in, p.v, p.theta, p.cache); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    using std::exp;
    Arena::Scope scope(p.scratch);
    const auto [w, m, r] = unpack(p.theta);
    auto [g_w, g_m, g_r] = unpack(p.g_theta);
    const auto part = p.cache.part.view(p.in.rows(), K);
    auto e = p.scratch.template column<T>(p.in.rows()), c = p.scratch.template column<T>(p.in.rows());
    p.g_in.setZero();
    const T top = w.maxCoeff(), total = (w - top).exp().sum();
    for (Index k = 0; k < K; ++k) {
      c = column(part, k) * p.g_v;
      g_w(k) += (c - p.g_v * (exp(w(k) - top) / total)).sum();
      for (Index j = 0; j < D; ++j) {
        const T precision = exp(-r(j, k));
        e = (column(p.in, j) - m(j, k)) * precision;
        g_r(j, k) += ((e.square() - T(1)) * c).sum();
        e *= c * precision;
        g_m(j, k) += e.sum();
        column(p.g_in, j) -= e;
      }
    }
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    using std::exp;
    const auto [w, m, r] = unpack(p.theta);
    const T top = w.maxCoeff(), total = (w - top).exp().sum(),
            sick = total - total;  // NaN where a weight is: no component can be told then
    p.noise.normals(p.out);
    for (Index i = 0; i < p.out.rows(); ++i) {
      T left = p.noise.template uniform<T>(i, D + D % 2) * total;  // a block of its own: no word is used twice
      Index k = 0;
      for (; k + 1 < K; ++k) {
        left -= exp(w(k) - top);
        if (left < T(0)) break;
      }
      for (Index j = 0; j < D; ++j) p.out(i, j) = p.out(i, j) * exp(r(j, k)) + m(j, k) + sick;
    }
    score(read(p.out), p.v, p.theta, p.cache);
  }

 private:
  template <class T> static void score(CView<T> x, ColView<T> v, Params<const T> theta, Cache<T>& cache) {
    using std::exp, std::log;
    const auto [w, m, r] = unpack(theta);
    auto part = cache.part.view(x.rows(), K);
    const T top_w = w.maxCoeff(), log_total = top_w + log((w - top_w).exp().sum());
    for (Index k = 0; k < K; ++k) {
      auto l = column(part, k);
      l.setConstant(w(k) - log_total);
      for (Index j = 0; j < D; ++j) {
        const T precision = exp(-r(j, k));
        l -= T(0.5) * ((column(x, j) - m(j, k)) * precision).square() + (r(j, k) + T(half_log_two_pi));
      }
    }
    for (Index i = 0; i < x.rows(); ++i) {  // log-sum-exp along the row; all -inf gives -inf
      T top = part(i, 0);
      for (Index k = 1; k < K; ++k) top = part(i, k) > top || part(i, k) != part(i, k) ? part(i, k) : top;  // NaN stays
      if (!(top > T(-1e300)) && top == top) {
        const T even = T(1) / T(K);
        for (Index k = 0; k < K; ++k) part(i, k) = even;
        v(i) += top;
        continue;
      }
      T total(0);
      for (Index k = 0; k < K; ++k) {
        part(i, k) = exp(part(i, k) - top);
        total += part(i, k);
      }
      for (Index k = 0; k < K; ++k) part(i, k) /= total;
      v(i) += top + log(total);
    }
  }
};

}  // namespace rheo
