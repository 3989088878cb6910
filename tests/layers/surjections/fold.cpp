// SPDX-License-Identifier: MIT
// Partition and Modulo by hand, and the discretized logistic.
#include <stdexcept>

#include "checks.hpp"
#include "rheo/distributions/circle.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/surjections/modulo.hpp"
#include "rheo/layers/surjections/partition.hpp"

namespace surjections_fold {
using namespace rheo_test;
constexpr double pi = std::numbers::pi;

TEST_CASE("partition folds a zigzag, and V is log p(k) minus log of the width") {
  using L = Partition<1, 3, Plain<family::Categorical<3>>>;
  const L layer(detail::Zigzag<3>({0.2, 0.5}));
  const Column<double> theta = vector({std::log(0.5), std::log(0.3), std::log(0.2)});
  const auto e = call<true>(layer, batch({{0.05}, {0.2}, {0.35}, {0.5}, {0.75}, {1}, {0}}), {}, theta);
  CHECK((e.out - batch({{0.25}, {1}, {0.5}, {0}, {0.5}, {1}, {0}})).abs().maxCoeff() < 1e-15);
  const double ratio[] = {0.5 / 0.2, 1, 1, 0.2 / 0.5, 0.2 / 0.5, 0.2 / 0.5, 0.5 / 0.2};
  for (Index i = 0; i < 7; ++i) CHECK(e.v(i) == Approx(std::log(ratio[i])).margin(1e-14));
  CHECK(e.g_in(0, 0) == Approx(5).margin(1e-14));
  CHECK(e.g_in(2, 0) == Approx(-1 / 0.3).margin(1e-14));
}

TEST_CASE("partition off the unit interval: -inf and no gradient; a new one with equal widths keeps the uniform") {
  using L = Partition<2, 4, Given<family::Categorical<4>, Mlp<5>>, 1>;
  const Batch<double> bad = batch({{0, -0.1}, {0, 1.1}, {0, not_a_number}, {5, 0.3}});
  const auto e = call<true>(L{}, bad);
  CHECK(e.v(0) == -inf);
  CHECK(e.v(1) == -inf);
  CHECK((e.g_in.topRows(2) == 0).all());
  CHECK(std::isnan(e.out(2, 1)));
  CHECK(e.v(3) == Approx(0).margin(1e-15));
  CHECK(call<false>(L{}, bad).v(1) == -inf);
  CHECK(L::x_support == Supports<2>{Support::any, Support::unit});
  CHECK_THROWS_AS(detail::Zigzag<3>({0.5, 0.2}), std::invalid_argument);
  CHECK_THROWS_AS(detail::Zigzag<2>({1.0}), std::invalid_argument);
}

TEST_CASE("modulo keeps the angle and scores the winding") {
  const Column<double> theta = vector({0.5, 0.0});
  const auto e = call<true>(Modulo<1>{}, batch({{1.0}, {1 + 2 * pi}, {-4 * pi - 0.5}, {pi}, {-pi}}), {}, theta);
  const double z[] = {1, 1, -0.5, -pi, -pi}, k[] = {0, 1, -2, 1, 0};
  auto sigmoid = [](double u) { return 1 / (1 + std::exp(-u)); };
  for (Index i = 0; i < 5; ++i) {
    CHECK(e.out(i, 0) == Approx(z[i]).margin(1e-14));
    CHECK(e.v(i) == Approx(std::log(sigmoid(k[i] + 0.5 - 0.5) - sigmoid(k[i] - 0.5 - 0.5))).margin(1e-13));
  }
  CHECK((e.g_in == 1).all());
  CHECK(Modulo<1>::z_support == Supports<1>{Support::circle});
}

TEST_CASE("modulo and its generative form undo each other on a path") {
  Batch<double> angles(500, 1);
  for (Index i = 0; i < 500; ++i) angles(i, 0) = pi * (2 * Noise{3}.uniform(i, 0) - 1);
  const auto e = call<true>(Unwind<1>{}, angles, Noise{4});
  CHECK(((e.out - angles) / (2 * pi) - ((e.out - angles) / (2 * pi)).round()).abs().maxCoeff() < 1e-12);
  CHECK((e.out - angles).abs().maxCoeff() > 3);
  const auto d = call<false>(Unwind<1>{}, e.out, Noise{4});
  CHECK((d.out - angles).abs().maxCoeff() < 1e-13);
  CHECK((d.v - e.v).abs().maxCoeff() < 1e-13);
}

TEST_CASE("learned windings see the angle, whatever number it came as") {
  using L = Modulo<1, Given<family::DiscretizedLogistic<>, MlpOf<Tanh, 4>>>;
  Column<double> theta(L::param_count);
  for (Index i = 0; i < theta.size(); ++i) theta(i) = Noise{8}.normal(i, 0);
  const Batch<double> z = batch({{0.7}, {0.7 + 2 * pi}, {0.7 - 6 * pi}, {pi}, {3 * pi}, {-pi}});
  const auto d = call<false>(L{}, z, Noise{5}, theta), e = call<true>(L{}, d.out, {}, theta);
  CHECK((d.v - e.v).abs().maxCoeff() < 1e-12);
  CHECK((e.out.topRows(3) - 0.7).abs().maxCoeff() < 1e-12);
  using Fibreless = Plain<family::StandardDiscretizedLogistic>;
  CHECK((call<true>(Modulo<1, Fibreless>{}, z).v - call<true>(Modulo<1>{}, z).v).abs().maxCoeff() == 0);
}

TEST_CASE("modulo far away and off the numbers") {
  const auto e = call<true>(Modulo<1>{}, batch({{1e6}, {inf}, {not_a_number}}));
  CHECK(e.out(0, 0) == Approx(std::remainder(1e6, 2 * pi)).margin(1e-9));
  CHECK(e.v(0) < -1e5);
  CHECK(std::isfinite(e.v(0)));
  CHECK(std::isnan(e.out(1, 0)));
  CHECK(std::isnan(e.out(2, 0)));
}

TEST_CASE("chains with folds take the supports they give") {
  const Batch<double> x = batch({{0.4}, {8}});
  const auto wrapped = make_model<double>(Flow{Modulo<1>{}, UniformCircle<1>{}}, Noise{1});
  CHECK(wrapped.log_prob(x).isFinite().all());
  const auto cut = make_model<double>(
      Flow{SigmoidMap<1>{}, Partition<1, 2, Plain<family::Categorical<2>>>{}, LogitMap<1>{}, StandardNormal<1>{}},
      Noise{1});
  const Column<double> p = cut.log_prob(x);
  const double u = 1 / (1 + std::exp(-0.4)), z = 2 * (1 - u), l = std::log(z / (1 - z));
  CHECK(p(0) == Approx(std::log(u * (1 - u)) - std::log(z * (1 - z)) - 0.5 * l * l - half_log_two_pi).margin(1e-13));
}

TEST_CASE("the discretized logistic sums to one, and its draws follow it") {
  const family::DiscretizedLogistic<> f{};
  for (double a : {-2.0, 0.0, 1.5}) {
    const auto q = f.natural<double>([&](Index k) { return k == 0 ? 0.3 : a; });
    double total = 0, mean = 0;
    for (int k = -400; k <= 400; ++k)
      total += std::exp(f.log_prob(static_cast<double>(k), q)),
          mean += k * std::exp(f.log_prob(static_cast<double>(k), q));
    CHECK(total == Approx(1).margin(1e-12));
    double drawn = 0, square = 0;
    const Index n = 40000;
    for (Index i = 0; i < n; ++i) {
      const double k = f.draw(Noise{5}, i, 0, q);
      drawn += k / static_cast<double>(n), square += k * k / static_cast<double>(n);
    }
    CHECK(drawn == Approx(mean).margin(4.5 * std::sqrt((square - drawn * drawn) / static_cast<double>(n))));
  }
  const auto q = f.natural<double>([](Index) { return 0.0; });
  CHECK(f.log_prob(0.5, q) == -inf);
  CHECK(f.log_prob(inf, q) == -inf);
  CHECK(std::isnan(f.log_prob(not_a_number, q)));
  CHECK(f.log_prob(1e4, q) == Approx(-1e4 + 0.5 + std::log1p(-std::exp(-1.0))).margin(1e-9));
}

}  // namespace surjections_fold
