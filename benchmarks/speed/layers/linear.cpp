// SPDX-License-Identifier: MIT
// Linear layers, permutations, and those of low rank with a bend.
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/cayley_orthogonal.hpp"
#include "rheo/layers/bijections/conv_1x1.hpp"
#include "rheo/layers/bijections/exponential_orthogonal.hpp"
#include "rheo/layers/bijections/householder.hpp"
#include "rheo/layers/bijections/low_rank_linear.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/planar.hpp"
#include "rheo/layers/bijections/qr_linear.hpp"
#include "rheo/layers/bijections/radial.hpp"
#include "rheo/layers/bijections/squeeze.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/bijections/svd_linear.hpp"
#include "rheo/layers/bijections/sylvester.hpp"
#include "rheo/layers/bijections/triangular_linear.hpp"
#include "table.hpp"

void rheo::bench::linear(Table& t) {
  t.add("act norm", [](auto d) { return ActNorm<d>{}; });
  t.add("standardize", [](auto d) { return Standardize<d>{}; });
  t.add("reverse", [](auto d) { return Flip<d>{}; });
  t.add("permute", [](auto d) { return Permute<d>{}; });
  t.add_at<16, 64>(
      "squeeze", [](auto d) { return Squeeze < 1, d == 16 ? 4 : 8, d == 16 ? 4 : 8 > {}; },
      "images of even sides, 4 x 4 and 8 x 8");
  t.add(
      "1 x 1 convolution", [](auto d) { return Conv1x1 < d == 2 ? 2 : 4, d == 2 ? 1 : d / 8, d == 2 ? 1 : 2 > {}; },
      "2 channels of 1 pixel, 4 of 4, 4 of 16");
  t.add("LU linear", [](auto d) { return LuLinear<d>{}; });
  t.add("QR linear", [](auto d) { return QrLinear<d>{}; });
  t.add("SVD linear", [](auto d) { return SvdLinear<d>{}; });
  t.add("triangular linear", [](auto d) { return TriangularLinear<d>{}; });
  t.add("Householder", [](auto d) { return Householder<d>{}; });
  t.add("Cayley orthogonal", [](auto d) { return CayleyOrthogonal<d>{}; });
  t.add("exponential orthogonal", [](auto d) { return ExponentialOrthogonal<d>{}; });
  t.add("low-rank linear, rank 2", [](auto d) { return LowRankLinear<d, 2>{}; });
  t.add("planar", [](auto d) { return Planar<d>{}; });
  t.add("radial", [](auto d) { return Radial<d>{}; });
  t.add("Sylvester, up to 8 columns", [](auto d) { return Sylvester<d, (d < 8 ? Index(d) : 8)>{}; });
}
