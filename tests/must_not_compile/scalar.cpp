// SPDX-License-Identifier: MIT
// only: rheo: the data's scalar type differs from the model's: cast it with .cast<T>(), as x.cast<float>()
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
using namespace rheo;
int main() {
  const auto model = make_model<double>(Flow{StandardNormal<2>{}}, Noise{1});
#ifdef RIGHT
  return static_cast<int>(model.log_prob(Batch<double>(3, 2)).size());
#else
  return static_cast<int>(model.log_prob(Batch<float>(3, 2)).size());
#endif
}
