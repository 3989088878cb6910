// SPDX-License-Identifier: MIT
// Whole files by the system's own calls: InputFile, file_stamp, replace_file, can_replace_file, remove_temporaries.
// What goes wrong is said by the reason that is returned; empty: nothing.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#if defined(_WIN32)
#include "rheo/platform/files_windows.hpp"
#else
#include "rheo/platform/files_posix.hpp"
#endif

#include "rheo/platform/macros_off.hpp"

namespace rheo::platform {

/// Another number for every regular file that is put at a path; 0 where there is none.
inline std::uint64_t file_stamp(const std::string& path) { return detail::stamp_of(path); }

/// A file open for reading.
class InputFile {
 public:
  InputFile() = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() {
    if (fd_ >= 0) detail::close_input(fd_);
  }
  std::string open(const std::string& path) {
    errno = 0;
    std::string reason = detail::open_input(path, fd_, regular_, size_);
    missing_ = fd_ < 0 && errno == ENOENT;
    return reason;
  }
  bool missing() const { return missing_; }     ///< open() found nothing of this name
  bool regular() const { return regular_; }     ///< false for pipes and devices, whose size is unknown
  std::uint64_t size() const { return size_; }  ///< bytes of a regular file, else 0

  /// The next read() begins at this byte of a regular file.
  std::string seek(std::uint64_t byte) {
    return detail::seek_input(fd_, byte) ? "" : "cannot seek: " + detail::system_reason(errno);
  }
  /// Up to n bytes into `to`, `done` of them; fewer only at the end of the file.
  std::string read(char* to, std::size_t n, std::size_t& done) {
    for (done = 0; done < n;) {
      const std::ptrdiff_t got = detail::read_some(fd_, to + done, std::min(n - done, std::size_t(1) << 30));
      if (got == 0) break;
      if (got > 0) done += static_cast<std::size_t>(got);
      else if (errno != EINTR) return "cannot read: " + detail::system_reason(errno);
    }
    return "";
  }

 private:
  int fd_ = -1;
  bool regular_ = false, missing_ = false;
  std::uint64_t size_ = 0;
};

}  // namespace rheo::platform

#include "rheo/platform/macros_on.hpp"
