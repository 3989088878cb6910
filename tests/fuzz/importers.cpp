// SPDX-License-Identifier: MIT
// Importers: another library's weights in a file of any bytes are those of this flow or are refused.
#include "rheo/io/import/import.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rheo;
  using namespace rheo_fuzz;
  io::TensorFile file;
  if (!taken([&] { file = io::parse_safetensors(text(data, size), "a.safetensors"); })) return 0;
  std::erase_if(file.tensors, [](const io::Tensor& t) {  // what the files of tests/reference hold beside the weights
    for (const char* of_the_case : {"x", "context", "noise", "log_prob", "z", "log_det", "sample", "sample_log_det"}) {
      if (t.name == of_the_case) return true;
    }
    return false;
  });
  const auto finite = [](const auto& model) {
    promise(model.parameters().allFinite(), "what an importer gives is finite");
  };
  taken([&] { finite(io::from_zuko<io::zuko::Nice<4, 0, 3, 32, 32>>(file, "a")); });
  taken([&] { finite(io::from_flowjax<io::flowjax::CouplingFlow<2>>(file, "a")); });
  taken([&] { finite(io::from_nflows<io::nflows::SimpleRealNvp<2, 32, 4>>(file, "a")); });
  return 0;
}
