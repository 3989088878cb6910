// SPDX-License-Identifier: MIT
// The examples' options: words out of any bytes are taken as a whole or not at all.
#include "../../examples/command_line.hpp"

#include <utility>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words{"program"};
  std::string word;
  for (std::size_t k = 0; k < size; ++k) {
    if (data[k]) word += static_cast<char>(data[k]);
    if (!data[k] || k + 1 == size) words.push_back(std::exchange(word, {}));
  }
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  int epochs = 7;
  Eigen::Index rows = 7;
  std::uint64_t seed = 7;
  std::string out = "7";
  std::streambuf* said = std::cerr.rdbuf(nullptr);
  const bool taken =
      examples::read_options(static_cast<int>(argv.size()), argv.data(),
                             {{"--epochs", &epochs}, {"--rows", &rows}, {"--seed", &seed}, {"--out", &out}});
  std::cerr.rdbuf(said);
  if (!taken) rheo_fuzz::promise(epochs == 7 && rows == 7 && seed == 7 && out == "7", "nothing is set then");
  rheo_fuzz::promise(epochs >= 0 && rows >= 0, "no number is negative");
  return 0;
}
