// SPDX-License-Identifier: MIT
// A trained density is still a density: it integrates to one, its samples follow it, and it is close to the truth.
#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/evaluation/quadrature.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/fit.hpp"

namespace training_density {
using namespace rheo;

TEST_CASE("a RealNVP trained on two moons integrates to one within 1e-3 and draws what it scores") {
  using F = Flow<Standardize<2>, Repeat<4, Chain<AffineCoupling<2, Mlp<32, 32>>, Flip<2>>>, StandardNormal<2>>;
  auto model = make_model<double>(F{}, Noise{1});
  fit(model, targets::moons<double>(8000, Noise{2}),
      {.epochs = 25, .batch = 256, .learning_rate = 4e-3, .schedule = {Cosine{}, 50}, .noise = Noise{3}});
  const auto density = [&](const Batch<double>& x) -> Column<double> { return model.log_prob(x).exp(); };
  const Index side = 1500;
  const double half = 8, h = 2 * half / static_cast<double>(side);
  double mass = 0;
  Batch<double> x(side, 2);
  for (Index j = 0; j < side; ++j) {
    for (Index i = 0; i < side; ++i) {
      x(i, 0) = (static_cast<double>(i) + 0.5) * h - half;
      x(i, 1) = (static_cast<double>(j) + 0.5) * h - half;
    }
    mass += density(x).sum() * h * h;
  }
  CHECK(std::abs(mass - 1) < 1e-3);
  CHECK(detail::chi_square(model.sample(50000, Noise{4}), density) < 3.72);
  const Estimate gap =
      gap_to_entropy(model.log_prob(targets::moons<double>(20000, Noise{5})), targets::Moons::entropy());
  CHECK(gap.value > 0);
  CHECK(gap.value < 0.1);
}

}  // namespace training_density
