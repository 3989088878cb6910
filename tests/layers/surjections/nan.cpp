// SPDX-License-Identifier: MIT
#include "layers/nan.hpp"

#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/distributions/orders.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/layers/surjections/abs.hpp"
#include "rheo/layers/surjections/argmax.hpp"
#include "rheo/layers/surjections/max.hpp"
#include "rheo/layers/surjections/modulo.hpp"
#include "rheo/layers/surjections/partition.hpp"
#include "rheo/layers/surjections/relu.hpp"
#include "rheo/layers/surjections/round.hpp"
#include "rheo/layers/surjections/slice.hpp"
#include "rheo/layers/surjections/sort.hpp"
#include "registry.hpp"

namespace surjections_nan {
using namespace rheo_test;

TEMPLATE_TEST_CASE("a NaN coordinate or parameter makes the row NaN, whatever is chosen by it", "", float, double) {
  using T = TestType;
  keeps_nan<T>("max", Max<3, Plain<family::HalfNormal<>>>{});
  keeps_nan<T>("max, learned places",
               Max<3, Given<family::HalfNormal<>, SmoothNet>, Given<family::Categorical<3>, SmoothNet>>{});
  keeps_nan<T>("sort, learned places", Sort<3, PlackettLuce<SmoothNet>>{});
  keeps_nan<T>("modulo", Modulo<2>{});
  keeps_nan<T>("abs", Abs<2>{});
  keeps_nan<true, T>("relu", ReluSurjection<2, Plain<family::HalfNormal<>>>{}, normal_rows<T>(2).max(T(0)));
  keeps_nan<false, T>("relu", ReluSurjection<2, Plain<family::HalfNormal<>>>{}, normal_rows<T>(2));
  const Batch<T> unit = normal_rows<T>(2) * T(0.1) + T(0.5);
  keeps_nan<true, T>("partition", Partition<2, 3, Given<family::Categorical<3>, SmoothNet>>{}, unit);
  keeps_nan<false, T>("partition", Partition<2, 3, Given<family::Categorical<3>, SmoothNet>>{}, unit);
  keeps_nan<T>("slice", Slice<3, 1, Given<family::Normal<>, SmoothNet>>{});
  keeps_nan<true, T>("round", Round<2, Fixed<Uniform>>{}, normal_rows<T>(2));
  keeps_nan<false, T>("argmax", Argmax<1, 3, Given<family::Logistic<SoftBound>, SmoothNet>>{}, normal_rows<T>(3));
}
TEST_CASE("the largest of numbers with a NaN among them is NaN, wherever it stands") {
  Bench<Max<3, Plain<family::HalfNormal<>>>, double> b({});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(b.encode(Batch<double>{{nan, 1, 2}, {1, nan, 2}, {1, 2, nan}}).isNaN().all());
}

}  // namespace surjections_nan
