// SPDX-License-Identifier: MIT
// only: rheo: Coupling: a mask must let some coordinate pass and transform some other, so that D is at least 2; one coordinate has presets::NsfAutoregressive<1>
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/training/fit.hpp"
using namespace rheo;
int main() {
#ifdef RIGHT
  auto model = make_model<double>(presets::NsfAutoregressive<1>{}, Noise{2});
#else
  auto model = make_model<double>(presets::Nsf<1>{}, Noise{2});
#endif
  const Batch<double> data = Batch<double>::Random(20, 1);
  auto fitted = fit(model, data, {.epochs = 40});
  return static_cast<int>(model.log_prob(data).size() + model.sample(3, Noise{4}).size());
}
