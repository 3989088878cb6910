// SPDX-License-Identifier: MIT
// A flow that zuko trained, in C++: `python examples/import/save_zuko.py ring.safetensors`, then `import_zuko
// ring.safetensors`.  See import.md.
#include <exception>
#include <iomanip>
#include <iostream>

#include "rheo/io/import/zuko.hpp"

using namespace rheo;
using Ring = io::zuko::Nsf<2, 1>;  // zuko.flows.NSF(features=2, context=1)

int main(int count, char** arguments) {
  try {
    const auto model = io::from_zuko<Ring>(count > 1 ? arguments[1] : "ring.safetensors");
    Batch<double> x(1, 2), radius(1, 1);
    x << 0.6, 0.8;
    radius << 1;
    std::cout << "log p(0.6, 0.8 given 1) = " << std::fixed << std::setprecision(12) << model.log_prob(x, radius)
              << '\n';
    std::cout << "mean radius of 1000 samples = "
              << model.sample(1000, Noise{1}, radius).square().rowwise().sum().sqrt().mean() << '\n';
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
