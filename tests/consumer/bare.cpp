// SPDX-License-Identifier: MIT
// Without exceptions and without run-time types.
#include <rheo/distributions/normal.hpp>
#include <rheo/flows/model.hpp>
#include <rheo/layers/bijections/coupling.hpp>
#include <rheo/training/fit.hpp>

int main() {
  using namespace rheo;
  auto model = make_model<float>(Flow{AffineCoupling<2, Mlp<8>>{}, StandardNormal<2>{}}, Noise{1});
  const auto x = model.sample(100, Noise{2});
  fit(model, x, {.epochs = 2});
  return model.log_prob(x).allFinite() ? 0 : 1;
}
