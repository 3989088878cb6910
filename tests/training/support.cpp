// SPDX-License-Identifier: MIT
// Data off a flow's support: refused before the first step, with a count and the first row, for every kind of support.
#include "rheo/training/support.hpp"

#include "catch.hpp"
#include "rheo/distributions/circle.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/constrain.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/presets/discrete_flows.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/layers/bijections/squeeze.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/surjections/partition.hpp"
#include "rheo/layers/surjections/relu.hpp"
#include "rheo/training/fit.hpp"

namespace training_support {
using namespace rheo;
using Catch::Contains;

namespace {
template <Index D> Batch<double> constant(double x) { return Batch<double>::Constant(40, D, x); }

/// Rows 7 and 20 are spoilt in the last column.
template <class F> void refuses(F flow, const Batch<double>& good, double bad, const char* what) {
  auto model = make_model<double>(std::move(flow), Noise{1});
  const Column<double> before = model.parameters();
  CHECK_NOTHROW(check_support(model, good));
  Batch<double> x = good;
  x(7, x.cols() - 1) = x(20, x.cols() - 1) = bad;
  INFO("bad value " << bad);
  CHECK_THROWS_AS(fit(model, x), DataError);
  CHECK_THROWS_WITH(fit(model, x),
                    Contains("2 rows of the data lie off the flow's support, the first is row 7") && Contains(what));
  CHECK((model.parameters() == before).all());
}
}  // namespace

TEST_CASE("sets that a name tells") {
  refuses(Flow{constrain::positive<2>(), StandardNormal<2>{}}, constant<2>(0.5), -1e-9,
          "column 1 is -0.000000, it wants a number that is not negative");
  refuses(Flow{constrain::unit<2>(), StandardNormal<2>{}}, constant<2>(0.5), 1.5, "it wants a number in [0, 1]");
  refuses(Flow{Uniform<3>{}}, constant<3>(1), -0.1, "column 2");
  refuses(Flow{Dequantize<2>{}, StandardNormal<2>{}}, constant<2>(-3), 0.5, "it wants a whole number");
  using Digits = presets::DequantizedFlow<2, 4, 1, Mlp<4>, Fixed<Uniform>>;
  refuses(Digits{}, constant<2>(3), 4, "column 1 is 4.000000, it wants a whole number in 0 .. 3");
  refuses(Digits{}, constant<2>(0), 0.25, "whole number in 0 .. 3");
  refuses(presets::ArgmaxFlow<2, 3, 1, Mlp<4>, Plain<family::Normal<>>>{}, constant<2>(2), 3, "whole number in 0 .. 2");
  refuses(presets::ArgmaxFlow<2, 3, 1, Mlp<4>, Plain<family::Normal<>>>{}, constant<2>(2), -1,
          "whole number in 0 .. 2");
  refuses(Flow{Bernoulli<2>{}}, constant<2>(1), 2, "whole number in 0 .. 1");
}

TEST_CASE("a layer that takes anything asks the next one") {
  using F = Flow<Squeeze<1, 2, 2>, Dequantize<4, Fixed<Uniform>, 4>, LevelMap<4, 4>, StandardNormal<4>>;
  CHECK(F::x_support == all_of<4>(Support::integer));
  CHECK(F::categories == 4);
  refuses(F{}, constant<4>(3), 4, "column 3 is 4.000000, it wants a whole number in 0 .. 3");
  using Half = Flow<Flip<2>, On<2, Mask<1, 0>, range::Log>, StandardNormal<2>>;  // coordinate 1 comes out first
  CHECK(Half::x_support == Supports<2>{Support::real, Support::positive});
  CHECK(Chain<Flip<2>, Flip<2>>::x_support == all_of<2>(Support::any));
}

TEST_CASE("each coordinate has the categories of the layer that scores it") {
  using F = Flow<Slice<2, 1, Fixed<DiscretizedLogistic>>, Bernoulli<1>>;
  CHECK(F::x_categories == std::array<Index, 2>{2, 0});
  Batch<double> x(40, 2);
  for (Index i = 0; i < 40; ++i) x(i, 0) = static_cast<double>(i % 2), x(i, 1) = static_cast<double>(i - 20);
  const auto model = make_model<double>(F{}, Noise{1});
  CHECK(model.log_prob(x).isFinite().all());
  CHECK_NOTHROW(check_support(model, x));
  x(9, 0) = 2;
  CHECK_THROWS_WITH(check_support(model, x),
                    Contains("the first is row 9: column 0 is 2.000000, it wants a whole number in 0 .. 1"));
  using Mixed = Flow<Slice<2, 1, Plain<family::Categorical<3>>>, StandardNormal<1>>;
  CHECK(Mixed::x_categories == std::array<Index, 2>{0, 3});
  refuses(Mixed{}, constant<2>(2), 7, "column 1 is 7.000000, it wants a whole number in 0 .. 2");
}

TEST_CASE("surjections refuse what they do not have") {
  refuses(Flow{ReluSurjection<2, Plain<family::HalfNormal<>>>{}, StandardNormal<2>{}}, constant<2>(0), -1,
          "column 1 is -1.000000, it wants a number that is not negative");
  refuses(Flow{Unfold<2>{}, StandardNormal<2>{}}, constant<2>(0.5), -1, "it wants a number that is not negative");
  Batch<double> up(40, 2);
  up.rowwise() = (Row<double>(2) << -1, 0.5).finished();
  refuses(Flow{Unsort<2>{}, StandardNormal<2>{}}, up, -1.5,
          "log p = -inf there, at (-1.000000, -1.500000); its columns must ascend, column 1 does not");
  refuses(Flow{Round<2, Fixed<Uniform>, 2>{}, Bernoulli<2>{}}, constant<2>(1.5), 2.5,
          "at (1.500000, 2.500000); a layer further in has bounds");
  refuses(Flow{Partition<1, 2, Plain<family::Categorical<2>>>{}, LogitMap<1>{}, StandardNormal<1>{}}, constant<1>(0.5),
          1.5, "it wants a number in [0, 1]");
}

TEST_CASE("limits further in are found by scoring, on the line too") {
  refuses(Flow{Abs<2>{}, LogitUpToMap<2>{range::LogitUpTo{1}}, StandardNormal<2>{}}, constant<2>(-0.5), 2,
          "log p = -inf there, at (-0.500000, 2.000000); a layer further in has bounds (as AbsUniform{b}, "
          "LogitUpTo{b}, IntervalMap{a, b}) that this row passes");
  refuses(Flow{Abs<8>{}, LogitUpToMap<8>{range::LogitUpTo{1}}, StandardNormal<8>{}}, constant<8>(-0.5), 2,
          "-0.500000, -0.500000, ...); a layer");
}

TEST_CASE("numbers that only want their data-dependent start are not refused") {
  Batch<float> x(40, 1);
  for (Index i = 0; i < 40; ++i) x(i, 0) = 1e25f * static_cast<float>(i);
  const auto model = make_model<float>(Flow{Standardize<1>{}, StandardNormal<1>{}}, Noise{1});
  CHECK(model.log_prob(x)(7) == -std::numeric_limits<float>::infinity());
  CHECK_NOTHROW(check_support(model, x));
}

TEST_CASE("sets that only scoring tells") {
  refuses(Flow{constrain::interval<2>(-1, 3), StandardNormal<2>{}}, constant<2>(2.5), 3.5,
          "log p = -inf there, at (2.500000, 3.500000); a layer further in has bounds");
  Batch<double> x(40, 3);
  x.rowwise() = (Row<double>(3) << 0.2, 0.3, 0.5).finished();
  refuses(Flow{constrain::simplex<3>(), StandardNormal<2>{}}, x, -0.5,
          "0.300000, -0.500000); its numbers must not be negative and must add up to 1");
  refuses(Flow{constrain::correlation_cholesky<2>(), StandardNormal<1>{}}, constant<1>(0.3), 1.5,
          "the rows of its Cholesky factor must not be longer than 1");
  x.rowwise() = (Row<double>(3) << -1, 0, 0.5).finished();
  refuses(Flow{constrain::ordered<3>(), StandardNormal<3>{}}, x, -0.5,
          "0.000000, -0.500000); its columns must ascend, column 2 does not");
}

TEST_CASE("angles: a map with a cut refuses them beyond it, a density on the circle takes them modulo a turn") {
  refuses(Flow{constrain::circle<2>(), Uniform<2>{}}, constant<2>(3), 3.5, "log p = -inf there");
  CHECK_NOTHROW(check_support(make_model<double>(Flow{UniformCircle<2>{}}, Noise{1}), constant<2>(10)));
}

TEST_CASE("one bad row is one row") {
  auto model = make_model<double>(Flow{constrain::positive<2>(), StandardNormal<2>{}}, Noise{1});
  Batch<double> x = constant<2>(1);
  x(3, 0) = x(3, 1) = -1;
  CHECK_THROWS_WITH(check_support(model, x),
                    Contains("1 row of the data lies off the flow's support, the first is row 3: column 0"));
  CHECK_NOTHROW(check_support(model, x.topRows(0)));
}

}  // namespace training_support
