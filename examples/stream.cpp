// SPDX-License-Identifier: MIT
// Rows that never were in memory together: the first program's moons from an endless simulator, a window of them at a
// time.
#include <fstream>
#include <iostream>
#include <rheo/rheo.hpp>
using namespace rheo;

using Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>;

int main(int count, char** arguments) {
  const Index rows = count > 1 ? std::stol(arguments[1]) : 20'000;  // an epoch
  const int epochs = count > 2 ? std::stoi(arguments[2]) : 40;
  auto simulate = [](View<double> x, Noise noise) { x = targets::moons<double>(x.rows(), noise); };
  auto model = make_model<double>(Flow{Repeat<8, Step>{}, StandardNormal<2>{}}, Noise{2});
  auto fitted = fit(model, simulated_rows<double>(2, simulate, Noise{1}), {.epochs = epochs, .batch = 512},
                    {.window = 20'000, .rows_per_epoch = rows});
  std::cout << to_string(fitted.status)
            << ", held-out mean log p = " << model.log_prob(targets::moons<double>(20'000, Noise{5})).mean() << '\n';
  std::ifstream status("/proc/self/status");  // of Linux
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM")) std::cout << fitted.steps << " steps, peak memory " << line.substr(6) << '\n';
  }
}
