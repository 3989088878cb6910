// SPDX-License-Identifier: MIT
// only: rheo: Chain: z_dim of a layer differs from x_dim of the next: all parts of a flow want the same D, the base too
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/training/fit.hpp"
using namespace rheo;
using Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>;
#ifdef RIGHT
constexpr Index D = 2;
#else
constexpr Index D = 3;
#endif
int main() {
  auto model = make_model<double>(Flow{Repeat<8, Step>{}, StandardNormal<D>{}}, Noise{2});
  const Batch<double> data = Batch<double>::Random(20, 2);
  auto fitted = fit(model, data, {.epochs = 40});
  return static_cast<int>(model.log_prob(data).size() + model.sample(3, Noise{4}).size());
}
