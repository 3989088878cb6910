// SPDX-License-Identifier: MIT
// replay FOLDER OR FILE...: each file as it is, cut short at 200 places, and with a bit turned at each of them.
#include <algorithm>
#include <iterator>
#include <vector>

#include "fuzz.hpp"

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) files.emplace_back(argv[i]);
    else
      for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  const auto one = [](const std::string& bytes) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  one("");
  for (const auto& path : files) {
    std::fprintf(stderr, "%s\n", path.c_str());
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    one(bytes);
    const std::size_t step = 1 + bytes.size() / 200;
    for (std::size_t k = 0; k < bytes.size(); k += step) {
      one(bytes.substr(0, k));
      std::string turned = bytes;
      turned[k] = static_cast<char>(turned[k] ^ (1 << (k % 8)));
      one(turned);
    }
  }
  return files.empty();
}
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t*, std::size_t size, std::size_t) { return size; }
