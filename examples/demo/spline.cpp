// SPDX-License-Identifier: MIT
// A toy density by a flow of spline couplings: exact, smooth, one piece; what must be torn apart stays joined by
// threads.
#include <rheo/flows/presets/coupling_flows.hpp>

#include "demo.hpp"

int main(int count, char** words) {
  using namespace rheo;
  return demo::run(count, words, [&](const std::string& folder) {
    const targets::Target& target = targets::find("checkerboard");
    const Batch<float> data = target.sample(50'000, Noise{1}).cast<float>(),
                       fresh = target.sample(50'000, Noise{2}).cast<float>();
    auto model = make_model<float>(presets::Nsf<2, 4>{}, Noise{3});
    const FitResult fitted = fit(model, data,
                                 {.epochs = 15,
                                  .batch = 256,
                                  .learning_rate = 2e-3,
                                  .schedule = {Cosine{0.01}, 100},
                                  .noise = Noise{4},
                                  .threads = 2});
    demo::Section{folder, "1_spline", "A toy by a strict flow",
                  "Four spline couplings: a bijection of the plane, trained by maximum likelihood.",
                  words[0] + (" " + folder)}
        .show(model, data, fresh, {-4.5, 4.5, -4.5, 4.5}, fitted, &target);
  });
}
