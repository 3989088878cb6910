// SPDX-License-Identifier: MIT
// The mistakes that newcomers make and that only a run can tell (tests/README.md has all ten): each is said in at most
// three lines, with what to write instead.
#include <functional>
#include <string>

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/fit.hpp"

namespace training_mistakes {
using namespace rheo;

namespace {
template <Index C> using Step = Chain<AffineCoupling<2, Mlp<8>, C>, Deal<2>>;
using Raw = Flow<Repeat<2, Step<0>>, StandardNormal<2>>;
using Plain = Flow<Standardize<2>, Repeat<2, Step<0>>, StandardNormal<2>>;
using Given = Flow<Standardize<2>, Repeat<2, Step<1>>, StandardNormal<2>>;

std::string said(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& e) {
    CHECK(std::string(e.what()).size() <= 3 * 120);
    return e.what();
  }
  return "nothing";
}
const FitOptions once{.epochs = 1};
}  // namespace

TEST_CASE("three columns for a flow of two") {
  auto model = make_model<double>(Plain{}, Noise{1});
  const Batch<double> x = Batch<double>::Random(20, 3);
  const std::string wanted = "rheo: x has 3 columns, this model wants 2: a row is a sample, a column a coordinate";
  CHECK(said([&] { fit(model, x, once); }) == wanted);
  CHECK(said([&] { model.log_prob(x); }) == wanted);
  CHECK(said([&] { model.score(x); }) == wanted);
}

TEST_CASE("samples as columns, and one sample as a column") {
  auto model = make_model<double>(Plain{}, Noise{1});
  const Batch<double> x = Batch<double>::Random(20, 2);
  const std::string turned =
      ", this model wants 2: a row is a sample, so that x is transposed: hand over x.transpose()";
  CHECK(said([&] { fit(model, x.transpose(), once); }) == "rheo: x has 20 columns" + turned);
  CHECK(said([&] { model.log_prob(x.transpose()); }) == "rheo: x has 20 columns" + turned);
  CHECK(said([&] { model.log_prob(Eigen::Vector2d(1, 2)); }) == "rheo: x has 1 column" + turned);
  CHECK(model.log_prob(Eigen::Vector2d(1, 2).transpose()).size() == 1);
  auto line = make_model<double>(Flow{Standardize<1>{}, StandardNormal<1>{}}, Noise{1});
  CHECK(said([&] { fit(line, x.col(0).transpose(), once); }) ==
        "rheo: x has 20 columns, this model wants 1: a row is a sample, so that x is transposed: hand over "
        "x.transpose()");
}

TEST_CASE("any order of storage is read as what it is") {
  const Batch<double> x = Batch<double>::Random(40, 2);
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = x.matrix();
  const Eigen::Map<const Eigen::Array<double, Eigen::Dynamic, 2, Eigen::RowMajor>> mapped(rows.data(), 40, 2);
  auto a = make_model<double>(Plain{}, Noise{1}), b = a, c = a;
  fit(a, x, once), fit(b, rows, once), fit(c, mapped, once);
  CHECK((a.parameters() == b.parameters()).all());
  CHECK((a.parameters() == c.parameters()).all());
  CHECK((a.log_prob(x) == a.log_prob(rows)).all());
  CHECK((a.log_prob(x) == a.log_prob(mapped)).all());
}

TEST_CASE("no context for a flow that is conditional, and one for a flow that is not") {
  const Batch<double> x = Batch<double>::Random(20, 2), c = Batch<double>::Random(20, 1);
  auto given = make_model<double>(Given{}, Noise{1});
  const std::string wanted =
      "rheo: this flow is conditional and has no context: hand it 1 column of context, as fit(model, x, context), "
      "log_prob(x, context) and sample(n, noise, context)";
  CHECK(said([&] { fit(given, x, once); }) == wanted);
  CHECK(said([&] { given.log_prob(x); }) == wanted);
  CHECK(said([&] { given.sample(3, Noise{1}); }) == wanted);
  auto plain = make_model<double>(Plain{}, Noise{1});
  const std::string none =
      "rheo: a context was given, and this flow takes none: leave it out, or tell the layers its width, as "
      "AffineCoupling<2, Mlp<64, 64>, 1>";
  CHECK(said([&] { fit(plain, x, c, once); }) == none);
  CHECK(said([&] { plain.log_prob(x, c); }) == none);
}

TEST_CASE("a context of another length or width") {
  const Batch<double> x = Batch<double>::Random(20, 2), c = Batch<double>::Random(20, 2);
  auto model = make_model<double>(Given{}, Noise{1});
  const std::string wide = "rheo: context has 2 columns, this model wants 1: a row is a sample, a column a coordinate";
  CHECK(said([&] { fit(model, x, c, once); }) == wide);
  CHECK(said([&] { model.log_prob(x, c); }) == wide);
  CHECK(said([&] { fit(model, x, c.col(0).transpose(), once); }) ==
        "rheo: context has 20 columns, this model wants 1: a row is a sample, so that context is transposed: hand over "
        "context.transpose()");
  const std::string few = "rheo: context has 7 rows for a batch of 20: it wants one for each, or one for all";
  CHECK(said([&] { fit(model, x, c.col(0).head(7), once); }) ==
        "rheo: fit: the context has 7 rows, the data 20: a fit wants one for each");
  CHECK(said([&] { model.log_prob(x, c.col(0).head(7)); }) == few);
  CHECK(said([&] { model.sample(20, Noise{1}, c.col(0).head(7)); }) == few);
}

TEST_CASE("data of a large scale that nothing standardises are fitted, and said to be") {
  const Batch<double> unit = targets::moons<double>(400, Noise{1}), far = unit * 1e4;
  const auto notes = [](auto flow, const Batch<double>& x) {
    auto model = make_model<double>(flow, Noise{1});
    return fit(model, x, once).notes;
  };
  const auto raw = notes(Raw{}, far);
  REQUIRE(raw.size() == 1);
  CHECK_THAT(raw[0], Catch::StartsWith("column 0 comes to the base with mean ") &&
                         Catch::EndsWith("begin the flow with Standardize<D>{}; densities stay in your units"));
  CHECK(raw[0].size() <= 3 * 120);
  CHECK(notes(Raw{}, unit * 1e-4).size() == 1);
  CHECK(notes(Raw{}, unit + 100).size() == 1);
  CHECK(notes(Raw{}, unit).empty());
  CHECK(notes(Plain{}, far).empty());
  CHECK(notes(Plain{}, unit * 1e-4 + 1).empty());
  auto small = make_model<double>(Plain{}, Noise{1}), large = small;  // right in any units
  fit(small, unit, once), fit(large, far, once);
  CHECK(large.log_prob(far).mean() + 2 * std::log(1e4) == Approx(small.log_prob(unit).mean()).epsilon(1e-6));
}
}  // namespace training_mistakes
