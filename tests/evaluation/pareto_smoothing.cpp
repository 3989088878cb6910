// SPDX-License-Identifier: MIT
// Pareto smoothing: the shape of known tails, of importance weights whose tail is known, what smoothing is worth, and
// weights without a tail.
#include "rheo/evaluation/pareto_smoothing.hpp"

#include "catch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/evaluation/importance.hpp"

namespace evaluation_pareto_smoothing {
using namespace rheo;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
Column<double> uniforms(Index n, Noise noise) {
  Column<double> u(n);
  for (Index i = 0; i < n; ++i) u(i) = noise.uniform(i, 0);
  return u;
}

}  // namespace

TEST_CASE("the fit finds the shape and scale of generalised Pareto draws") {
  const Index n = 20'000;
  for (double k : {-0.3, 0.0, 0.3, 0.7, 1.2}) {
    const GeneralizedPareto law{k, 2.5};
    const Column<double> u = uniforms(n, Noise{1}.fork(static_cast<std::uint64_t>(10 * k + 10)));
    std::vector<double> x(static_cast<std::size_t>(n));
    for (Index i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = law.quantile(u(i));
    std::sort(x.begin(), x.end());
    const GeneralizedPareto fit = fit_generalized_pareto(x);
    INFO("shape " << k << ": " << fit.shape << ", " << fit.scale);
    CHECK(std::fabs(fit.shape - k) < 4 * (1 + k) / std::sqrt(20'000.0));  // of the likeliest: Smith 1987
    CHECK(std::fabs(fit.scale / 2.5 - 1) < 4 * std::sqrt(2 * (1 + k) / 20'000.0));
  }
  CHECK(GeneralizedPareto{0.5, 2}.quantile(0.75) == Approx(4.0));  // (2 / 0.5) (4^0.5 - 1)
  CHECK(GeneralizedPareto{0, 2}.quantile(0.75) == Approx(2 * std::log(4.0)));
  CHECK(GeneralizedPareto{-1, 2}.quantile(0.75) == Approx(1.5));  // uniform on (0, 2)
  CHECK_THROWS_AS(fit_generalized_pareto({1, 2, 3, 4}), std::invalid_argument);
  CHECK_THROWS_AS(fit_generalized_pareto({1, 2, 3, 5, 4}), std::invalid_argument);
  CHECK_THROWS_AS(fit_generalized_pareto({0, 2, 3, 4, 5}), std::invalid_argument);
}

TEST_CASE("k-hat of weights with a Pareto tail") {
  const Index n = 100'000;
  for (double k : {0.2, 0.5, 0.9}) {  // P(w > t) = t^(-1 / k)
    const auto s = pareto_smoothed(-k * uniforms(n, Noise{2}).log() + 300.0);
    const double m = 3 * std::sqrt(static_cast<double>(n));
    INFO(k << ": " << s.shape);
    CHECK(std::fabs(s.shape - (m * k + 5) / (m + 10)) < 4 * (1 + k) / std::sqrt(m));
    CHECK(s.tail == static_cast<Index>(std::ceil(m)));
  }
  // N(0, s^2) for N(0, 1): log w = (1 / s^2 - 1) x^2 / 2 + const has the tail index 1 - s^2, from below by a logarithm;
  // runs stray by (1 + k) / sqrt(m)
  for (double s : {0.5, 0.7, 1.5}) {
    const int runs = 10;
    const double k = 1 - s * s, m = 3 * std::sqrt(static_cast<double>(n));
    double shape = 0;
    for (std::uint64_t r = 0; r < runs; ++r) {
      Column<double> log_w(n);
      for (Index i = 0; i < n; ++i) log_w(i) = 0.5 * k * std::pow(Noise{3}.fork(r).normal(i, 0), 2);
      shape += pareto_smoothed(log_w).shape / runs;
    }
    INFO(s << ": " << shape);
    if (s < 1) {
      const double above = shape - (m * k + 5) / (m + 10), error = (1 + k) / std::sqrt(m * runs);
      CHECK(above < 2 * error);
      CHECK(above > -0.05 - 2 * error);
    } else {
      CHECK(shape < 0.1);  // bounded weights
    }
  }
}

TEST_CASE("samples worked out by hand, to 60 digits") {
  const GeneralizedPareto law = fit_generalized_pareto({0.1, 0.4, 0.5, 1.1, 1.9, 2.2, 4, 9});
  CHECK(std::fabs(law.shape - 0.51175882947824236) < 1e-14);
  CHECK(std::fabs(law.scale - 1.4297217987765859) < 1e-14);
  Column<double> log_w(50);
  for (Index i = 0; i < 50; ++i) log_w(i) = 0.7 * std::log(50 / (static_cast<double>(i) + 0.5));
  const SmoothedWeights s = pareto_smoothed(log_w);
  CHECK(s.tail == 10);
  CHECK(std::fabs(s.shape - 0.54082821216342869) < 1e-12);
  const double smoothed[] = {3.0386183401758943, 2.3871610471721483, 2.0681023392460043, 1.8493126692896377,
                             1.6800280159624935, 1.540415582191481,  1.4206116796264617, 1.3149777733561519,
                             1.2199801864203573, 1.1332540025766734};
  for (Index i = 0; i < 10; ++i) CHECK(std::fabs(s.log_w(i) - smoothed[i]) < 1e-12);
  CHECK((s.log_w.tail(40) == log_w.tail(40)).all());
}

TEST_CASE("weights further apart than doubles reach: a shape, and one of them still outweighs the rest") {
  for (double apart : {100.0, 180.0, 1e4, 1e100}) {
    Column<double> log_w(25);
    for (Index i = 0; i < 25; ++i) log_w(i) = -apart * static_cast<double>(i);
    const SmoothedWeights s = pareto_smoothed(log_w);
    INFO(apart << ": " << s.shape);
    CHECK(s.tail == 5);
    CHECK((s.shape > 0.5 * apart && s.shape < apart));
    if (apart == 180) CHECK(s.shape == Approx(120.26969058172099).epsilon(1e-14));
    CHECK(s.log_w.allFinite());
    CHECK(std::is_sorted(s.log_w.data(), s.log_w.data() + 5, std::greater<>()));
    CHECK(effective_sample_size(s.log_w) == Approx(1));
  }
}

TEST_CASE("smoothing keeps the order, moves the tail alone, and steadies the mean of heavy weights") {
  const Column<double> log_w = -0.8 * uniforms(1000, Noise{4}).log();
  const auto s = pareto_smoothed(log_w);
  CHECK(s.tail == 95);
  Index moved = 0;
  for (Index i = 0; i < 1000; ++i) moved += s.log_w(i) != log_w(i);
  CHECK(moved <= 95);
  CHECK(moved > 80);
  for (Index i = 1; i < 1000; ++i)
    CHECK(((log_w(i) < log_w(0)) == (s.log_w(i) < s.log_w(0)) || s.log_w(i) == s.log_w(0)));
  CHECK(s.log_w.maxCoeff() <= log_w.maxCoeff());
  double raw = 0, smooth = 0;
  for (std::uint64_t r = 0; r < 400; ++r) {  // E w = 1 / (1 - k) = 5
    const Column<double> w = -0.8 * uniforms(1000, Noise{5}.fork(r)).log();
    raw += std::pow(std::exp(log_z(w).value) - 5, 2);
    smooth += std::pow(std::exp(log_z(pareto_smoothed(w).log_w).value) - 5, 2);
  }
  INFO("mean square error " << raw / 400 << " raw, " << smooth / 400 << " smoothed");
  CHECK(smooth < 0.7 * raw);
}

TEST_CASE("weights without a tail to fit") {
  CHECK(pareto_smoothed(Column<double>::Constant(1000, -7.0)).shape == -infinity);
  CHECK((pareto_smoothed(Column<double>::Constant(1000, -7.0)).log_w == -7.0).all());
  CHECK(pareto_smoothed(Column<double>::Constant(1000, -infinity)).shape == infinity);
  CHECK(pareto_smoothed(Column<double>::Constant(10, 0.0)).shape == infinity);
  CHECK(pareto_smoothed(Column<double>()).shape == infinity);
  Column<double> one = Column<double>::Constant(1000, -infinity);
  one(17) = 0;
  CHECK(pareto_smoothed(one).shape == infinity);
  one(18) = std::nan("");
  CHECK(std::isnan(pareto_smoothed(one).shape));
  Column<double> some = uniforms(1000, Noise{6}).log();
  some.head(900).setConstant(-infinity);  // draws off the support
  CHECK(std::isfinite(pareto_smoothed(some).shape));
  CHECK(pareto_smoothed(some).log_w.maxCoeff() <= some.maxCoeff());
  CHECK(largest_reliable_shape(100) == Approx(0.5));
  CHECK(largest_reliable_shape(1'000'000) == 0.7);
}

}  // namespace evaluation_pareto_smoothing
