// SPDX-License-Identifier: MIT
// What a layer owes to the law of its fibre: its buffers are checked, its data-dependent start is run; and what
// estimates say of their error.
#include "checks.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/hurdle.hpp"
#include "rheo/distributions/mixture_of.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/surjections/argmax.hpp"
#include "rheo/layers/surjections/relu.hpp"

namespace surjections_fibres {
using namespace rheo_test;

namespace {
template <Index D, Index> using Line = Flow<Permute<D>, Standardize<D>, StandardNormal<D>>;
template <Index D, Index> using Above = Flow<LogMap<D>, Permute<D>, Standardize<D>, StandardNormal<D>>;
template <Index D, Index> using Cube = Flow<LogitMap<D>, Permute<D>, Standardize<D>, Logistic<D>>;
template <Index D>
struct Held : Independent<D, family::Bernoulli> {  // a law of whole numbers with a buffer that must be 0
  static constexpr Index buffer_count = 1;
  template <class T> bool valid_buffers(Params<const T> b) const { return b.data()[0] == T(0); }
};

template <class L> void guards(const L& layer) {
  Column<double> theta = Column<double>::Zero(L::param_count), buffers(L::buffer_count);
  detail::init<L, double>(layer, Params<double>(theta.data(), theta.size()),
                          Params<double>(buffers.data(), buffers.size()), Noise{1});
  const auto valid = [&] { return detail::valid_buffers(layer, Params<const double>(buffers.data(), buffers.size())); };
  CHECK(valid());
  buffers.setConstant(7.5);
  CHECK_FALSE(valid());
}
}  // namespace

TEST_CASE("a law behind a fibre judges its own buffers") {
  guards(Slice<3, 1, FlowFibre<Line>>{});
  guards(Invert<Slice<3, 1, FlowFibre<Line>>>{});
  guards(Max<3, FlowFibre<Above>>{});
  guards(Max<2, Plain<family::HalfNormal<>>, Fixed<Held>>{});
  guards(ReluSurjection<2, FlowFibre<Above>>{});
  guards(Abs<2, Fixed<Held>>{});
  guards(Argmax<2, 2, FlowFibre<Line>>{});
  guards(Round<2, FlowFibre<Cube>>{});
  guards(Mixture<2, Line<2, 0>>{});
}

TEST_CASE("a law behind a fibre starts from the data that it scores") {
  Batch<double> x(4000, 2);
  Noise{2}.normals(view(x));
  x.col(1) = 3 + 2 * x.col(1);
  auto slice = make_model<double>(Flow{Slice<2, 1, FlowFibre<Line>>{}, StandardNormal<1>{}}, Noise{1});
  CHECK(slice.log_prob(x).mean() < -7);
  slice.initialise(x);
  CHECK(slice.log_prob(x).mean() == Approx(-2 * half_log_two_pi - 1 - std::log(2)).margin(0.1));
  auto max = make_model<double>(Flow{Max<2, FlowFibre<Above>>{}, StandardNormal<1>{}}, Noise{1});
  max.initialise(x);
  const Column<double> gap = (x.col(0) - x.col(1)).abs().log();
  Column<double> start = max.buffers().segment(1, 2);
  CHECK(start(0) == Approx(gap.mean()).margin(1e-12));
  CHECK(start(1) == Approx(std::sqrt((gap - gap.mean()).square().mean())).epsilon(1e-3));
  auto round = make_model<double>(Flow{Round<2, FlowFibre<Cube>>{}, DiscretizedLogistic<2>{}}, Noise{1});
  round.initialise(x);
  const Batch<double> u = x - x.floor(), logit = (u / (1 - u)).log();
  for (Index j = 0; j < 2; ++j) {
    const auto from = static_cast<Index>(round.buffers()(j));  // Permute
    CHECK(round.buffers()(2 + j) == Approx(logit.col(from).mean()).margin(1e-9));
  }
}

TEST_CASE("one draw of a bound does not know its error; an exact density has none, and is scored once") {
  const auto bound = make_model<double>(Flow{Augment<1, 1, Plain<family::Normal<>>>{}, StandardNormal<2>{}}, Noise{1});
  const Batch<double> x = batch({{0.3}, {-1}});
  CHECK(bound.log_prob_estimate(x, 1, Noise{2}).standard_error.isNaN().all());
  CHECK(bound.log_prob_estimate(x, 2, Noise{2}).standard_error.isFinite().all());
  const auto exact = make_model<double>(Flow{LogMap<1>{}, StandardNormal<1>{}}, Noise{1});
  const auto e = exact.log_prob_estimate(x, 1000, Noise{2});
  CHECK((e.value == exact.log_prob(x)).all());
  CHECK(e.value(1) == -inf);
  CHECK((e.standard_error == 0).all());
}

TEST_CASE("the path that made a sample bounds log p from above in the mean, an elbo from below") {
  auto model = make_model<double>(Flow{Augment<1, 1, Plain<family::Normal<>>>{}, FullNormal<2>{}}, Noise{1});
  model.parameters() += vector({0.2, 0.4, 0.3, -0.2, 0.5, 0.3, 0.1}).head(model.parameters().size());
  const auto s = model.sample_and_log_prob(20000, Noise{3});
  const Column<double> p = model.log_prob_estimate(s.x, 200, Noise{4}).value;
  CHECK((s.log_prob - p).mean() > 0.02);
  CHECK((model.elbo(s.x, Noise{5}) - p).mean() < -0.02);
}

TEST_CASE("a latent that the law cannot draw is no path: -inf, in every generative form") {
  CHECK(call<false>(Augment<1, 1, Fixed<Uniform>>{}, batch({{0.5, 1.5}})).v(0) == -inf);
  const Batch<float> far = Batch<float>::Constant(1, 1, -1e30f);
  CHECK(call<false, float>(ReluSurjection<1, Plain<family::HalfNormal<>>>{}, far).v(0) ==
        -std::numeric_limits<float>::infinity());
  Batch<float> z(1, 2);
  z << 0, -1e30f;
  CHECK(call<false, float>(Argmax<1, 2, Plain<family::Normal<>>>{}, z).v(0) == -std::numeric_limits<float>::infinity());
}

TEST_CASE("scales whose weights have a variance, whatever a net says") {
  for (double a : {-1e9, -40.0, -1.0, 0.0, 1.0, 40.0}) {
    CHECK(std::exp(WideBound{}.log_scale(a)) > 0.6);
    CHECK(std::exp(NarrowBound{}.log_scale(a)) < 1 / 0.6);
  }
  CHECK(WideBound{}.log_scale(0.0) == Approx(0).margin(1e-15));
  CHECK(NarrowBound{}.log_scale(0.0) == Approx(0).margin(1e-15));
}

TEST_CASE("hurdle: a probability at 0, a density above it, nothing below") {
  const Column<double> theta = vector({0.7, -0.2});
  const auto e = call<true>(HurdleExponential<1>{}, batch({{0}, {2}, {-1}, {not_a_number}, {-0.0}}), {}, theta);
  const double up = 1 / (1 + std::exp(-0.7));
  CHECK(e.v(0) == Approx(std::log(1 - up)).margin(1e-14));
  CHECK(e.v(4) == e.v(0));
  CHECK(e.v(1) == Approx(std::log(up) - 2 * std::exp(0.2) + 0.2).margin(1e-14));
  CHECK(e.v(2) == -inf);
  CHECK(e.g_in(2, 0) == 0);
  CHECK(std::isnan(e.v(3)));
  const Index n = 40000;
  const Batch<double> x = call<false>(HurdleExponential<1>{}, Batch<double>(n, 0), Noise{3}, theta).out;
  CHECK(static_cast<double>((x == 0).count()) / n == Approx(1 - up).margin(4 * std::sqrt(up * (1 - up) / n)));
  CHECK(x.mean() == Approx(up * std::exp(-0.2)).margin(0.02));
}

}  // namespace surjections_fibres
