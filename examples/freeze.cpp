// SPDX-License-Identifier: MIT
// freeze FILE: fits the flow of density.cpp to two moons and writes it as one header, which frozen.cpp and
// frozen_ctypes.py use.
#include <iostream>
#include <rheo/io/freeze.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

using Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>;

int main(int count, char** words) {
  auto data = targets::moons<double>(20'000, Noise{1});
  auto model = make_model<double>(Flow{Repeat<8, Step>{}, StandardNormal<2>{}}, Noise{2});
  auto fitted = fit(model, data, {.epochs = 4, .batch = 512, .learning_rate = 1e-3});
  io::freeze(model, count > 1 ? words[1] : "moons.hpp", "moons");
  std::cout << to_string(fitted.status) << ", mean log p = " << model.log_prob(data).mean() << '\n';
}
