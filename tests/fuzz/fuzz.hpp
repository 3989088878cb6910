// SPDX-License-Identifier: MIT
// What the fuzzed readers share: LLVMFuzzerTestOneInput takes any bytes; they may be refused by the exceptions that the
// docstrings name, and by nothing else.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rheo/core/fail.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rheo_fuzz {

/// Whether `read` took its input; false where it refused it as it may.
template <class Read> bool taken(Read&& read) {
  try {
    read();
    return true;
  } catch (const rheo::FileError&) {
  } catch (const rheo::DataError&) {
  } catch (const std::invalid_argument&) {}
  return false;
}

/// A promise that must hold of whatever was taken.
inline void promise(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A file of these bytes, of this process alone.
inline std::string file_of(std::string_view bytes) {
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("rheo-fuzz-" + std::to_string(::getpid()))).string();
  static const bool removed_at_exit = [] { return std::atexit([] { std::filesystem::remove(path); }) == 0; }();
  promise(removed_at_exit, "the file will be removed");
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return path;
}

}  // namespace rheo_fuzz
