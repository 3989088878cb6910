// SPDX-License-Identifier: MIT
#include "rheo/nets/velocity.hpp"

#include "catch.hpp"

namespace nets_velocity {
using namespace rheo;

TEMPLATE_TEST_CASE("a field's trace along any directions is what duals say, at each row's own time, with context", "",
                   (Velocity<MlpOf<Softplus, 9>, FourierTime<2>>),
                   (Velocity<MlpOf<Softplus, 9>, PlainTime, FourierPoint<2>>)) {
  using Field = typename TestType::template field<3, 2>;
  using D = Dual<double>;
  using Cache = typename Field::template Cache<double>;
  using CacheD = typename Field::template Cache<D>;
  const Index n = 8;
  const Field field;
  Column<double> theta(Field::param_count);
  for (Index i = 0; i < theta.size(); ++i) theta(i) = Noise{1}.normal(i, 0);
  Batch<double> x(n, 3), c(n, 2), f(n, 3), along(3 * n, 3);
  Column<double> t(n), trace(n), truth = Column<double>::Zero(n);
  Noise{2}.normals(view(x));
  Noise{3}.normals(view(c));
  for (Index i = 0; i < n; ++i) t(i) = Noise{4}.uniform(i, 0);
  Noise{5}.normals(view(along));
  Arena arena;
  Cache cache;
  field.map(FieldPass<double, Cache>{view(std::as_const(x)),
                                     CColView<double>(t.data(), n),
                                     view(std::as_const(along)),
                                     view(f),
                                     ColView<double>(trace.data(), n),
                                     {theta.data(), theta.size()},
                                     view(std::as_const(c)),
                                     cache,
                                     arena});
  const Column<D> theta_d = theta.cast<D>();
  const Batch<D> c_d = c.cast<D>(), nowhere(0, 3);
  const Column<D> t_d = t.cast<D>();
  CacheD cache_d;
  for (Index d = 0; d < 3; ++d) {
    Batch<D> x_d = x.cast<D>(), f_d(n, 3);
    Column<D> unused(n);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < 3; ++j) x_d(i, j).b = along(d * n + i, j);
    }
    field.map(FieldPass<D, CacheD>{view(std::as_const(x_d)),
                                   CColView<D>(t_d.data(), n),
                                   view(nowhere),
                                   view(f_d),
                                   ColView<D>(unused.data(), n),
                                   {theta_d.data(), theta_d.size()},
                                   view(c_d),
                                   cache_d,
                                   arena});
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < 3; ++j) {
        CHECK(std::abs(f_d(i, j).a - f(i, j)) < 1e-13);
        truth(i) += along(d * n + i, j) * f_d(i, j).b;
      }
    }
  }
  CHECK((truth - trace).abs().maxCoeff() < 1e-12);
  CHECK(trace.abs().minCoeff() > 1e-3);
}

}  // namespace nets_velocity
