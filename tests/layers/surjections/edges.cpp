// SPDX-License-Identifier: MIT
// Whole flows of surjections at the edges of their supports: near the fold, on it, and off the support, in scoring and
// before a fit.
#include "checks.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/argmax.hpp"
#include "rheo/layers/surjections/relu.hpp"
#include "rheo/training/support.hpp"

namespace surjections_edges {
using namespace rheo_test;
using Catch::Contains;

namespace {

/// log p of sign, modulus, map, standard normal by hand at x > 0: z and its V from x, in long double.
template <class T, class Map, class Z, class V> void near_the_fold(const Map& map, Z z_of, V v_of) {
  using Limits = std::numeric_limits<T>;
  const auto model = make_model<T>(Flow{Abs<1>{}, map, StandardNormal<1>{}}, Noise{1});
  Batch<T> least(4, 1);
  least << T(0), -T(0), Limits::denorm_min(), -Limits::min();
  CHECK(model.log_prob(least).isFinite().all());
  CHECK_FALSE(model.score(least).isNaN().any());
  for (T x : {2 * Limits::min(), T(1e-30), Limits::epsilon(), T(1e-3), T(0.4), T(1.5)}) {
    Batch<T> both(2, 1);
    both << x, -x;
    const Column<T> p = model.log_prob(both);
    const long double u = static_cast<long double>(x), z = z_of(u);
    const long double want = v_of(u) - 0.5L * z * z - static_cast<long double>(half_log_two_pi) - std::log(2.0L);
    INFO("x = " << static_cast<double>(x) << ": " << p(0) << ", wanted " << static_cast<double>(want));
    CHECK(p(0) == p(1));  // to the last bit
    CHECK(std::abs(static_cast<long double>(p(0)) - want) <
          32 * static_cast<long double>(Limits::epsilon()) * (1 + z * z));
    CHECK_FALSE(model.score(both).isNaN().any());
  }
}
template <class T> void near_the_fold() {
  const auto log_part = [](long double x) { return std::log(-std::expm1(-x)); };
  near_the_fold<T>(
      LogMap<1>{}, [](long double x) { return std::log(x); }, [](long double x) { return -std::log(x); });
  near_the_fold<T>(
      SoftplusInverseMap<1>{}, [&](long double x) { return x + log_part(x); },
      [&](long double x) { return -log_part(x); });
  near_the_fold<T>(
      LogitUpToMap<1>{range::LogitUpTo{2}}, [](long double x) { return std::log(x / (2 - x)); },
      [](long double x) { return std::log(2 / x / (2 - x)); });
}

/// `bad` in rows 7 and 20, last column: scored -inf, others as before; refused with a count and the first row.
template <class F> void off(F flow, const Row<double>& good, double bad, const char* what) {
  const auto model = make_model<double>(std::move(flow), Noise{1});
  Batch<double> x(40, good.size());
  x.rowwise() = good;
  const Column<double> before = model.elbo(x, Noise{3});
  CHECK(before.isFinite().all());
  CHECK_NOTHROW(check_support(model, x));
  x(7, x.cols() - 1) = x(20, x.cols() - 1) = bad;
  const Column<double> v = model.elbo(x, Noise{3});
  for (Index i = 0; i < 40; ++i) CHECK(v(i) == (i == 7 || i == 20 ? -inf : before(i)));
  CHECK(model.log_prob_estimate(x, 3, Noise{4}).value(7) == -inf);
  CHECK_THROWS_AS(check_support(model, x), DataError);
  CHECK_THROWS_WITH(check_support(model, x),
                    Contains("2 rows of the data lie off the flow's support, the first is row 7") && Contains(what));
}
Row<double> row(std::initializer_list<double> numbers) { return vector(numbers).transpose(); }

}  // namespace

TEMPLATE_TEST_CASE(
    "behind Abs the range maps are finite and right near zero, and the density symmetric to the last bit", "", float,
    double) {
  near_the_fold<TestType>();
}

TEST_CASE("bad input of whole flows") {
  off(Flow{Unfold<2>{}, StandardNormal<2>{}}, row({1, 0.5}), -0.5,
      "column 1 is -0.500000, it wants a number that is not negative");
  off(Flow{ReluSurjection<2, Plain<family::HalfNormal<>>>{}, StandardNormal<2>{}}, row({0, 0.5}), -0.5,
      "it wants a number that is not negative");
  off(Flow{Unsort<3>{}, StandardNormal<3>{}}, row({-1, 0, 0}), -0.5, "log p = -inf there");  // ties are on it
  off(Flow{Dequantize<2>{}, StandardNormal<2>{}}, row({3, -2}), 0.5, "it wants a whole number");
  off(Flow{Dequantize<2, Fixed<Uniform>, 4>{}, LevelMap<2, 4>{}, StandardNormal<2>{}}, row({3, 0}), 4,
      "it wants a whole number in 0 .. 3");
  off(Flow{Argmax<2, 3, Plain<family::Logistic<>>>{}, StandardNormal<6>{}}, row({2, 0}), -1,
      "it wants a whole number in 0 .. 2");
  off(Flow{Argmax<2, 3, Plain<family::Logistic<>>>{}, StandardNormal<6>{}}, row({2, 0}), 1.5,
      "it wants a whole number in 0 .. 2");
}

}  // namespace surjections_edges
