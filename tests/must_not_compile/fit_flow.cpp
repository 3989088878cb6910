// SPDX-License-Identifier: MIT
// only: rheo: fit trains a model, and this is none: auto model = make_model<float>(flow, Noise{1}) gives the flow its parameters
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
  return static_cast<int>(fit(flow, x, {.epochs = 1}).steps);
#endif
}
