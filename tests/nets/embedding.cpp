// SPDX-License-Identifier: MIT
#include "rheo/nets/embedding.hpp"

#include "catch.hpp"

namespace nets_embedding {
using namespace rheo;

TEST_CASE("embeddings of time") {
  const Index n = 5;
  Column<double> t(n);
  t << 0, 0.25, 0.5, 0.75, 1;
  Batch<double> plain(n, 1), turns(n, 4);
  PlainTime::embed<double>(CColView<double>(t.data(), n), view(plain));
  FourierTime<2>::embed<double>(CColView<double>(t.data(), n), view(turns));
  CHECK((plain.col(0) == t).all());
  const double half = std::sqrt(0.5);
  Batch<double> truth(n, 4);
  truth << 1, 0, 1, 0, half, half, 0, 1, 0, 1, -1, 0, -half, half, 0, -1, -1, 0, 1, 0;
  CHECK((turns - truth).abs().maxCoeff() < 1e-15);
}

TEST_CASE("Fourier features of a point: sines and cosines of once, twice, four times each coordinate") {
  Batch<double> x(2, 2), f(2, 12);
  x << 0.3, -1.1, 2, 0;
  FourierPoint<3>::embed<double>(view(std::as_const(x)), view(f));
  CHECK(FourierPoint<3>::size<2> == 12);
  for (Index i = 0; i < 2; ++i) {
    for (Index j = 0; j < 2; ++j) {
      for (Index k = 0; k < 3; ++k) {
        CHECK(f(i, 4 * k + 2 * j) == Approx(std::sin(std::pow(2, k) * x(i, j))).margin(1e-15));
        CHECK(f(i, 4 * k + 2 * j + 1) == Approx(std::cos(std::pow(2, k) * x(i, j))).margin(1e-15));
      }
    }
  }
}

}  // namespace nets_embedding
