// SPDX-License-Identifier: MIT
// only: rheo: this is no energy: make one of a lambda of one point, by energy_of<D>(
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/model.hpp"
using namespace rheo;
int main() {
  const auto model = make_model<double>(Flow{StandardNormal<2>{}}, Noise{1});
  const auto u = [](const auto& x) { return x[0] * x[0] + x[1] * x[1]; };
#ifdef RIGHT
  return static_cast<int>(weighted_sample(model, energy_of<2>(u), 3, Noise{2}).log_w.size());
#else
  return static_cast<int>(weighted_sample(model, u, 3, Noise{2}).log_w.size());
#endif
}
