// SPDX-License-Identifier: MIT
// What a user's first translation unit costs: the umbrella header, one flow, fit, score, sample.
#include <rheo/rheo.hpp>

int main() {
  using namespace rheo;
  auto data = targets::moons<float>(2000, Noise{1});
  auto model = make_model<float>(Flow{Repeat<8, Chain<AffineCoupling<2, Mlp<64, 64>>, Flip<2>>>{}, StandardNormal<2>{}},
                                 Noise{2});
  fit(model, data, {.epochs = 1});
  return model.log_prob(model.sample(100, Noise{3})).allFinite() ? 0 : 1;
}
