// SPDX-License-Identifier: MIT
// Whole files in and out.  Writing is atomic: a reader sees the old file or the new one, and a full disk leaves the old one whole.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "rheo/core/fail.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace rheo::io {

/// All bytes of a file.  Throws FileError if it cannot be opened or read, or has more than `limit` bytes.
inline std::string read_file(const std::string& path, std::size_t limit = std::size_t(1) << 31) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) rheo::detail::fail<FileError>(path + ": cannot be opened: " + std::strerror(errno));
  std::string bytes;
  char block[1 << 16];
  for (std::size_t n; (n = std::fread(block, 1, sizeof block, file.get())) > 0;) {
    if (bytes.size() + n > limit) rheo::detail::fail<FileError>(path + ": larger than the limit of " + std::to_string(limit) + " bytes");
    bytes.append(block, n);
  }
  if (std::ferror(file.get())) rheo::detail::fail<FileError>(path + ": cannot be read");
  return bytes;
}

namespace detail {
/// Writes, flushes and closes; true if every byte has arrived.
inline bool put(std::FILE* file, std::string_view bytes) {
  if (!file) return false;
  bool good = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  good = std::fflush(file) == 0 && good;
#if defined(__unix__) || defined(__APPLE__)
  if (good && fsync(fileno(file)) != 0 && errno != EINVAL) good = false;  // EINVAL: a pipe or a device
#endif
  return std::fclose(file) == 0 && good;
}
}  // namespace detail

/// Writes the bytes beside `path` and renames them into place.  Throws FileError and leaves no temporary when anything fails.
inline void write_file(const std::string& path, std::string_view bytes) {
#if defined(__unix__) || defined(__APPLE__)
  const std::string temporary = path + ".tmp." + std::to_string(getpid());
#else
  const std::string temporary = path + ".tmp";
#endif
  errno = 0;
  const bool good = detail::put(std::fopen(temporary.c_str(), "wb"), bytes) && std::rename(temporary.c_str(), path.c_str()) == 0;
  if (good) return;
  const std::string reason = std::strerror(errno);
  std::remove(temporary.c_str());
  rheo::detail::fail<FileError>(path + ": cannot be written: " + reason);
}

}  // namespace rheo::io
