// SPDX-License-Identifier: MIT
// The least that a user's project does: a new flow of two couplings is the identity, so its density is the base's.
#include <cmath>
#include <cstdio>
#include <rheo/rheo.hpp>

using namespace rheo;

int main() {
  const auto model = make_model<double>(Flow{AffineCoupling<2, Mlp<8>>{}, Reverse<2>{}, AffineCoupling<2, Mlp<8>>{}, StandardNormal<2>{}}, Noise{1});
  const Batch<double> origin = Batch<double>::Zero(1, 2);
  const double log_prob = model.log_prob(origin)(0);
  std::printf("log p(0) = %.15g\n", log_prob);
  return std::abs(log_prob + 2 * half_log_two_pi) < 1e-12 ? 0 : 1;
}
