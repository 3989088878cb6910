// SPDX-License-Identifier: MIT
// Whole files: bounded reads, and writes that either happen entirely or leave the old file as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rheo/core/fail.hpp"
#include "rheo/platform/files.hpp"

namespace rheo::io {

/// What a reader accepts unless told otherwise: 4 GiB, or half of all addresses where there are no more.
inline constexpr std::size_t default_max_bytes = sizeof(std::size_t) > 4
                                                     ? static_cast<std::size_t>(std::uint64_t(1) << 32)
                                                     : static_cast<std::size_t>(-1) / 2;

namespace detail {

/// Throws FileError: `where` is the file's name, with line and column or byte where they are known.
[[noreturn]] inline void bad_file(const std::string& where, const std::string& reason) {
  rheo::detail::fail<FileError>(where + ": " + reason);
}
inline void good_file(const std::string& where, const std::string& reason) {
  if (!reason.empty()) bad_file(where, reason);
}

inline void check_path(const std::string& path) {
  if (path.empty()) rheo::detail::fail<FileError>("the path of a file is empty");
}

/// A file open for reading.
class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path) {
    check_path(path);
    good_file(path_, file_.open(path));
  }
  bool regular() const { return file_.regular(); }     ///< false for pipes and devices, whose size is unknown
  std::uint64_t size() const { return file_.size(); }  ///< bytes of a regular file, else 0
  const std::string& path() const { return path_; }

  /// The next read() begins at this byte; of a regular file.
  void seek(std::uint64_t byte) { good_file(path_, file_.seek(byte)); }
  /// Up to n bytes into `to`; fewer only at the end of the file.
  std::size_t read(char* to, std::size_t n) {
    std::size_t done = 0;
    good_file(path_, file_.read(to, n, done));
    return done;
  }

 private:
  std::string path_;
  platform::InputFile file_;
};

}  // namespace detail

/// All bytes of a file, pipe or device.  Throws FileError if it cannot be read or holds more than `max_bytes`; a
/// regular file's size is compared before anything is allocated.
inline std::string read_file(const std::string& path, std::size_t max_bytes = default_max_bytes) {
  detail::FileReader file(path);
  const std::string too_long = "holds more than the " + std::to_string(max_bytes) + " bytes allowed";
  if (file.size() > max_bytes) detail::bad_file(path, too_long);
  std::string bytes;
  for (std::size_t step = static_cast<std::size_t>(file.size()) + 1;;
       step = std::size_t(1) << 16) {  // one more than expected finds the end
    const std::size_t had = bytes.size();
    bytes.resize(had + step);
    bytes.resize(had + file.read(bytes.data() + had, step));
    if (bytes.size() > max_bytes) detail::bad_file(path, too_long);
    if (bytes.size() < had + step) return bytes;
  }
}

/// Puts `bytes` in place of the file at `path`, whole or not at all: writes path.tmp.PID in the same folder, checks
/// every write, syncs, closes, renames, syncs the folder.  On failure the temporary is deleted, the old file is
/// untouched and FileError is thrown (only if syncing the folder fails is the new file already in place).  A symbolic
/// link is kept and what it leads to is written, there already or not; a pipe or device is written to directly.  A new
/// file has the permissions of any new file (umask); one that replaces another has that one's, and its owner and group
/// where the system lets us.  A file that may not be written to is not replaced.  Other names of the old file (hard
/// links) keep the old bytes.
inline void write_file(const std::string& path, std::string_view bytes) {
  detail::check_path(path);
  detail::good_file(path, platform::replace_file(path, bytes));
}

/// Throws FileError unless write_file(path) could begin now: found out before hours of work, not after.  Leaves nothing
/// behind.
inline void check_writable(const std::string& path) {
  detail::check_path(path);
  detail::good_file(path, platform::can_replace_file(path));
}

}  // namespace rheo::io
