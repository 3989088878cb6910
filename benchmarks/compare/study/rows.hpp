// SPDX-License-Identifier: MIT
// Files of rows, one to a line, which a killed run goes on from; and what a row says of where it was made.
#pragma once

#include <ctime>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "json.hpp"

namespace study {

/// All rows of a file but one that was cut; none where there is no file.
inline std::vector<Record> read_rows(const std::string& path) {
  std::vector<Record> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (auto r = Record::parse(line)) rows.push_back(std::move(*r));
  }
  return rows;
}
/// Throws std::runtime_error where the file cannot be written.
inline void append(const std::string& path, const std::string& line) {
  std::ofstream out(path, std::ios::app);
  out << line << '\n' << std::flush;
  if (!out) throw std::runtime_error(path + ": cannot be written");
}
inline std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}
/// Processor and compiler.
inline std::string machine() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(": ") + 2) + ", GCC " + __VERSION__;
  }
  return "unknown";
}

}  // namespace study
