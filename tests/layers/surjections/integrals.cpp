// SPDX-License-Identifier: MIT
// Whole flows behind a surjection integrate to one over the plane, to 1e-6, with quadrature split at the seams.
#include "checks.hpp"
#include "rheo/distributions/circle.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/hurdle.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/evaluation/quadrature.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/surjections/abs.hpp"
#include "rheo/layers/surjections/argmax.hpp"
#include "rheo/layers/surjections/max.hpp"
#include "rheo/layers/surjections/modulo.hpp"
#include "rheo/layers/surjections/partition.hpp"
#include "rheo/layers/surjections/relu.hpp"
#include "rheo/layers/surjections/slice.hpp"
#include "rheo/layers/surjections/sort.hpp"

namespace surjections_integrals {
using namespace rheo_test;

namespace {
using Net = MlpOf<Tanh, 8>;
using Step = AffineCoupling<2, Net>;

template <Index D, Index C> using Turning = Flow<Conditional<D, ScaleShift<>, Net, C>, StandardNormal<D>>;

template <class First, class... Rest> double mass_missing(const First& first, const Rest&... rest) {
  auto model = make_model<double>(Flow{first, rest...}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{4}.normal(i, 0);
  const auto density = [&](const Batch<double>& x) { return Column<double>(model.log_prob(x).exp()); };
  if constexpr (rheo::detail::HasSeams<First>)
    return std::abs(rheo::detail::integral_between_seams(first, density) - 1);
  else return std::abs(rheo::detail::integral<First>(density) - 1);
}

/// A plane cut at 0 both ways.
struct Quarters {
  static constexpr Index x_dim = 2;
  static constexpr Supports<2> x_support = all_of<2>(Support::real);
  template <class Add> void seams(Index, double, Add add) const { add(0.0); }
};
}  // namespace

TEST_CASE("flows behind abs, sort, max integrate to one") {
  CHECK(mass_missing(Abs<2>{}, SoftplusInverseMap<2>{}, Step{}, StandardNormal<2>{}) < 1e-6);
  CHECK(mass_missing(Abs<2, Given<family::Bernoulli, Net>>{}, LogMap<2>{}, Step{}, StandardNormal<2>{}) < 1e-6);
  CHECK(mass_missing(Sort<2>{}, Ordered<2>{}, ScaleShiftMap<2>{range::ScaleShift{3, 0}}, Step{}, StandardNormal<2>{}) <
        1e-6);  // light tails
  CHECK(mass_missing(Max<2, Given<family::HalfNormal<SoftBound>, Net>, Given<family::Categorical<2>, Net>>{},
                     LearnedScaleShift<1>{}, StandardNormal<1>{}) < 1e-6);
}

TEST_CASE("flows behind slice, partition, modulo integrate to one") {
  CHECK(mass_missing(Slice<2, 1, Given<family::Normal<SoftBound>, Net>>{}, LearnedScaleShift<1>{},
                     StandardNormal<1>{}) < 1e-6);
  CHECK(mass_missing(Slice<2, 1, FlowFibre<Turning>>{}, LearnedScaleShift<1>{}, StandardNormal<1>{}) < 1e-6);
  CHECK(mass_missing(Partition<2, 3, Given<family::Categorical<3>, Net>, 1>{detail::Zigzag<3>({0.2, 0.5})},
                     Slice<2, 1, Fixed<Uniform>>{}, LearnedScaleShift<1>{}, StandardNormal<1>{}) < 1e-6);
  CHECK(mass_missing(Modulo<2, Given<family::DiscretizedLogistic<>, Net>>{}, VonMises<2>{}) < 1e-6);
}

TEST_CASE("inference forms of generative surjections integrate to one") {
  auto started = [](auto flow) {
    auto model = make_model<double>(std::move(flow), Noise{1});
    for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{4}.normal(i, 0);
    return model;
  };
  const auto relu =
      started(Flow{Invert<ReluSurjection<2, Given<family::HalfNormal<SoftBound>, Net>>>{}, HurdleExponential<2>{}});
  const double plane = rheo::detail::integral_between_seams(
      Quarters{}, [&](const Batch<double>& x) { return Column<double>(relu.log_prob(x).exp()); });
  CHECK(std::abs(plane - 1) < 1e-6);
  // the density of an argmax goes as a power of the gap s between the two numbers: steps even in log s, down to where
  // rounding eats it
  const auto argmax =
      started(Flow{Invert<Argmax<1, 2, Given<family::Logistic<WideBound>, Net>>>{}, Categorical<1, 2>{}});
  const Index m = 1200, k = 600;
  Batch<double> x(2 * m, 2);
  Column<double> weight(2 * m);
  double mass = 0;
  for (Index a = 0; a < k; ++a) {
    const double u = -8 + 16 * static_cast<double>(a) / (k - 1), top = std::sinh(u), step = std::cosh(u) * 16 / (k - 1);
    for (Index b = 0; b < m; ++b) {
      const double l = -24 + 31 * static_cast<double>(b) / (m - 1), s = std::exp(l);
      x.row(b) << top, top - s;
      x.row(m + b) << top - s, top;
      weight(b) = weight(m + b) = step * s * 31 / (m - 1);
    }
    mass += (argmax.log_prob(x).exp() * weight).sum();
  }
  CHECK(std::abs(mass - 1) < 1e-6);
}

TEST_CASE("abs without a range map would have leaked: a normal behind it has mass 1/4 of the plane") {
  const Abs<2> first;
  rheo::detail::LayerBench<Abs<2>, double> b(first);
  const double mass = rheo::detail::integral_between_seams(first, [&](const Batch<double>& x) {
    Batch<double> z, none(x.rows(), 0);
    Column<double> v;
    b.call<true>(x, none, {}, z, v);
    return Column<double>((v - 0.5 * z.square().rowwise().sum() - 2 * half_log_two_pi).exp());
  });
  CHECK(mass == Approx(0.25).margin(1e-9));
}

}  // namespace surjections_integrals
