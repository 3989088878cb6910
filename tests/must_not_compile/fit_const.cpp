// SPDX-License-Identifier: MIT
// expect: rheo: fit changes the model that it is given, and this one is const
// once: fit changes the model
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"
using namespace rheo;
int main() {
  auto model = make_model<double>(Flow{Standardize<2>{}, StandardNormal<2>{}}, Noise{1});
  const auto& seen = model;
  const Batch<double> x = Batch<double>::Random(10, 2);
#ifdef RIGHT
  return static_cast<int>(fit(model, x, {.epochs = 1}).steps + (&seen == nullptr));
#else
  return static_cast<int>(fit(seen, x, FitOptions{}).steps);
#endif
}
