// SPDX-License-Identifier: MIT
// Gumbel, Cauchy, log-normal, gamma and beta laws: long double references, closed entropies, quantiles, derivatives.
#include <array>
#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "rheo/distributions/gamma.hpp"
#include "rheo/distributions/log_normal.hpp"
#include "rheo/distributions/student_t.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/evaluation/metrics.hpp"

namespace distributions_gamma {

namespace {
using namespace rheo;
constexpr double inf = std::numeric_limits<double>::infinity();

template <class T, class F> T log_prob(const F& f, double x, std::vector<double> raw) {
  const auto q = f.template natural<T>([&](Index k) { return T(raw[static_cast<std::size_t>(k)]); });
  return f.log_prob(T(x), q);
}
// The raw number whose shape is k, where shapes start at 1.
double raw_shape(double k) { return 3 * std::atanh(std::log(k) / 3); }
// Draws of a base of one coordinate at these parameters, and their log-density.
template <class L> auto draw(const L& base, std::vector<double> raw, Index n, std::uint64_t seed) {
  detail::LayerBench<L, double> b(base);
  for (Index k = 0; k < b.theta.size(); ++k) b.theta(k) = raw[static_cast<std::size_t>(k)];
  std::pair<Batch<double>, Column<double>> d;
  b.template call<false>(Batch<double>(n, 0), Batch<double>(n, 0), Noise{seed}, d.first, d.second);
  return d;
}
template <class L> void has_entropy(const L& base, std::vector<double> raw, double entropy) {
  const auto d = draw(base, raw, 20000, 11);
  const auto mean = mean_and_error<double>(-d.second);
  INFO(raw[0]);
  CHECK(mean.value == Approx(entropy).margin(4 * mean.error + 1e-12));
}
double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }
}  // namespace

TEST_CASE("log Gamma and its slope") {
  for (double x : {1e-6, 0.01, 0.3, 0.999, 1.0, 1.5, 2.0, 4.2, 9.99, 10.0, 37.0, 1e3, 1e6, 1e15}) {
    const auto here = math::log_gamma(x);
    const auto f = lgammal(static_cast<long double>(x));
    INFO(x);
    CHECK(std::abs(here.f - static_cast<double>(f)) < 64 * 0x1p-52 * static_cast<double>(1 + fabsl(f)));
    const auto single = math::log_gamma(static_cast<float>(x));
    const auto f_single = lgammal(static_cast<float>(x));
    CHECK(std::abs(single.f - static_cast<double>(f_single)) < 64 * 0x1p-23 * static_cast<double>(1 + fabsl(f_single)));
    const long double h = 1e-4L * static_cast<long double>(x);
    const auto at = [&](int k) { return lgammal(static_cast<long double>(x) + static_cast<long double>(k) * h); };
    const auto slope = static_cast<double>((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h));
    CHECK(here.slope == Approx(slope).epsilon(1e-11).margin(1e-11));
  }
  CHECK(math::log_gamma(1.0).slope == Approx(-0.57721566490153286061).epsilon(1e-14));
}

TEST_CASE("densities agree with long double") {
  for (double k : {0.06, 0.5, 1.0, 2.7, 19.0}) {
    for (double x : {1e-9, 0.2, 1.0, 3.5, 60.0}) {
      const double s = 0.7, e = x * std::exp(-s);
      const double gamma = (k - 1) * std::log(e) - e - s - std::lgamma(k);
      INFO("shape " << k << ", x " << x);
      CHECK(log_prob<double>(family::Gamma<>(), x, {s, raw_shape(k)}) == Approx(gamma).epsilon(1e-12).margin(1e-12));
      CHECK(log_prob<float>(family::Gamma<>(), x, {s, raw_shape(k)}) == Approx(gamma).epsilon(1e-5).margin(1e-5));
    }
    for (double x : {1e-9, 0.2, 0.5, 0.9, 1 - 1e-6}) {
      const double beta = (k - 1) * std::log(x) + 1.3 * std::log1p(-x) - log_beta(k, 2.3);
      CHECK(log_prob<double>(family::Beta(), x, {raw_shape(k), raw_shape(2.3)}) ==
            Approx(beta).epsilon(1e-9).margin(1e-11));
    }
  }
  for (double x : {-3.0, 0.1, 40.0, 1e6}) {
    const long double e = (static_cast<long double>(x) - 0.5L) / 2;
    CHECK(log_prob<double>(family::Gumbel<>(), x, {0.5, std::log(2)}) ==
          Approx(static_cast<double>(-e - expl(-e) - logl(2))).epsilon(1e-14));
    CHECK(log_prob<double>(family::Cauchy<>(), x, {0.5, std::log(2)}) ==
          Approx(static_cast<double>(-logl(2 * std::numbers::pi_v<long double> * (1 + e * e)))).epsilon(1e-14));
    const long double y = (logl(fabsl(x)) - 0.5L) / 2;
    CHECK(log_prob<double>(family::LogNormal<>(), std::abs(x), {0.5, std::log(2)}) ==
          Approx(static_cast<double>(-y * y / 2 - logl(2) - logl(fabsl(x))) - half_log_two_pi).epsilon(1e-14));
  }
}

