// SPDX-License-Identifier: MIT
// The sphere: densities per area, poles as points like any others, turns as rotations, and a flow that learns two caps,
// one of them at a pole.
#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/constrain.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/flows/presets/sphere_flows.hpp"
#include "rheo/training/fit.hpp"

namespace bijections_sphere {

namespace {
using namespace rheo;

const double uniform = -std::log(4 * std::numbers::pi);
Batch<double> directions(Index n, Noise noise) {
  Batch<double> x(n, 3);
  noise.normals(view(x));
  const Column<double> length = x.square().rowwise().sum().sqrt();
  x.colwise() /= length;
  return x;
}
using Plain = Flow<SphereChart, SphereMoebius, On<2, Mask<1, 0>, range::CutCircle>, Uniform<2>>;
Model<Plain, double> moebius(std::array<double, 3> boost, std::array<double, 3> turn) {
  auto model = make_model<double>(Plain{}, Noise{1});
  for (Index k = 0; k < 3; ++k) {
    model.parameters()(k) = boost[static_cast<std::size_t>(k)];
    model.parameters()(3 + k) = turn[static_cast<std::size_t>(k)];
  }
  return model;
}
}  // namespace

TEST_CASE("the uniform law of the sphere has density 1 / (4 pi) everywhere, at the poles too") {
  const auto model = moebius({}, {});
  Batch<double> x = directions(50, Noise{2});
  x.row(0) << 0, 0, 1;
  x.row(1) << 0, 0, -1;
  x.row(2) << -1, 0, 0;
  CHECK((model.log_prob(x) - uniform).abs().maxCoeff() < 1e-14);
  const Batch<double> drawn = model.sample(20'000, Noise{3});
  CHECK((drawn.square().rowwise().sum() - 1).abs().maxCoeff() < 1e-14);
  CHECK(drawn.colwise().mean().abs().maxCoeff() < 5 / std::sqrt(3 * 20'000.0));
  CHECK((drawn.square().colwise().mean() - 1.0 / 3).abs().maxCoeff() < 5 * std::sqrt(4.0 / 45 / 20'000));
}

TEST_CASE("the circle's cut gives numbers of the unit interval at its ends, with any rounding") {
  const auto check = []<class T>(T pi) {
    for (const T x : {pi, -pi, std::nextafter(pi, T(4)), -std::nextafter(pi, T(4))}) {
      const Batch<T> at = Batch<T>::Constant(1, 1, x);
      const auto model = make_model<T>(Flow<CutCircleMap<1>, Uniform<1>>{}, Noise{1});
      CHECK(std::isfinite(model.log_prob(at)(0)));
    }
  };
  check(std::numbers::pi);
  check(std::numbers::pi_v<float>);
}

TEST_CASE("a boost's density is that of Kato and McCullagh, and integrates to one over the sphere") {
  const std::array<double, 3> u = {0.3, -1.1, 0.8};
  const auto model = moebius(u, {0.4, 0.2, -0.7});
  const double square = u[0] * u[0] + u[1] * u[1] + u[2] * u[2], shrink = 1 / std::sqrt(1 + square * (1 + 1.0 / 900));
  const Batch<double> x = directions(200, Noise{4});
  const Column<double> log_p = model.log_prob(x);
  double worst = 0, integral = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    double distance = 0;
    for (Index k = 0; k < 3; ++k) distance += std::pow(x(i, k) - shrink * u[static_cast<std::size_t>(k)], 2);
    worst = std::max(worst, std::abs(log_p(i) - uniform - 2 * std::log((1 - shrink * shrink * square) / distance)));
  }
  CHECK(worst < 1e-13);
  constexpr Index m = 200;  // the middles of cells of equal area
  Batch<double> grid(2 * m * m, 3);
  for (Index i = 0; i < 2 * m * m; ++i) {
    const double a = (static_cast<double>(i / m) + 0.5) * std::numbers::pi / m,
                 h = (2 * static_cast<double>(i % m) + 1) / m - 1, c = std::sqrt(1 - h * h);
    grid.row(i) << c * std::cos(a), c * std::sin(a), h;
  }
  integral = model.log_prob(grid).exp().mean() * 4 * std::numbers::pi;
  CHECK(integral == Approx(1).epsilon(1e-3));
}

TEST_CASE("boosts of any size stretch by 3600 at most, in float as in double") {
  for (const double size : {10.0, 1e3, 1e6, 1e15}) {
    const std::array<double, 3> u = {0.6 * size, 0, 0.8 * size};
    math::Boost<double> exact({u[0], u[1], u[2]}, 1.0);
    math::Boost<float> coarse({float(u[0]), float(u[1]), float(u[2])}, 1.0f);
    double s = 0;
    float s_coarse = 0;
    exact({0.6, 0, 0.8}, s);
    const auto image = coarse({0.6f, 0, 0.8f}, s_coarse);
    CHECK(s < 3603);
    CHECK(s_coarse == Approx(s).epsilon(2e-3));
    CHECK(math::dot(image, image) == Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("a turn is the rotation about its axis by 2 atan of its length") {
  const math::Point3<double> axis = {2.0 / 3, -1.0 / 3, 2.0 / 3};
  const double angle = 2.1, c = std::cos(angle), s = std::sin(angle), length = std::tan(angle / 2);
  const math::Turn<double> turn({length * axis[0], length * axis[1], length * axis[2]}, 1.0);
  const math::Point3<double> p = {0.36, 0.48, -0.8};
  const auto q = turn(p), across = math::cross(axis, p);
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(q[k] == Approx(c * p[k] + s * across[k] + (1 - c) * math::dot(axis, p) * axis[k]).epsilon(1e-14));
}

TEST_CASE("places near the south pole keep their digits; north of it the height alone is coarse") {
  for (const float height : {1e-30f, 1e-12f, 1e-5f, 0.3f}) {
    const auto place = math::to_chart(math::from_chart<float>({2.5f, height}));
    CHECK(place.height == Approx(height).epsilon(1e-6));
    CHECK(place.longitude == Approx(2.5f).epsilon(1e-6));
  }
  const auto near = math::to_chart_pull<float>({1e-20f, 0, 1}, {1, 0});
  CHECK((std::isfinite(near[0]) && std::isfinite(near[1])));
  using autodiff::Dual;
  const auto moved = math::from_chart<Dual<double>>({Dual<double>(1, 1), Dual<double>(0, 1)});
  CHECK((moved[0].b == 0 && moved[2].b == 2));
  const auto pole = math::to_chart_pull<double>({0, 0, 1}, {1, 1});
  CHECK((pole[0] == 0 && pole[1] == 0 && pole[2] == 0));
  const auto place = math::from_chart_pull<double>({1, 0}, {1, 1, 1});
  CHECK((std::isfinite(place.longitude) && std::isfinite(place.height)));
}

TEST_CASE("rows off the sphere are refused before a fit, and told why") {
  auto model = moebius({}, {});
  Batch<double> x = directions(50, Noise{5});
  x.row(7) *= 1.5;
  CHECK(model.log_prob(x)(7) == -std::numeric_limits<double>::infinity());
  CHECK_THROWS_WITH(fit(model, x, {.epochs = 1}),
                    Catch::Contains("row 7") && Catch::Contains("must be a point of the unit sphere"));
}

// Caps by the law of von Mises and Fisher: kappa / (2 pi (1 - e^(-2 kappa))) e^(kappa (m'x - 1)).
TEST_CASE("a flow learns two caps of the sphere, one at a pole, one across the seam, to its entropy") {
  constexpr double kappa = 20;
  const auto caps = [&](Index n, Noise noise) {
    Batch<double> x(n, 3);
    for (Index i = 0; i < n; ++i) {
      const double h = 1 + std::log(noise.uniform(i, 0) * (1 - std::exp(-2 * kappa)) + std::exp(-2 * kappa)) / kappa;
      const double a = 2 * std::numbers::pi * noise.uniform(i, 1), c = std::sqrt(std::max(0.0, 1 - h * h));
      if (noise.uniform(i, 2) < 0.5) x.row(i) << c * std::cos(a), c * std::sin(a), h;
      else x.row(i) << -h, c * std::cos(a), c * std::sin(a);
    }
    return x;
  };
  const auto log_density = [&](const Batch<double>& x) {
    const double log_norm = std::log(kappa / (2 * std::numbers::pi * (1 - std::exp(-2 * kappa))));
    return Column<double>(log_norm +
                          (0.5 * (kappa * (x.col(2) - 1)).exp() + 0.5 * (kappa * (-x.col(0) - 1)).exp()).log());
  };
  auto model = make_model<float>(presets::SphereNsf<2, MlpOf<Silu, 32, 32>>{}, Noise{6});
  fit(model, caps(20'000, Noise{7}).cast<float>(),
      {.epochs = 15, .batch = 256, .learning_rate = 3e-3, .schedule = {Cosine{0.01}}, .noise = Noise{8}});
  const Batch<double> fresh = caps(20'000, Noise{9});
  const Column<double> gap = log_density(fresh) - model.log_prob(Batch<float>(fresh.cast<float>())).cast<double>();
  INFO("gap " << gap.mean());
  CHECK(gap.mean() > -0.01);
  CHECK(gap.mean() < 0.03);
  const Batch<float> drawn = model.sample(20'000, Noise{10});
  const Batch<double> same = drawn.cast<double>();
  const Column<double> back = model.log_prob(drawn).cast<double>() - log_density(same);
  CHECK(back.mean() < 0.03);
}

}  // namespace bijections_sphere
