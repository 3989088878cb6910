// SPDX-License-Identifier: MIT
// only: rheo: fit changes the model that it is given, and this one has no name to find it by afterwards
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"
using namespace rheo;
int main() {
  const Flow flow{Standardize<2>{}, StandardNormal<2>{}};
  const Batch<double> x = Batch<double>::Random(10, 2);
#ifdef RIGHT
  auto model = make_model<double>(flow, Noise{1});
  return static_cast<int>(fit(model, x, {.epochs = 1}).steps);
#else
  return static_cast<int>(fit(make_model<double>(flow, Noise{1}), x, x, {.epochs = 1}).steps);
#endif
}
