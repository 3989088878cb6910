// SPDX-License-Identifier: MIT
// Whole flows behind a surjection integrate to one over the plane, to 1e-6, with quadrature split at the seams.
#include "checks.hpp"
#include "rheo/distributions/circle.hpp"
#include "rheo/evaluation/quadrature.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/surjections/abs.hpp"
#include "rheo/layers/surjections/max.hpp"
#include "rheo/layers/surjections/slice.hpp"
#include "rheo/layers/surjections/sort.hpp"

using namespace rheo_test;

namespace {
using Net = MlpOf<Tanh, 8>;
using Step = AffineCoupling<2, Net>;

template <class First, class... Rest> double mass_missing(const First& first, const Rest&... rest) {
  auto model = make_model<double>(Flow{first, rest...}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{4}.normal(i, 0);
  return std::abs(rheo::detail::integral_between_seams(first, [&](const Batch<double>& x) { return Column<double>(model.log_prob(x).exp()); }) - 1);
}
}  // namespace

TEST_CASE("flows behind abs, sort, max integrate to one") {
  CHECK(mass_missing(Abs<2>{}, SoftplusInverseMap<2>{}, Step{}, StandardNormal<2>{}) < 1e-6);
  CHECK(mass_missing(Abs<2, Given<family::Bernoulli, Net>>{}, LogMap<2>{}, Step{}, StandardNormal<2>{}) < 1e-6);
  CHECK(mass_missing(Sort<2>{}, Ordered<2>{}, ScaleShiftMap<2>{range::ScaleShift{3, 0}}, Step{}, StandardNormal<2>{}) < 1e-6);  // light tails
  CHECK(mass_missing(Max<2, Given<family::HalfNormal<SoftBound>, Net>, Given<family::Categorical<2>, Net>>{}, LearnedScaleShift<1>{}, StandardNormal<1>{}) < 1e-6);
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
