// SPDX-License-Identifier: MIT
// Models: a file of any bytes is a model of this type or is refused, and load_into leaves the model as it was then.
#include "rheo/io/model_file.hpp"

#include "fuzz.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/standardize.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rheo;
  using namespace rheo_fuzz;
  using Small = Flow<Standardize<2>, ActNorm<2>, AffineCoupling<2, Mlp<2>>, StandardNormal<2>>;
  auto model = make_model<double>(Small{}, Noise{1});
  const auto before = model;
  const bool whole = taken([&] { io::load_into(model, file_of(text(data, size))); });
  if (!whole) {
    promise((model.parameters() == before.parameters()).all() && (model.buffers() == before.buffers()).all(),
            "a refused file changes nothing");
    return 0;
  }
  promise(model.parameters().allFinite() && model.buffers().allFinite(), "what a file gives is finite");
  const std::string path = file_of("");
  io::save(model, path);
  const auto again = io::load<Model<Small, double>>(path);
  promise((model.parameters() == again.parameters()).all() && (model.buffers() == again.buffers()).all(),
          "what is saved is loaded");
  return 0;
}