TEMPLATE_TEST_CASE("at the ends and off the support", "", float, double) {
  using T = TestType;
  for (double x : {-1e-30, -2.0}) {
    CHECK(log_prob<T>(family::Gamma<>(), x, {0, 0}) == -inf);
    CHECK(log_prob<T>(family::Beta(), x, {0, 0}) == -inf);
    CHECK(log_prob<T>(family::LogNormal<>(), x, {0, 0}) == -inf);
  }
  CHECK(log_prob<T>(family::LogNormal<>(), 0, {0, 0}) == -inf);
  CHECK(log_prob<T>(family::Beta(), 1.5, {0, 0}) == -inf);
  CHECK(log_prob<T>(family::Gamma<>(), 0, {0, 0}) == Approx(0).margin(1e-5));  // exponential
  CHECK(log_prob<T>(family::Beta(), 0, {0, 0}) == Approx(0).margin(1e-5));     // uniform
  CHECK(log_prob<T>(family::Beta(), 1, {0, 0}) == Approx(0).margin(1e-5));
  for (double k : {0.3, 5.0}) {
    CHECK(std::isfinite(log_prob<T>(family::Gamma<>(), 0, {0, raw_shape(k)})));
    CHECK(std::isfinite(log_prob<T>(family::Beta(), 1, {0, raw_shape(k)})));
  }
  CHECK(std::isfinite(log_prob<T>(family::Gumbel<>(), -1000, {0, 0})));
  CHECK(log_prob<T>(family::Gumbel<>(), -80.5, {0, 0}) < log_prob<T>(family::Gumbel<>(), -79.5, {0, 0}));
  for (double x : {std::nan(""), -1.0, 2.0}) {
    const bool nan = std::isnan(x);
    CHECK(std::isnan(log_prob<T>(family::Gamma<>(), nan ? x : 1, {0, 0.5})) == nan);
    CHECK(std::isnan(log_prob<T>(family::Beta(), nan ? x : 0.5, {0, 0.5})) == nan);
    CHECK(std::isnan(log_prob<T>(family::Gumbel<>(), x, {0, 0.5})) == nan);
    CHECK(std::isnan(log_prob<T>(family::LogNormal<>(), nan ? x : 2, {0, 0.5})) == nan);
  }
  CHECK_THROWS_AS(Gamma<2>{0.0}, std::invalid_argument);
  CHECK_THROWS_AS(Gamma<2>{inf}, std::invalid_argument);
  CHECK_THROWS_AS(Beta<2>{1e6}, std::invalid_argument);
}

TEST_CASE("the distribution functions behind the draws have their closed forms") {
  // F of a graph: it shows log F where low, else -log(1 - F).
  const auto of = [](const math::Graph<double>& g, bool low) { return low ? std::exp(g.y) : std::exp(-g.y); };
  for (double x : {1e-8, 0.01, 0.4, 0.9, 1.7, 3.0, 8.0, 30.0}) {
    const auto gamma = [&](double k, bool low) {
      return of(math::gamma_graph(std::log(x), k, math::log_gamma(k).f, low), low);
    };
    INFO(x);
    CHECK(gamma(1, true) == Approx(-std::expm1(-x)).epsilon(1e-13));
    CHECK(gamma(1, false) == Approx(std::exp(-x)).epsilon(1e-13));
    CHECK(gamma(0.5, true) == Approx(std::erf(std::sqrt(x))).epsilon(1e-13));
    CHECK(gamma(0.5, false) == Approx(std::erfc(std::sqrt(x))).epsilon(1e-13));
    CHECK(gamma(3, false) == Approx(std::exp(-x) * (1 + x + x * x / 2)).epsilon(1e-13));
  }
  for (double y : {-18.0, -3.0, -0.4, 0.0, 0.2, 2.0, 12.0}) {
    const double x = math::sigmoid(y), z = math::sigmoid(-y);
    const auto beta = [&](double a, double b, bool low) {
      return of(math::beta_graph(y, a, b, log_beta(a, b), low), low);
    };
    INFO(y);
    CHECK(beta(1, 1, true) == Approx(x).epsilon(1e-13));
    CHECK(beta(0.3, 1, true) == Approx(std::pow(x, 0.3)).epsilon(1e-13));
    CHECK(beta(1, 7, false) == Approx(std::pow(z, 7)).epsilon(1e-13));
    CHECK(beta(2, 2, true) == Approx(x * x * (3 - 2 * x)).epsilon(1e-13));
    CHECK(beta(0.5, 0.5, true) == Approx(2 / std::numbers::pi * std::atan2(std::sqrt(x), std::sqrt(z))).epsilon(1e-13));
  }
}

