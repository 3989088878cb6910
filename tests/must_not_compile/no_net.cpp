// SPDX-License-Identifier: MIT
// only: rheo: a net is wanted here, by its hidden widths: Mlp<64, 64>
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/training/fit.hpp"
using namespace rheo;
#ifdef RIGHT
using Net = Mlp<64>;
#else
using Net = Relu;
#endif
int main() {
  auto model = make_model<double>(Flow{AffineCoupling<2, Net>{}, StandardNormal<2>{}}, Noise{2});
  return static_cast<int>(fit(model, Batch<double>::Random(20, 2), {.epochs = 40}).steps);
}
