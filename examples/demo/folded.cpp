// SPDX-License-Identifier: MIT
// The same toy by a relaxed layer: |x1| drops a sign, and a net says which sign goes with a place.  Exact, and nothing
// is left between the squares.
#include <rheo/flows/presets/surjective_flows.hpp>

#include "demo.hpp"

int main(int count, char** words) {
  using namespace rheo;
  return demo::run(count, words, [&](const std::string& folder) {
    const targets::Target& target = targets::find("checkerboard");
    const Batch<float> data = target.sample(50'000, Noise{1}).cast<float>(),
                       fresh = target.sample(50'000, Noise{2}).cast<float>();
    auto model = make_model<float>(presets::AbsUniform<2>{}, Noise{3});
    const FitResult fitted = fit(model, data,
                                 {.epochs = 60,
                                  .batch = 256,
                                  .learning_rate = 4e-3,
                                  .schedule = {Cosine{0.01}, 100},
                                  .noise = Noise{4},
                                  .threads = 2});
    demo::Section{folder, "2_folded", "The same toy by a relaxed flow",
                  "A surjection folds the plane: the modulus of x1 loses its sign, whose odds a net learns. Where the "
                  "symmetry is known the density stays exact and gets true borders.",
                  words[0] + (" " + folder)}
        .show(model, data, fresh, {-4.5, 4.5, -4.5, 4.5}, fitted, &target);
  });
}
