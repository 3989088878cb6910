// SPDX-License-Identifier: MIT
// Programs that write a row for each seed into a file, and go on where they were stopped.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../../examples/command_line.hpp"
#include "study/rows.hpp"

namespace study {

/// --out FILE.jsonl [--seeds A,B,...]; a row is told from others by how it begins.
struct Journal {
  std::string path, done;  ///< what the file held at the start
  std::vector<std::uint64_t> seeds;

  /// False, with a line on stderr, where the words will not do.
  bool read(const char* program, int count, char** words) {
    std::vector<std::string> asked{"1", "2", "3"};
    if (!examples::read_options(count, words, {{"--out", &path}, {"--seeds", &asked}})) return false;
    if (path.empty()) {
      std::fprintf(stderr, "usage: %s --out FILE.jsonl [--seeds A,B,...]\n", program);
      return false;
    }
    std::ifstream in(path);
    done.assign(std::istreambuf_iterator<char>(in), {});
    for (const std::string& seed : asked) {
      seeds.emplace_back();
      if (!examples::read_number(seed, seeds.back())) {
        std::fprintf(stderr, "%s: '%s' is no seed\n", program, seed.c_str());
        return false;
      }
    }
    return true;
  }
  bool has(const std::string& beginning) const { return done.find(beginning) != std::string::npos; }
  void add(const std::string& row) const {
    append(path, row);
    std::printf("%s\n", row.c_str());
    std::fflush(stdout);
  }
};

}  // namespace study
