// SPDX-License-Identifier: MIT
// only: rheo: a std::vector has no rows: say them by Eigen::Map<const Eigen::Array<double, Eigen::Dynamic, 2, Eigen::RowMajor>>
#include <vector>

#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"
using namespace rheo;
int main() {
  auto model = make_model<double>(Flow{Standardize<2>{}, StandardNormal<2>{}}, Noise{2});
  const std::vector<double> numbers(40, 1.0);
#ifdef RIGHT
  const Eigen::Map<const Eigen::Array<double, Eigen::Dynamic, 2, Eigen::RowMajor>> data(numbers.data(), 20, 2);
#else
  const auto& data = numbers;
#endif
  return static_cast<int>(fit(model, data, {.epochs = 40}).steps);
}
