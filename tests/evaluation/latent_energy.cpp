// SPDX-License-Identifier: MIT
// The latent energy: against the flow's own density, its gradient against finite differences and duals, and a chain in
// latent space that follows the target through a flow that was never fitted.
#include "rheo/evaluation/latent_energy.hpp"

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "rheo/targets/energies.hpp"

namespace evaluation_latent_energy {
using namespace rheo;

namespace {

auto shaken() {
  auto model = make_model<double>(
      Flow{Repeat<2, Chain<AffineCoupling<3, MlpOf<Tanh, 8>>, Deal<3>>>{}, ActNorm<3>{}, StandardNormal<3>{}},
      Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.4 * Noise{2}.normal(i, 0);
  return model;
}

ColView<double> all(Column<double>& u) { return {u.data(), u.size()}; }

}  // namespace

TEST_CASE("the latent energy is u - log q(x) + log p(z), and its gradient is its derivative") {
  const auto model = shaken();
  const targets::Funnel<3> funnel;
  const auto latent = latent_energy(model, funnel);
  static_assert(Energy<decltype(latent_energy(model, funnel))>);
  Batch<double> z(70, 3), g(70, 3);
  Noise{3}.normals(view(z));
  Column<double> u(70), of_x(70), up(70), down(70);
  typename decltype(latent_energy(model, funnel))::Workspace<double> w;
  latent.value(view(std::as_const(z)), all(u), w);
  const Batch<double> x = model.decode(z);
  of_x = energy_values(funnel, x);
  CHECK_THROWS_AS(energy_values(funnel, x.leftCols(2)), std::invalid_argument);
  const Column<double> log_p = -0.5 * z.square().rowwise().sum() - 1.5 * std::log(2 * 3.14159265358979323846);
  CHECK((u - (of_x + model.log_prob(x) - log_p)).abs().maxCoeff() < 1e-10);

  latent.value_and_gradient(view(std::as_const(z)), all(up), view(g), w);
  CHECK((u - up).abs().maxCoeff() == 0);
  const double h = 1e-5;
  for (Index j = 0; j < 3; ++j) {
    Batch<double> at = z;
    at.col(j) += h;
    latent.value(view(std::as_const(at)), all(up), w);
    at.col(j) -= 2 * h;
    latent.value(view(std::as_const(at)), all(down), w);
    CHECK(((up - down) / (2 * h) - g.col(j)).abs().maxCoeff() < 1e-5);
  }
  Batch<double> along(70, 3), product(70, 3), g_up(70, 3), g_down(70, 3);  // and in duals
  Noise{4}.normals(view(along));
  HessianWorkspace<std::remove_const_t<decltype(latent)>, double> hessian;
  hessian_vector_product(latent, view(std::as_const(z)), view(std::as_const(along)), view(product), hessian);
  const Batch<double> above = z + h * along, below = z - h * along;
  latent.value_and_gradient(view(above), all(up), view(g_up), w);
  latent.value_and_gradient(view(below), all(down), view(g_down), w);
  CHECK(((g_up - g_down) / (2 * h) - product).abs().maxCoeff() < 1e-3);
}

TEST_CASE("a chain in latent space leaves the target alone, though the flow was never fitted to it") {
  const auto model = shaken();
  Batch<double> covariance(3, 3);
  covariance << 1.0, 0.3, 0.2, 0.3, 0.6, -0.1, 0.2, -0.1, 1.2;
  const targets::GaussianEnergy<3> gauss((Row<double>(3) << 0.5, -0.4, 0.3).finished(), covariance);
  const Index n = 20'000;
  const Batch<double> start = model.encode(gauss.sample(n, Noise{5}));
  const Hmc<decltype(latent_energy(model, gauss))> move(latent_energy(model, gauss), 0.15);
  const auto moves = make_model<double>(Flow{move, StandardNormal<3>{}}, Noise{6});
  Batch<double> z = start;
  for (std::uint64_t k = 0; k < 4; ++k) z = moves.decode(z, Noise{7}.fork(k)).eval();
  CHECK((z != start).rowwise().any().count() > n * 8 / 10);
  const Batch<double> x = model.decode(z);
  const double mean[] = {0.5, -0.4, 0.3};
  for (Index i = 0; i < 3; ++i) {
    CHECK(std::abs(x.col(i).mean() - mean[i]) < 5 * std::sqrt(covariance(i, i) / n));
    for (Index j = 0; j <= i; ++j) {
      const Column<double> c = (x.col(i) - mean[i]) * (x.col(j) - mean[j]);
      CHECK(std::abs(c.mean() - covariance(i, j)) < 5 * 1.5 * std::sqrt(covariance(i, i) * covariance(j, j) / n));
    }
  }
}

}  // namespace evaluation_latent_energy
