// SPDX-License-Identifier: MIT
// Slice and Augment by hand, and the linear-Gaussian case of an augmented flow, whose log-density is known.
#include <Eigen/LU>

#include "checks.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"

namespace surjections_slice {
using namespace rheo_test;

namespace {
struct Recipe {
  template <Index D, Index C> using law = Flow<LuLinear<D>, DiagonalNormal<D>>;
};
}  // namespace

TEST_CASE("slice keeps the first coordinates and scores the others") {
  using L = Slice<3, 1, Fixed<DiagonalNormal>>;
  const Column<double> theta = vector({0.5, -1, std::log(2), 0});  // means, log deviations
  const auto e = call<true>(L{}, batch({{7, 2.5, -1}}), {}, theta);
  CHECK(e.out(0, 0) == 7);
  CHECK(e.v(0) == Approx(-0.5 - std::log(2) - std::log(2 * std::numbers::pi)).margin(1e-14));
  CHECK(e.g_in(0, 0) == 1);
  CHECK(e.g_in(0, 1) == Approx(-0.5).margin(1e-15));
  const auto d = call<false>(L{}, batch({{7}, {7}}), Noise{2}, theta);
  CHECK((d.out.col(0) == 7).all());
  CHECK(d.out(0, 1) != d.out(1, 1));
}

TEST_CASE("a slice hands supports on, and its fibre's off-support values have log-density -inf") {
  using L = Slice<2, 1, Fixed<Uniform>>;
  CHECK(L::x_support == Supports<2>{Support::any, Support::unit});
  const auto e = call<true>(L{}, batch({{3, 0.5}, {3, 1.5}}));
  CHECK(e.v(0) == 0);
  CHECK(e.v(1) == -inf);
  CHECK(e.g_in(1, 1) == 0);
}

TEST_CASE("a flow can be the law of a fibre") {
  static_assert(Slice<3, 1, Recipe>::exactness == Exactness::exact);
  const auto model = make_model<double>(Flow{Slice<3, 1, Recipe>{}, StandardNormal<1>{}}, Noise{1});
  CHECK(model.log_prob(batch({{1, 0.5, 2}}))(0) == Approx(-0.5 * (1 + 0.25 + 4) - 3 * half_log_two_pi).margin(1e-14));
}

namespace {
// x, u: z = W (x, u) + b with z ~ N(0, I); then p(x) is normal, and so is p(u | x) = N(a x + c, s^2).
struct LinearGaussian {
  double a, c, s, mean, deviation;
};
template <class M> LinearGaussian joint(const M& model) {
  Batch<double> corner = batch({{0, 0}, {1, 0}, {0, 1}}), z = model.encode(corner);
  Eigen::Matrix2d W;
  const Eigen::Vector2d b = z.row(0).matrix().transpose();
  W.col(0) = z.row(1).matrix().transpose() - b, W.col(1) = z.row(2).matrix().transpose() - b;
  const Eigen::Matrix2d S = (W.transpose() * W).inverse();
  const Eigen::Vector2d m = -W.inverse() * b;
  return {S(0, 1) / S(0, 0), m(1) - S(0, 1) / S(0, 0) * m(0), std::sqrt(S(1, 1) - S(0, 1) * S(0, 1) / S(0, 0)), m(0),
          std::sqrt(S(0, 0))};
}
}  // namespace

TEST_CASE("augmented linear-Gaussian flow: a bound, exact with the exact posterior") {
  using Posterior = Given<family::Normal<>, MlpOf<Tanh>>;  // an affine net of x: mean and log deviation
  auto whole = make_model<double>(Flow{LuLinear<2>{}, StandardNormal<2>{}}, Noise{1});
  auto model = make_model<double>(Flow{Augment<1, 1, Posterior>{}, LuLinear<2>{}, StandardNormal<2>{}}, Noise{1});
  for (Index i = 0; i < whole.parameters().size(); ++i) whole.parameters()(i) += 0.4 * Noise{3}.normal(i, 0);
  const Index q = model.parameters().size() - whole.parameters().size();
  REQUIRE(q == 4);
  model.parameters().tail(whole.parameters().size()) = whole.parameters();
  model.buffers() = whole.buffers();
  static_assert(!is_exact_v<decltype(Flow{Augment<1, 1, Posterior>{}, LuLinear<2>{}, StandardNormal<2>{}})>);
  const LinearGaussian g = joint(whole);
  Batch<double> x(200, 1);
  Noise{5}.normals(view(x));
  const Column<double> exact =
      -0.5 * ((x.col(0) - g.mean) / g.deviation).square() - std::log(g.deviation) - half_log_two_pi;

  model.parameters().head(4) << g.a, 0, g.c, std::log(g.s);  // weights of mean and log deviation, then their biases
  CHECK((model.elbo(x, Noise{6}) - exact).abs().maxCoeff() < 1e-10);

  model.parameters().head(4) << g.a + 0.3, 0.1, g.c - 0.2, std::log(g.s) + 0.3;
  Column<double> bound = Column<double>::Zero(200), square = bound;
  const int draws = 400;
  for (int k = 0; k < draws; ++k) {
    const Column<double> e = model.elbo(x, Noise{7}.fork(static_cast<std::uint64_t>(k))) - exact;
    bound += e / draws, square += e.square() / draws;
  }
  const Column<double> error = ((square - bound.square()) / draws).sqrt();
  CHECK((bound < 4.5 * error).all());
  CHECK(bound.mean() < -10 * error.mean() / std::sqrt(200.0));
  const auto few = model.log_prob_estimate(x, 5, Noise{8}), many = model.log_prob_estimate(x, 2000, Noise{9});
  CHECK(few.value.mean() < many.value.mean());
  CHECK(many.value.mean() == Approx(exact.mean()).margin(0.01));
  // In closed form: the slack is KL(q || p(u | x)), averaged over these x.
  const double r = 0.3;
  double slack = 0;
  for (Index i = 0; i < 200; ++i) {
    const double log_ratio = r + 0.1 * x(i, 0), shift = (0.3 * x(i, 0) - 0.2) / g.s;
    slack += (-log_ratio + 0.5 * (std::exp(2 * log_ratio) + shift * shift) - 0.5) / 200;
  }
  CHECK(-bound.mean() == Approx(slack).margin(5 * std::sqrt(error.square().sum()) / 200));
}

}  // namespace surjections_slice
