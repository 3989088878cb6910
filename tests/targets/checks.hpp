// SPDX-License-Identifier: MIT
// What every toy density is put to: it integrates to one, its entropy is what it says, its sampler and its density are
// the same law.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/toy.hpp"

namespace checks {

using rheo::Batch;
using rheo::Index;
using rheo::Noise;
using Edges = std::vector<double>;

inline bool near(double a, double b, double tolerance = 1e-12) { return std::fabs(a - b) <= tolerance; }

/// a = e0 < e1 < ... = b, equal steps of at most `step`.
inline Edges edges(double a, double b, double step) {
  const int n = static_cast<int>(std::ceil((b - a) / step - 1e-9));
  Edges e;
  for (int k = 0; k <= n; ++k) e.push_back(a + (b - a) * k / n);
  return e;
}

/// visit(x1, x2, weight) at m x m Gauss-Legendre nodes of [a1, b1] x [a2, b2].
template <class F> void nodes(double a1, double b1, double a2, double b2, int m, F visit) {
  static std::vector<rheo::targets::detail::Node> unit;
  if (unit.size() != static_cast<std::size_t>(m)) unit = rheo::targets::detail::gauss_legendre(m, 0.0, 1.0);
  for (const auto& u : unit) {
    for (const auto& v : unit)
      visit(a1 + (b1 - a1) * u.x, a2 + (b2 - a2) * v.x, (b1 - a1) * (b2 - a2) * u.weight * v.weight);
  }
}

struct Totals {
  double mass = 0.0, entropy = 0.0;
};

/// Integrals of p and of -p log p over the panels.
template <class LogP> Totals totals(LogP log_p, const Edges& e1, const Edges& e2, int m = 8) {
  Totals t;
  for (std::size_t i = 0; i + 1 < e1.size(); ++i) {
    for (std::size_t j = 0; j + 1 < e2.size(); ++j) {
      nodes(e1[i], e1[i + 1], e2[j], e2[j + 1], m, [&](double x1, double x2, double w) {
        const double lp = log_p(x1, x2);
        if (lp < -700.0) return;
        t.mass += w * std::exp(lp);
        t.entropy -= w * std::exp(lp) * lp;
      });
    }
  }
  return t;
}

/// The quantile of chi-square with k degrees of freedom at p = 1e-4, by Wilson and Hilferty 1931.
inline double chi_square_limit(int k) {
  const double v = 2.0 / (9.0 * k), cube_root = 1.0 - v + 3.719016 * std::sqrt(v);
  return k * cube_root * cube_root * cube_root;
}

struct ChiSquare {
  double statistic = 0.0;
  int cells = 0;
  double limit() const { return chi_square_limit(cells - 1); }
};

/// Pearson's statistic of points against a density, on the cells between the edges with 10 or more expected; the rest
/// of the plane is one more cell, merged into the last one where it expects fewer than 10.
template <class LogP>
ChiSquare chi_square(const Batch<double>& x, LogP log_p, const Edges& e1, const Edges& e2, int m = 8) {
  const auto cell = [](const Edges& e, double v) { return std::upper_bound(e.begin(), e.end(), v) - e.begin() - 1; };
  const Index n1 = static_cast<Index>(e1.size()) - 1, n2 = static_cast<Index>(e2.size()) - 1;
  Batch<double> seen = Batch<double>::Zero(n1, n2);
  const double n = static_cast<double>(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    const Index a = cell(e1, x(i, 0)), b = cell(e2, x(i, 1));
    if (a >= 0 && a < n1 && b >= 0 && b < n2) seen(a, b) += 1.0;
  }
  ChiSquare c;
  double rest_seen = n, rest_expected = n, last_seen = 0.0, last_expected = 0.0;
  const auto add = [&](double got, double want) { c.statistic += (got - want) * (got - want) / want; };
  for (Index a = 0; a < n1; ++a) {
    for (Index b = 0; b < n2; ++b) {
      const std::size_t i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
      const double want = n * totals(log_p, {e1[i], e1[i + 1]}, {e2[j], e2[j + 1]}, m).mass;
      if (want < 10.0) continue;
      if (c.cells++ > 0) add(last_seen, last_expected);
      last_seen = seen(a, b);
      last_expected = want;
      rest_seen -= last_seen;
      rest_expected -= want;
    }
  }
  if (rest_expected >= 10.0) {
    add(rest_seen, rest_expected);
    ++c.cells;
  } else {
    last_seen += rest_seen;
    last_expected += rest_expected;
  }
  add(last_seen, last_expected);
  return c;
}

/// The sampler against the density, and the same test against the sampler scaled by 1.05, which it must refuse.
template <class LogP> void same_law(const Batch<double>& x, LogP log_p, const Edges& e1, const Edges& e2, int m = 8) {
  const ChiSquare right = chi_square(x, log_p, e1, e2, m), wrong = chi_square(1.05 * x, log_p, e1, e2, m);
  CHECK(right.cells >= 30);
  CHECK(right.statistic < right.limit());
  CHECK(wrong.statistic > 1.2 * wrong.limit());
}

/// The mean of -log p over n draws is the entropy, within 4.5 standard errors: sees a blur too narrow for the cells
/// above.
template <class D> void same_entropy(Index n) {
  const Batch<double> x = D::template sample<double>(n, Noise{23});
  rheo::Column<double> loss(n);
  for (Index i = 0; i < n; ++i) loss(i) = -D::log_prob(x(i, 0), x(i, 1));
  const double error = std::sqrt((loss - loss.mean()).square().sum()) / static_cast<double>(n);
  CHECK(std::fabs(loss.mean() - D::entropy()) <= 4.5 * error + 1e-9);
}

/// Rows depend on their own number only, and float is double rounded.
template <class D> void same_rows() {
  const Noise noise{5, 9};
  const Batch<double> x = D::template sample<double>(40, noise);
  CHECK((D::template sample<double>(23, noise.from_row(17)) == x.bottomRows(23)).all());
  CHECK((D::template sample<float>(40, noise) == x.template cast<float>()).all());
  CHECK((x.col(0) != x.col(1)).all());
}

/// Everything, for a density that is smooth between the edges `q` of its quadrature; `c` are the cells of the
/// chi-square.
template <class D>
void certify(double printed, double digits, const Edges& q1, const Edges& q2, const Edges& c1, const Edges& c2,
             int m = 8) {
  INFO(D::name);
  const Totals t = totals(D::log_prob, q1, q2);
  CHECK(std::fabs(t.mass - 1.0) < 1e-7);
  CHECK(std::fabs(t.entropy - D::entropy()) < 1e-6);
  CHECK(std::fabs(D::entropy() - printed) < digits);
  same_law(D::template sample<double>(100000, Noise{20}), D::log_prob, c1, c2, m);
  same_entropy<D>(100000);
  same_rows<D>();
}

}  // namespace checks
