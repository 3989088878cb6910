// SPDX-License-Identifier: MIT
// Whole files: bounded reads, and writes that either happen entirely or leave the old file as it was (POSIX).
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "rheo/core/fail.hpp"

#include "rheo/core/macros_off.hpp"

namespace rheo::io {

inline constexpr std::size_t default_max_bytes = std::size_t(1) << 32;  ///< what a reader accepts unless told otherwise: 4 GiB

namespace detail {

/// Throws FileError: `where` is the file's name, with line and column or byte where they are known.
[[noreturn]] inline void bad_file(const std::string& where, const std::string& reason) {
  rheo::detail::fail<FileError>(where + ": " + reason);
}

inline std::string system_reason(int error) { return std::generic_category().message(error); }

/// A file open for reading; its size is the open descriptor's, so nobody can swap the file between the look and the read.
class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0) bad_file(path_, "cannot open: " + system_reason(errno));
    struct stat s = {};
    if (::fstat(fd_, &s) != 0) give_up("cannot look at: " + system_reason(errno));
    if (S_ISDIR(s.st_mode)) give_up("is a folder");
    regular_ = S_ISREG(s.st_mode);
    size_ = regular_ ? static_cast<std::uint64_t>(s.st_size) : 0;
  }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;
  ~FileReader() {
    if (fd_ >= 0) ::close(fd_);
  }

  bool regular() const { return regular_; }     ///< false for pipes and devices, whose size is unknown
  std::uint64_t size() const { return size_; }  ///< bytes of a regular file, else 0
  const std::string& path() const { return path_; }

  /// Up to n bytes into `to`; fewer only at the end of the file.
  std::size_t read(char* to, std::size_t n) {
    std::size_t done = 0;
    while (done < n) {
      const auto got = ::read(fd_, to + done, std::min(n - done, std::size_t(1) << 30));
      if (got == 0) break;
      if (got > 0) {
        done += static_cast<std::size_t>(got);
      } else if (errno != EINTR) {
        give_up("cannot read: " + system_reason(errno));
      }
    }
    return done;
  }

 private:
  [[noreturn]] void give_up(const std::string& reason) {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    bad_file(path_, reason);
  }

  std::string path_;
  int fd_;
  bool regular_ = false;
  std::uint64_t size_ = 0;
};

/// Writes, syncs and closes (always) the open descriptor `fd`; what failed, or an empty string.
inline std::string write_and_close(int fd, std::string_view bytes) {
  std::string reason;
  while (reason.empty() && !bytes.empty()) {
    const auto put = ::write(fd, bytes.data(), std::min(bytes.size(), std::size_t(1) << 30));
    if (put > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
    } else if (put == 0 || errno != EINTR) {
      reason = "cannot write: " + system_reason(put == 0 ? ENOSPC : errno);
    }
  }
  const bool unsynced =
      reason.empty() && ::fsync(fd) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP;  // those: pipes, devices
  if (unsynced) reason = "cannot flush to the disk: " + system_reason(errno);
  if (::close(fd) != 0 && errno != EINTR && reason.empty()) reason = "cannot close: " + system_reason(errno);
  return reason;
}

/// Makes a rename in this folder survive a power cut; what failed, or an empty string.
inline std::string sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno == EACCES ? "" : "cannot open its folder: " + system_reason(errno);  // a folder may be writable but not readable
  return write_and_close(fd, {});
}

}  // namespace detail

/// All bytes of a file, pipe or device.  Throws FileError if it cannot be read or holds more than `max_bytes`; a regular file's size is
/// compared before anything is allocated.
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

/// Puts `bytes` in place of the file at `path`, whole or not at all: writes path.tmp.PID in the same folder, checks every write, syncs,
/// closes, renames, syncs the folder.  On failure the temporary is deleted, the old file is untouched and FileError is thrown (only if
/// syncing the folder fails is the new file already in place).  A symbolic link is kept and its target replaced; a pipe or device is
/// written to directly.  The file gets the permissions of a new file.
inline void write_file(const std::string& path, std::string_view bytes) {
  std::string target = path;
  if (char* real = ::realpath(path.c_str(), nullptr)) {
    target = real;
    std::free(real);
  }
  struct stat s = {};
  if (::stat(target.c_str(), &s) == 0 && !S_ISREG(s.st_mode)) {
    const int fd = ::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    const std::string reason = fd < 0 ? "cannot open: " + detail::system_reason(errno) : detail::write_and_close(fd, bytes);
    if (!reason.empty()) detail::bad_file(path, reason);
    return;
  }
  const auto slash = target.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : target.substr(0, slash + 1);
  const std::string stem = target + ".tmp." + std::to_string(::getpid());
  std::string temporary = stem;
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;  // EXCL: never through a link somebody planted
  int fd = ::open(temporary.c_str(), flags, 0666);
  for (int k = 1; fd < 0 && errno == EEXIST && k < 100; ++k) {  // another thread's, or a dead process's of the same number
    temporary = stem + "." + std::to_string(k);
    fd = ::open(temporary.c_str(), flags, 0666);
  }
  if (fd < 0) detail::bad_file(path, "cannot create " + temporary + ": " + detail::system_reason(errno));
  std::string reason = detail::write_and_close(fd, bytes);
  if (reason.empty() && ::rename(temporary.c_str(), target.c_str()) != 0) reason = "cannot rename: " + detail::system_reason(errno);
  if (!reason.empty()) {
    ::unlink(temporary.c_str());
    detail::bad_file(path, reason);
  }
  reason = detail::sync_folder(folder);
  if (!reason.empty()) detail::bad_file(path, "written, but " + reason);
}

/// Throws FileError unless write_file(path) could begin now: found out before hours of work, not after.  Leaves nothing behind.
inline void check_writable(const std::string& path) {
  struct stat s = {};
  if (::stat(path.c_str(), &s) == 0 && !S_ISREG(s.st_mode)) {
    if (S_ISDIR(s.st_mode)) detail::bad_file(path, "is a folder");
    return;
  }
  const std::string probe = path + ".tmp." + std::to_string(::getpid()) + ".probe";
  const int fd = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) detail::bad_file(path, "cannot be written: " + detail::system_reason(errno));
  ::close(fd);
  ::unlink(probe.c_str());
}

}  // namespace rheo::io

#include "rheo/core/macros_on.hpp"
