// SPDX-License-Identifier: MIT
// A program that loads a flow's parameters from a file and scores points; of its size the benchmark tells.
#include <rheo/flows/presets/coupling_flows.hpp>
#include <rheo/io/model_file.hpp>

int main(int count, char** words) {
  using namespace rheo;
  const auto model = io::load<Model<presets::RealNvp<2>, float>>(count > 1 ? words[1] : "flow.safetensors");
  return model.log_prob(Batch<float>::Zero(10, 2)).allFinite() ? 0 : 1;
}
