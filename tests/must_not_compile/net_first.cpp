// SPDX-License-Identifier: MIT
// only: rheo: the transformer comes before the net, as Coupling<2, RationalQuadraticSpline<8>, Mlp<64, 64>>
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
using namespace rheo;
#ifdef RIGHT
using Step = Coupling<2, RationalQuadraticSpline<8>, Mlp<64, 64>>;
#else
using Step = Coupling<2, Mlp<64, 64>, Mlp<64, 64>>;
#endif
int main() {
  auto model = make_model<double>(Flow{Step{}, StandardNormal<2>{}}, Noise{2});
  return static_cast<int>(fit(model, Batch<double>::Random(20, 2), {.epochs = 40}).steps);
}
