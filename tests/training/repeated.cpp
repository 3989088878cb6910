// SPDX-License-Identifier: MIT
// What a fit says of its data: repeated values, and standardisations of an earlier fit.
#include "rheo/training/repeated.hpp"

#include "banana.hpp"
#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace training_repeated {
using namespace rheo;
using Catch::Contains;
using rheo_test::banana;

namespace {
using Small = Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<16>>, Flip<2>>>, StandardNormal<2>>;

}  // namespace

TEST_CASE("repeated values are named by column where the support is continuous") {
  Batch<double> x = banana<double>(1000, 1).abs() + 0.1;
  auto fitted = [](auto flow, const Batch<double>& data) {
    auto model = make_model<double>(flow, Noise{2});
    return fit(model, data, {.epochs = 1});
  };
  CHECK(fitted(Small{}, x).repeated.empty());
  for (Index i = 0; i < 300; ++i) x(3 * i, 1) = i < 250 ? 0.5 : 7;
  const auto r = fitted(Small{}, x);
  REQUIRE(r.repeated.size() == 1);
  CHECK(r.repeated[0].column == 1);
  CHECK(r.repeated[0].share == Approx(0.3));
  CHECK(r.repeated[0].value == 0.5);
  CHECK(r.repeated[0].count == 250);
  CHECK_THAT(r.notes.at(0), Contains("column 1: 30 % of 1000 rows repeat another's value, most often 0.5 (250 rows)"));
  const Batch<double> rounded = (10 * x).floor();
  CHECK(repeated_values<double>(view(rounded), all_of<2>(Support::integer)).empty());
  CHECK(repeated_values<double>(view(rounded), all_of<2>(Support::real)).size() == 2);
  CHECK(repeated_values<double>(view(rounded), all_of<2>(Support::real), 100)[0].rows == 100);
}

TEST_CASE("a number far from all others of its column is named with its row") {
  Batch<double> x = banana<double>(1000, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  CHECK(fit(model, x, {.epochs = 1}).outlying.empty());
  const auto outlying = [&seen = std::as_const(x)](Support s = Support::real, Index most = 20000) {
    return outlying_rows<double>(view(seen), all_of<2>(s), most);
  };
  x(417, 1) = -1e30;
  const auto r = fit(model, x, {.epochs = 1, .restandardize = true});
  REQUIRE(r.outlying.size() == 1);
  CHECK(r.outlying[0].column == 1);
  CHECK(r.outlying[0].row == 417);
  CHECK(r.outlying[0].value == -1e30);
  CHECK_THAT(r.notes.back(), Contains("column 1: row 417 is -1e+30, the median "));
  CHECK(outlying(Support::real, 100)[0].row == 417);
  CHECK(outlying(Support::integer).empty());
  // Exactly at the bound it is not outlying, beyond it it is; an overflow of the difference is beyond.
  x.col(1).head(750).setZero(), x.col(1).tail(250).setOnes(), x.col(0).setLinSpaced(1000, 0, 999);
  x(0, 0) = 501 + 1000 * 499.0;
  CHECK(outlying().empty());
  x(0, 0) = 501 + 1000 * 499.0 + 1;
  REQUIRE(outlying().size() == 1);
  CHECK(outlying()[0].median == 501);
  x(0, 0) = -std::numeric_limits<double>::max(), x(1, 0) = std::numeric_limits<double>::max();
  CHECK(outlying().size() == 1);
  x.col(0).setConstant(3), x(5, 0) = 1e9;
  CHECK(outlying().empty());  // the others share one number: see repeated values
  x.resize(0, 2);
  CHECK(outlying().empty());
}

TEST_CASE("a second fit on data in other units says that the first standardisation stands, or takes theirs") {
  const auto data = banana<double>(500, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  CHECK(fit(model, data, {.epochs = 2}).start.kept.empty());
  const Column<double> first = model.buffers();
  CHECK(fit(model, banana<double>(500, 2), {.epochs = 2}).start.kept.empty());
  const auto kept = fit(model, 1e4 * data + 3e4, {.epochs = 2});
  REQUIRE(kept.start.kept.size() == 2);
  CHECK(kept.start.kept[1].column == 1);
  CHECK(kept.start.kept[1].deviation == first(3));
  CHECK(kept.start.kept[1].deviation_here == Approx(1e4 * first(3)).epsilon(0.1));
  CHECK_THAT(kept.notes.at(1), Contains("column 1 is still standardised by an earlier fit's mean") &&
                                   Contains("FitOptions::restandardize"));
  CHECK((model.buffers() == first).all());
  const auto anew = fit(model, 1e4 * data + 3e4, {.epochs = 2, .restandardize = true});
  CHECK(anew.notes.empty());
  CHECK(anew.best_loss < 2 * std::log(1e4) + 3);
  CHECK(model.buffers()(3) == Approx(1e4 * first(3)).epsilon(0.1));
}

}  // namespace training_repeated
