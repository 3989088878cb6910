// SPDX-License-Identifier: MIT
// The limits of the domain: a point at infinity has no density, whatever the flow; NaN is NaN; huge finite points are
// what they were; and no other row is touched.
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/student_t.hpp"
#include "rheo/flows/constrain.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/layers/bijections/planar.hpp"
#include "rheo/layers/surjections/slice.hpp"

namespace flows_infinity {
using namespace rheo;

namespace {
template <class T, class F> Column<T> score(const Model<F, T>& model, const Batch<T>& x) {
  if constexpr (is_exact_v<F>) return model.log_prob(x);
  else return model.elbo(x, Noise{4});
}
template <class T, class F> void check(const char* name, F flow) {
  INFO(name);
  auto model = make_model<T>(std::move(flow), Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(0.3 * Noise{2}.normal(i, 0));
  constexpr Index D = F::x_dim, n = 150;  // more than a shard
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const Batch<T> x = model.sample(n, Noise{3});
  const Column<T> v = score<T>(model, x);
  for (Index j = 0; j < D; ++j) {
    for (T far : {inf, -inf}) {
      Batch<T> at = x;
      at(7, j) = at(140, j) = far;
      at(8, j) = far, at(8, (j + 1) % D) = -far;
      at(9, (j + 1) % D) = nan, at(9, j) = D > 1 ? far : nan;
      const Column<T> w = score<T>(model, at);
      CHECK(w(7) == -inf);
      CHECK(w(140) == -inf);
      CHECK(w(8) == -inf);
      CHECK(std::isnan(w(9)));
      for (Index i = 0; i < n; ++i)
        CHECK(((i >= 7 && i <= 9) || i == 140 || w(i) == v(i) || (w(i) != w(i) && v(i) != v(i))));
    }
  }
}
}  // namespace

TEST_CASE("a point at infinity has no density") {
  check<double>("RealNvp", presets::RealNvp<2, 1, Mlp<8>>{});
  check<double>("planar", Flow{Planar<2>{}, StandardNormal<2>{}});
  check<double>("positive numbers", Flow{constrain::positive<2>(), StandardNormal<2>{}});
  check<double>("a bound", Flow{Augment<2, 1, Plain<family::Normal<>>>{}, Planar<3>{}, StandardNormal<3>{}});
  check<double>("Student t", Flow<StudentT<2>>{StudentT<2>{3.0}});
  check<float>("positive numbers", Flow{constrain::positive<2>(), StandardNormal<2>{}});
  check<float>("one coordinate", Flow<StandardNormal<1>>{});
}
TEST_CASE("huge finite points keep their density") {
  const auto model = make_model<double>(Flow<StandardNormal<2>>{}, Noise{1});
  CHECK(model.log_prob(Batch<double>{{1e100, 0.0}})(0) == Approx(-0.5e200));
}

}  // namespace flows_infinity
