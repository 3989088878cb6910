// SPDX-License-Identifier: MIT
// Steps of an objective: the same bits for any number of threads, and nothing allocated after the first.
#pragma once

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "rheo/training/trainer.hpp"

namespace rheo_test {

template <class F, class Objective> void same_bits(const rheo::Batch<float>& data, Objective objective = {}) {
  using namespace rheo;
  const auto none = Model<F, float>::template nothing<const float>(data.rows());
  Column<float> first;
  for (int threads : {1, 3}) {
    auto model = make_model<float>(F{}, Noise{3});
    model.initialise(data);
    Trainer<F, float, Objective> trainer(model, Adam{}, threads, objective);
    trainer.step(view(data), none, {0, 700}, Noise{1}, 1e-3);
    const long before = count();
    for (Index i = 0; i < 5; ++i) trainer.step(view(data), none, {100 * i, 700}, Noise{2}, 1e-3);
    if (counts_mallocs) CHECK(count() == before);
    if (threads == 1) first = model.parameters();
    CHECK((model.parameters() == first).all());
  }
}

}  // namespace rheo_test
