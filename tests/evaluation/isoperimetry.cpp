// SPDX-License-Identifier: MIT
// The isoperimetric floor where it is met with equality, and the stretch of maps whose singular values are known.
#include "rheo/evaluation/isoperimetry.hpp"

#include "catch.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/stochastic/indexed.hpp"

namespace evaluation_isoperimetry {
using namespace rheo;

namespace {
double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
}  // namespace

TEST_CASE("half-spaces meet the floor with equality") {
  for (double K : {0.3, 1.0, 7.96}) {
    for (double shift : {0.0, 0.8}) {
      const Parted p{phi((-1 - shift) / K), phi((-1 + shift) / K), 2, 1000000};
      CHECK(least_stretch(p) == Approx(K).epsilon(1e-10));
      CHECK(floor_excess(p, K).value == Approx(0).margin(1e-10));
      CHECK(floor_excess(p, 1.01 * K).value < 0);
      CHECK(floor_excess(p, 0.99 * K).value > 0);
      if (shift == 0) CHECK(1 - p.a - p.b == Approx(least_leak(2, K)).epsilon(1e-12));
    }
  }
  CHECK(least_leak(2, 7.96) == Approx(0.1).margin(1e-4));
  CHECK(least_stretch({0.98, 0.01, 2, 100}) == Approx(7.3).margin(0.05));
  CHECK(least_stretch({0.5, 0.5, 2, 100}) == std::numeric_limits<double>::infinity());
  CHECK(least_stretch({1, 0, 2, 100}) == 0);
  CHECK_THROWS_AS(least_stretch({0.7, 0.4, 2, 100}), std::invalid_argument);
}

TEST_CASE("the error of the excess is its spread over many counts") {
  const double a = 0.45, b = 0.4;
  const Index n = 4000, repeats = 400;
  Column<double> excess(repeats);
  double stated = 0;
  for (Index r = 0; r < repeats; ++r) {
    double in_a = 0, in_b = 0;
    for (Index i = 0; i < n; ++i) {
      const double u = Noise{7}.uniform(r * n + i, 0);
      in_a += u<a, in_b += u> 1 - b;
    }
    const Estimate e = floor_excess({in_a / static_cast<double>(n), in_b / static_cast<double>(n), 2, n}, 5);
    excess(r) = e.value;
    stated += e.error / static_cast<double>(repeats);
  }
  CHECK(std::sqrt((excess - excess.mean()).square().mean()) == Approx(stated).epsilon(0.1));
}

TEST_CASE("the stretch of a linear flow is its largest singular value, that of a coupling is found by the search") {
  auto linear = make_model<double>(Flow{LuLinear<2>{}, StandardNormal<2>{}}, Noise{1});
  for (Index i = 0; i < linear.parameters().size(); ++i) linear.parameters()(i) += 0.5 * Noise{2}.normal(i, 0);
  Batch<double> corner(3, 2);
  corner << 0, 0, 1, 0, 0, 1;
  const Batch<double> x = linear.decode(corner);
  Eigen::Matrix2d J;
  J.col(0) = (x.row(1) - x.row(0)).matrix().transpose();
  J.col(1) = (x.row(2) - x.row(0)).matrix().transpose();
  const double largest = Eigen::JacobiSVD<Eigen::Matrix2d>(J).singularValues()(0);
  CHECK(largest_stretch(linear, corner, Noise{3}) == Approx(largest).epsilon(1e-12));
  CHECK(largest_stretch(linear, Batch<double>(corner.bottomRows(1)), Noise{3}, 0) == Approx(largest).epsilon(1e-12));

  using Steep = Flow<AffineCoupling<2, MlpOf<Tanh, 6>>, StandardNormal<2>>;
  auto model = make_model<float>(Steep{}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i)
    model.parameters()(i) += static_cast<float>(Noise{2}.normal(i, 0));
  Batch<double> coarse(49, 2), fine(201 * 201, 2);
  for (Index i = 0; i < coarse.rows(); ++i)
    coarse.row(i) << static_cast<double>(i % 7) - 3, static_cast<double>(i / 7) - 3;
  for (Index i = 0; i < fine.rows(); ++i)
    fine.row(i) << 0.03 * (static_cast<double>(i % 201) - 100), 0.03 * (static_cast<double>(i / 201) - 100);
  const double grid = largest_stretch(model, fine, Noise{3}, 0), searched = largest_stretch(model, coarse, Noise{3});
  CHECK(searched > largest_stretch(model, coarse, Noise{3}, 0));
  CHECK(searched > 0.99 * grid);
}

TEST_CASE(
    "an indexed flow whose bijections are shifts, of stretch one, is above the floor of every bijection as steep") {
  // x = z - 4 tanh(40 u): two normals at distance 8, while dx/dz = 1 at any index.
  using Shifts = Indexed<Elementwise<1, Shift>, 1, Fixed<StandardNormal>, Fixed<StandardNormal>, MlpOf<Tanh, 1>>;
  auto model = make_model<double>(Flow{Shifts{}, StandardNormal<1>{}}, Noise{1});
  REQUIRE(model.parameters().size() ==
          7);  // the shift; weight and bias of the hidden unit; weights and biases of (t, a)
  model.parameters() << 0, 40, 0, 4, 0, 0, 0;
  CHECK(largest_stretch(model, Batch<double>::Random(50, 1), Noise{2}) == Approx(1).epsilon(1e-12));
  const Index n = 100000;
  const Batch<double> x = model.sample(n, Noise{3});
  const double size = static_cast<double>(n);
  const Parted p{static_cast<double>((x <= -1).count()) / size, static_cast<double>((x >= 1).count()) / size, 2, n};
  const Estimate e = floor_excess(p, 1);
  CHECK(e.value > 1);
  CHECK(e.value > 20 * e.error);
  CHECK(1 - p.a - p.b < 0.03);
  CHECK(least_leak(2, 1) > 0.6);  // what a bijection of stretch one would leave between the two
}

}  // namespace evaluation_isoperimetry
