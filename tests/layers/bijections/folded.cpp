// SPDX-License-Identifier: MIT
// Residual with a net that is no contraction: V where I + J keeps the orientation, and NaN, a row unsolved, where det(I
// + J) <= 0.
#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/layers/bijections/residual.hpp"

namespace bijections_folded {
using namespace rheo_test;

namespace {
template <Index D> using Linear = Residual<D, BasicLipschitzMlp<LipTanh, UniformLast>>;
template <Index D> using Bent = Residual<D, BasicLipschitzMlp<LipTanh, UniformLast, 1>>;

/// A layer whose weights are not bounded, at zero.
template <class L, class T> Bench<L, T> blank() {
  Bench<L, T> b(L{std::numeric_limits<double>::infinity()});
  b.theta.setZero();
  return b;
}
template <class L, class T> auto weights(Bench<L, T>& b) {
  return L::unpack(Params<T>(b.theta.data(), b.theta.size()));
}

template <class T> struct Encoded {
  Batch<T> z;
  Column<T> v;
  Report report;
};
template <class L, class T> Encoded<T> encode(Bench<L, T>& b, const Batch<T>& x) {
  const Index n = x.rows();
  Encoded<T> e{Batch<T>(n, L::z_dim), Column<T>::Zero(n), {}};
  const Batch<T> none(n, 0);
  b.layer.encode(Pass<T, CacheOf<L, T>>{view(x), view(e.z), ColView<T>(e.v.data(), n), b.params(), b.state(),
                                        view(none), Noise{}, b.cache, b.scratch, true, &e.report});
  return e;
}

/// z = x + diag(w) x: every row has det = the product of 1 + w_j.
template <Index D, class T> void linear(const std::array<double, D>& w) {
  auto b = blank<Linear<D>, T>();
  double det = 1;
  for (Index j = 0; j < D; ++j) {
    weights(b)[0].W(j, j) = T(w[static_cast<std::size_t>(j)]);
    det *= 1 + w[static_cast<std::size_t>(j)];
  }
  const Batch<T> x = normals(5, D).template cast<T>();
  const auto e = encode(b, x);
  INFO("D " << D << ", det " << det);
  if (det > 0) {
    CHECK((e.v - T(std::log(det))).abs().maxCoeff() <= 4 * std::numeric_limits<T>::epsilon());
    CHECK(e.z.allFinite());
    CHECK(e.report.unsolved == 0);
  } else {
    CHECK(e.v.isNaN().all());
    CHECK(e.z.isNaN().all());
    CHECK(e.report.unsolved == 5);
  }
}

/// z = x - 2 e_1 tanh(x_1): det = 1 - 2 / cosh(x_1)^2 folds where abs(x_1) < acosh(sqrt(2)).
template <Index D, class T> void bent() {
  auto b = blank<Bent<D>, T>();
  auto layers = weights(b);
  layers[0].W(0, 0) = T(1), layers[1].W(0, 0) = T(-2);
  Batch<T> x = normals(60, D).template cast<T>();
  for (Index i = 0; i < 60; ++i) x(i, 0) = T(0.05 * static_cast<double>(i - 30) + 0.01);
  const auto e = encode(b, x);
  long folded = 0;
  for (Index i = 0; i < 60; ++i) {
    const double c = std::cosh(static_cast<double>(x(i, 0))), det = 1 - 2 / (c * c);
    INFO("D " << D << ", x_1 " << x(i, 0) << ", det " << det << ", V " << e.v(i));
    if (det <= 0) {
      ++folded;
      REQUIRE(std::isnan(e.v(i)));
      REQUIRE(e.z.row(i).isNaN().all());
    } else {
      REQUIRE(static_cast<double>(e.v(i)) ==
              Approx(std::log(det)).margin(32 * std::numeric_limits<T>::epsilon() / det));
      REQUIRE(e.z.row(i).allFinite());
    }
  }
  CHECK(folded > 30);
  CHECK(folded < 50);
  CHECK(e.report.unsolved == folded);
}
}  // namespace

TEMPLATE_TEST_CASE(
    "a row that the map folds, det(I + J) <= 0, has no V in any number of dimensions, and is counted unsolved", "",
    float, double) {
  using T = TestType;
  linear<2, T>({-2, 0.5});
  linear<3, T>({-2, 0.5, 0.25});
  linear<3, T>({0.5, -2, 0.25});
  linear<3, T>({-2, -3, -5});
  linear<3, T>({0, -1, 0});     // singular
  linear<3, T>({-2, -3, 0.5});  // two flips are a turn
  linear<3, T>({0.5, 0.25, 3});
  bent<3, T>();
}

}  // namespace bijections_folded