TEST_CASE("entropies are the closed ones") {
  const double euler = 0.57721566490153286061, two_pi_e = 2 * std::numbers::pi * std::numbers::e;
  has_entropy(Gumbel<1>{}, {0.4, -0.3}, -0.3 + euler + 1);
  has_entropy(Cauchy<1>{}, {0.4, 0.6}, std::log(4 * std::numbers::pi) + 0.6);
  has_entropy(LogNormal<1>{}, {0.4, -0.3}, 0.4 - 0.3 + 0.5 * std::log(two_pi_e));
  for (double k : {0.3, 1.0, 6.0}) {
    const auto f = math::log_gamma(k);
    has_entropy(Gamma<1>{}, {0.5, raw_shape(k)}, k + 0.5 + f.f + (1 - k) * f.slope);
    const double a = k, b = 2.5;
    const auto both = math::log_gamma(a + b), g = math::log_gamma(b);
    has_entropy(Beta<1>{}, {raw_shape(a), raw_shape(b)},
                f.f + g.f - both.f - (a - 1) * f.slope - (b - 1) * g.slope + (a + b - 2) * both.slope);
  }
}

TEST_CASE("draws lie at their uniforms' quantiles and move with the parameters") {
  const auto moves = [](const auto& base, std::vector<double> raw) {
    using L = std::decay_t<decltype(base)>;
    const Index n = 200;
    const auto at = [&](Index k, double h) {
      auto r = raw;
      r[static_cast<std::size_t>(k)] += h;
      return Column<double>(draw(base, r, n, 3).first.col(0));
    };
    for (Index k = 0; k < 2; ++k) {
      const double h = 1e-3;
      const Column<double> slope = (8 * (at(k, h) - at(k, -h)) - (at(k, 2 * h) - at(k, -2 * h))) / (12 * h);
      detail::LayerBench<L, double> b(base);
      b.theta << raw[0], raw[1];
      Batch<double> x;
      Column<double> v;
      double sum = 0;
      const auto q = base.family.template natural<double>([&](Index j) { return raw[static_cast<std::size_t>(j)]; });
      b.template call<false>(Batch<double>(n, 0), Batch<double>(n, 0), Noise{3}, x, v);
      for (Index i = 0; i < n; ++i) {
        std::array<double, 2> g{};
        base.family.draw_pull(x(i, 0), 1.0, q, Noise{3}, i, 0,
                              [&](Index c, double value) { g[static_cast<std::size_t>(c)] += value; });
        base.family.raw_pull([&](Index j) { return raw[static_cast<std::size_t>(j)]; }, q, g,
                             [&](Index c, double value) {
                               if (c == k) sum = std::max(sum, std::abs(value - slope(i)) / (1 + std::abs(slope(i))));
                             });
      }
      INFO(raw[0] << ' ' << raw[1] << ", parameter " << k);
      CHECK(sum < 1e-8);
    }
  };
  for (double k : {0.2, 1.0, 12.0}) {
    moves(Gamma<1>{}, {0.3, raw_shape(k)});
    moves(Beta<1>{}, {raw_shape(k), raw_shape(1.5)});
  }
  const Index n = 1000;
  const auto d = draw(Gamma<1>{}, {0, 0}, n, 7), u = draw(Beta<1>{}, {0, 0}, n, 7);
  for (Index i = 0; i < n; ++i) {
    CHECK(d.first(i, 0) == Approx(-std::log1p(-Noise{7}.uniform(i, 0))).epsilon(1e-13));
    CHECK(u.first(i, 0) == Approx(Noise{7}.uniform(i, 0)).epsilon(1e-13));
  }
  for (double start : {0.02, 1e3, 1e4}) CHECK((draw(Gamma<1>{start}, {0, 0}, 100, 7).first.isFinite()).all());
  const auto wide = draw(Beta<1>{0.02}, {0, 0}, 1000, 7);
  CHECK((wide.first > 0).all());
  CHECK((wide.first < 1).all());
  CHECK(wide.second.allFinite());
}

}  // namespace distributions_gamma
