// SPDX-License-Identifier: MIT
// The one-flow program from the headers that it needs.
#include <rheo/distributions/normal.hpp>
#include <rheo/flows/repeat.hpp>
#include <rheo/layers/bijections/coupling.hpp>
#include <rheo/layers/bijections/permute.hpp>
#include <rheo/training/fit.hpp>

int main() {
  using namespace rheo;
  const Batch<float> data = Batch<float>::Random(2000, 2);
  auto model = make_model<float>(Flow{Repeat<8, Chain<AffineCoupling<2, Mlp<64, 64>>, Flip<2>>>{}, StandardNormal<2>{}},
                                 Noise{2});
  fit(model, data, {.epochs = 1});
  return model.log_prob(model.sample(100, Noise{3})).allFinite() ? 0 : 1;
}
