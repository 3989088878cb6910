// SPDX-License-Identifier: MIT
// Evaluation alone: a flow and its log-density.
#include <rheo/distributions/normal.hpp>
#include <rheo/flows/model.hpp>
#include <rheo/flows/repeat.hpp>
#include <rheo/layers/bijections/coupling.hpp>
#include <rheo/layers/bijections/permute.hpp>

int main() {
  using namespace rheo;
  const auto model = make_model<float>(
      Flow{Repeat<8, Chain<AffineCoupling<2, Mlp<64, 64>>, Flip<2>>>{}, StandardNormal<2>{}}, Noise{2});
  return model.log_prob(Batch<float>::Random(100, 2)).allFinite() ? 0 : 1;
}
