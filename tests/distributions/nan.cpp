// SPDX-License-Identifier: MIT
// NaN and draws, distribution by distribution: a NaN coordinate makes log p NaN; a NaN parameter makes it NaN or does
// not touch it, and no draw is left out for it; draws are on the law's own support, in many dimensions and with extreme
// parameters.
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "layers/bench.hpp"
#include "registry.hpp"
#include "rheo/distributions/box.hpp"
#include "rheo/distributions/circle.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/discretized_logistic.hpp"
#include "rheo/distributions/gamma.hpp"
#include "rheo/distributions/hurdle.hpp"
#include "rheo/distributions/log_normal.hpp"
#include "rheo/distributions/logistic_mixture.hpp"
#include "rheo/distributions/low_rank_normal.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/mixture_of.hpp"
#include "rheo/distributions/orders.hpp"
#include "rheo/distributions/resampled.hpp"
#include "rheo/distributions/student_t.hpp"
#include "rheo/distributions/uniform.hpp"

namespace distributions_nan {

namespace {
using namespace rheo_test;

template <class L, class T> struct Law : Bench<L, T> {
  using Bench<L, T>::Bench;
  Batch<T> context;
  /// Draws and their log p, into a room that has held something else before.
  Batch<T> draw(Index n) {
    Batch<T> x = Batch<T>::Constant(n, L::x_dim, T(77.125)), nothing(n, 0);
    Column<T> v = Column<T>::Zero(n);
    context = Batch<T>::Constant(n, L::context_dim, T(0.3));
    this->layer.decode(Pass<T, CacheOf<L, T>>{view(std::as_const(nothing)), view(x), ColView<T>(v.data(), n),
                                              this->params(), this->state(), view(std::as_const(context)), Noise{4},
                                              this->cache, this->scratch});
    return BenchParts<T>::beside(x, v);
  }
  Column<T> log_prob(const Batch<T>& x) {
    Batch<T> nothing;
    Column<T> v;
    context = Batch<T>::Constant(x.rows(), L::context_dim, T(0.3));
    this->template call<true>(x, context, Noise{3}, nothing, v);
    return v;
  }
};

template <class T, class L> void check(const char* name, const L& layer) {
  INFO(name);
  const Index n = 64;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (double spread : {0.3, 3.0, 30.0}) {
    INFO("parameters of " << spread);
    Law<L, T> law(layer, spread);
    const Batch<T> drawn = law.draw(n), x = drawn.leftCols(L::x_dim);
    if (!x.allFinite()) continue;  // scales like e^30
    const Column<T> v = law.log_prob(x);
    CHECK((v > -std::numeric_limits<T>::infinity()).all());
    CHECK_FALSE((x == T(77.125)).any());
    for (Index j = 0; j < L::x_dim; ++j) {
      Batch<T> sick = x;
      sick(5, j) = nan;
      const Column<T> w = law.log_prob(sick);
      CHECK(std::isnan(w(5)));
      CHECK(w(6) == v(6));
    }
    for (Index k = 0; k < L::param_count; ++k) {
      Law<L, T> ill = law;
      ill.theta(k) = nan;
      const Column<T> w = ill.log_prob(x);
      const Batch<T> y = ill.draw(n);
      INFO("parameter " << k);
      for (Index i = 0; i < n; ++i) {
        REQUIRE((std::isnan(w(i)) || w(i) == v(i)));
        REQUIRE((std::isnan(y(i, L::x_dim)) || (y.row(i) == drawn.row(i)).all()));
      }
      CHECK_FALSE((y == T(77.125)).any());
    }
  }
}
using Net = SmoothNet;
}  // namespace

TEMPLATE_TEST_CASE("a NaN is never lost, no draw left out, and every draw on its own support", "", float, double) {
  using T = TestType;
  check<T>("normal mixture", NormalMixture<2, 3>{});
  check<T>("mixture of normals", Mixture<3, LowRankNormal<2, 1>>{});
  check<T>("mixture of categories", Mixture<2, Categorical<2, 3>>{});
  check<T>("mixture of boxes", Mixture<2, UniformBox<2>>{UniformBox<2>{{-0.1, 0.7}, {0.1, 0.9}}});
  check<T>("logistic mixture", Independent<2, family::LogisticMixture<3>>{});
  check<T>("low rank", LowRankNormal<5, 2>{});
  check<T>("Student t", StudentT<2>{3.0});
  check<T>("Cauchy", Cauchy<2>{});
  check<T>("gamma", Gamma<2>{0.5});
  check<T>("beta", Beta<2>{0.5});
  check<T>("log-normal", LogNormal<2>{});
  check<T>("Gumbel", Gumbel<2>{});
  check<T>("Bernoulli", Bernoulli<3>{});
  check<T>("categorical", Categorical<3, 4>{});
  check<T>("orders", ConditionalPlackettLuce<5, Net, 2>{});
  check<T>("fair orders", FairOrder<30>{});
  check<T>("discretized logistic", DiscretizedLogistic<2>{});
  check<T>("hurdle", HurdleExponential<2>{});
  check<T>("von Mises", VonMises<2>{});
  check<T>("wrapped normal", WrappedNormal<2>{});
  check<T>("uniform on the circle", UniformCircle<20>{});
  check<T>("uniform", Uniform<50>{});
  check<T>("uniform on a box", UniformBox<2>{{-0.1, 1e6}, {0.1, 1e6 + 0.7}});
  check<T>("resampled", ResampledBase<2, Net>{});
}

namespace {
template <class T, class L> void draws_nothing(const L& layer, Index weights) {
  for (Index k = 0; k < weights; ++k) {
    Law<L, T> ill(layer, 0.3);
    ill.theta(k) = std::numeric_limits<T>::quiet_NaN();
    CHECK(ill.draw(64).isNaN().all());
  }
}
}  // namespace

TEMPLATE_TEST_CASE("a mixture with a NaN among its weights cannot tell a component: every draw is NaN", "", float,
                   double) {
  draws_nothing<TestType>(NormalMixture<2, 3>{}, 3);
  draws_nothing<TestType>(Mixture<3, LowRankNormal<2, 1>>{}, 3);
}

}  // namespace distributions_nan
