// SPDX-License-Identifier: MIT
// ActNorm's start: the first data come out with mean 0 and deviation 1, and a second start changes nothing.
#include "rheo/layers/bijections/act_norm.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/evaluation/layer_bench.hpp"

namespace layers_act_norm {
using namespace rheo;

TEMPLATE_TEST_CASE("ActNorm starts with column means 0 and deviations 1, once", "", float, double) {
  using T = TestType;
  const Index n = 37;
  Batch<T> x = rheo_test::normals(n, 3, 1).cast<T>();
  x.col(0) = x.col(0) * T(20) + T(5);
  x.col(1) = x.col(1) * T(1e-3) - T(0.02);
  detail::LayerBench<ActNorm<3>, T> b(ActNorm<3>{});
  const auto start = [&](const Batch<T>& data) {
    const Batch<T> none(data.rows(), 0);
    const Params<T> theta(b.theta.data(), b.theta.size()), buffers(b.buffers.data(), b.buffers.size());
    b.layer.initialise(InitPass<T>{view(data), theta, buffers, view(none)});
  };
  start(x);
  Batch<T> z;
  Column<T> v;
  b.template call<true>(x, Batch<T>(n, 0), Noise{}, z, v);
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (Index j = 0; j < 3; ++j) {
    const Column<double> c = z.col(j).template cast<double>();
    INFO("column " << j);
    CHECK(std::abs(c.mean()) < 64 * eps);
    CHECK(std::abs(std::sqrt((c - c.mean()).square().sum() / static_cast<double>(n - 1)) - 1) < 64 * eps);
  }
  const Column<T> once = b.theta;
  start(Batch<T>(x * T(3) + T(1)));
  CHECK((b.theta == once).all());
  CHECK(b.buffers(0) == T(1));
}

}  // namespace layers_act_norm
