// SPDX-License-Identifier: MIT
// A folder of a test's own, and what a write says.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "rheo/io/file.hpp"

namespace rheo_test {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("rheo-test-" + std::to_string(::getpid()));
  Folder() { fs::create_directory(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::ptrdiff_t entries() const { return std::distance(fs::directory_iterator(path), fs::directory_iterator()); }
};

inline std::string error_of(const std::string& path, std::string_view bytes) {
  try {
    rheo::io::write_file(path, bytes);
  } catch (const rheo::FileError& e) { return e.what(); }
  return "no error";
}

}  // namespace rheo_test
