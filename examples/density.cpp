// SPDX-License-Identifier: MIT
// A first program: eight affine couplings on two moons.
#include <iostream>
#include <rheo/rheo.hpp>
using namespace rheo;

using Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>;

int main() {
  auto data = targets::moons<double>(20'000, Noise{1});
  auto fresh = targets::moons<double>(20'000, Noise{5});
  auto model = make_model<double>(Flow{Repeat<8, Step>{}, StandardNormal<2>{}}, Noise{2});  // flow and parameters
  auto fitted =
      fit(model, data, {.epochs = 40, .batch = 512, .learning_rate = 1e-3});  // best weights restored, history returned
  std::cout << to_string(fitted.status) << ", held-out mean log p = " << model.log_prob(fresh).mean() << '\n';
  auto x = model.sample(1000, Noise{4});
  std::cout << "mean of 1000 samples = " << x.colwise().mean() << '\n';
}
