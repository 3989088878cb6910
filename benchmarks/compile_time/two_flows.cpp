// SPDX-License-Identifier: MIT
// The one-flow program and a preset more.
#include <rheo/rheo.hpp>

template <class F> bool fitted(F flow) {
  using namespace rheo;
  const auto data = targets::moons<float>(2000, Noise{1});
  auto model = make_model<float>(flow, Noise{2});
  fit(model, data, {.epochs = 1});
  return model.log_prob(model.sample(100, Noise{3})).allFinite();
}
int main() {
  using namespace rheo;
  return fitted(Flow{Repeat<8, Chain<AffineCoupling<2, Mlp<64, 64>>, Flip<2>>>{}, StandardNormal<2>{}}) &&
                 fitted(presets::Nsf<2>{})
             ? 0
             : 1;
}
