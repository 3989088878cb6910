// SPDX-License-Identifier: MIT
// Checkpoints: a file of any bytes is one or is refused; a state of which any numbers were changed, with a checksum
// that fits, is refused or trained on from, and the model stays finite.
#include "rheo/io/checkpoint.hpp"

#include <cstring>

#include "fuzz.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace {
using namespace rheo;
using Small = Flow<Standardize<2>, AffineCoupling<2, Mlp<2>>, StandardNormal<2>>;

struct Store final : CheckpointStore {
  TrainerState state;
  bool there = false;
  long saves = 0;
  StopSource source;
  std::string name() const override { return "memory"; }
  bool load(TrainerState& to) override {
    if (there) to = state;
    return there;
  }
  std::string save(const TrainerState& s) override {
    if (!there && ++saves == 4) source.request_stop();
    state = s;
    return "";
  }
};

FitResult run(const std::shared_ptr<Store>& store, Model<Small, double>& model) {
  const Batch<double> x = model.sample(12, Noise{2}) + 3;
  return fit(model, x,
             {.epochs = 3,
              .batch = 4,
              .average = 0.5,
              .noise = Noise{3},
              .stop = store->source.get_token(),
              .checkpoint = {store, 0}});
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rheo_fuzz;
  taken([&] {
    TrainerState state;
    io::CheckpointFile(file_of(text(data, size))).load(state);
  });
  static const TrainerState kept = [] {
    auto store = std::make_shared<Store>();
    auto model = make_model<double>(Small{}, Noise{1});
    run(store, model);
    return store->state;
  }();
  auto store = std::make_shared<Store>();
  store->state = kept;
  store->there = true;
  for (; size >= 10; data += 10, size -= 10) {  // which array, which of its numbers, and what is there instead
    auto& a = store->state.arrays[data[0] % store->state.arrays.size()];
    if (a.integer) {
      if (data[1] == 255) a.integers.resize(data[2]);
      else if (!a.integers.empty()) std::memcpy(&a.integers[data[1] % a.integers.size()], data + 2, 8);
    } else {
      if (data[1] == 255) a.numbers.resize(data[2]);
      else if (!a.numbers.empty()) std::memcpy(&a.numbers[data[1] % a.numbers.size()], data + 2, 8);
    }
  }
  auto model = make_model<double>(Small{}, Noise{1});
  if (!taken([&] { run(store, model); })) {
    promise(model.parameters().allFinite(), "a refused state leaves the model finite");
  }
  return 0;
}
