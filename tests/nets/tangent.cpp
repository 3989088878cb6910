// SPDX-License-Identifier: MIT
#include "rheo/nets/tangent.hpp"

#include "catch.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/nets/residual_tangent.hpp"

namespace nets_tangent {
using namespace rheo;

TEMPLATE_TEST_CASE("second is the derivative of the slope", "", Tanh, Silu, Gelu, Softplus) {
  for (double a = -12; a <= 12; a += 0.37) {
    const Dual<double> x{a, 1.0}, h = TestType::value(x), slope = TestType::pull(x, h, Dual<double>(1.0));
    CHECK(std::abs(slope.a - h.b) < 1e-14);
    CHECK(std::abs(slope.b - TestType::second(a, h.a)) < 1e-13);
  }
  for (float a : {-1e30f, 1e30f, -200.0f, 200.0f}) CHECK(std::abs(TestType::second(a, TestType::value(a))) < 1e-20f);
}

TEST_CASE("values are the net's, derivatives are those of duals, in every width") {
  auto check = []<class Recipe, Index In, Index Out, Index C>() {
    using M = typename Recipe::template net<In, Out, C>;
    using D = Dual<double>;
    const Index n = 13, k = 3;
    const M net;
    const Tangent<M> tangent;
    Column<double> theta(M::param_count);
    for (Index i = 0; i < theta.size(); ++i) theta(i) = 0.5 * Noise{1}.normal(i, 0);
    Batch<double> x(n, In), c(n, C), s(k * n, In), out((k + 1) * n, Out), plain(n, Out);
    Noise{2}.normals(view(x));
    Noise{3}.normals(view(c));
    Noise{4}.normals(view(s));
    Arena arena;
    typename Tangent<M>::template Cache<double> cache;
    typename M::template Cache<double> plain_cache;
    const Params<const double> p{theta.data(), theta.size()};
    tangent.map(TangentPass<double, decltype(cache)>{view(std::as_const(x)), view(std::as_const(s)), view(out), p,
                                                     view(std::as_const(c)), cache, arena});
    net.map(NetPass<double, decltype(plain_cache)>{view(std::as_const(x)), view(plain), p, view(std::as_const(c)),
                                                   plain_cache, arena});
    CHECK((out.topRows(n) - plain).abs().maxCoeff() < 1e-14);
    const Column<D> theta_d = theta.cast<D>();
    typename M::template Cache<D> cache_d;
    for (Index d = 0; d < k; ++d) {
      Batch<D> x_d = x.cast<D>(), out_d(n, Out);
      const Batch<D> c_d = c.cast<D>();
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < In; ++j) x_d(i, j).b = s(d * n + i, j);
      }
      net.map(NetPass<D, decltype(cache_d)>{
          view(std::as_const(x_d)), view(out_d), {theta_d.data(), theta_d.size()}, view(c_d), cache_d, arena});
      for (Index i = 0; i < out_d.size(); ++i)
        CHECK(std::abs(out_d.data()[i].b - out((d + 1) * n + i % n, i / n)) < 1e-14);
    }
  };
  check.operator()<MlpOf<Tanh, 7, 5>, 2, 2, 0>();
  check.operator()<MlpOf<Tanh, 8, 5>, 6, 9, 2>();
  check.operator()<ResidualMlpOf<Silu, 7, 2>, 2, 2, 0>();
  check.operator()<ResidualMlpOf<Tanh, 8, 1>, 6, 9, 2>();
}

}  // namespace nets_tangent
