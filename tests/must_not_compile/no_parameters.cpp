// SPDX-License-Identifier: MIT
// only: rheo: this transformer takes no parameters, so that a net has nothing to give it: apply it by Elementwise<D, Transformer>
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/transformers/range.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
using namespace rheo;
#ifdef RIGHT
using Map = RationalQuadraticSpline<8>;
#else
using Map = range::Log;
#endif
int main() {
  auto model = make_model<double>(Flow{Chain<Coupling<2, Map, Mlp<64, 64>>, Deal<2>>{}, StandardNormal<2>{}}, Noise{2});
  const Batch<double> data = Batch<double>::Random(20, 2);
  auto fitted = fit(model, data, {.epochs = 40});
  return static_cast<int>(model.log_prob(data).size());
}
