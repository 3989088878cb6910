// SPDX-License-Identifier: MIT
// Whole files: bounded reads, and writes that either happen entirely or leave the old file as it was (POSIX).
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
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

/// Where bytes for a path go: at the end of its symbolic links, whether something is there or not.
struct Destination {
  std::string target;
  bool there = false;
  struct stat status = {};

  /// "" for a name alone, else up to its slash.
  std::string prefix() const { return target.substr(0, target.rfind('/') + 1); }
  std::string folder() const { return prefix().empty() ? "." : prefix(); }
};
/// Throws FileError for links in a circle and for a file that may not be written to: a rename asks for the folder's permission alone.
inline Destination destination(const std::string& path) {
  Destination to{path, false, {}};
  std::string link(PATH_MAX, '\0');
  for (int hops = 0;; ++hops) {
    const auto n = ::readlink(to.target.c_str(), link.data(), link.size());
    if (n <= 0) break;  // no link, or nothing at all
    if (hops == 40) bad_file(path, system_reason(ELOOP));
    const std::string next(link, 0, static_cast<std::size_t>(n));
    to.target = next[0] == '/' ? next : to.prefix() + next;
  }
  to.there = ::stat(to.target.c_str(), &to.status) == 0;
  const bool kept = to.there && S_ISREG(to.status.st_mode) && ::faccessat(AT_FDCWD, to.target.c_str(), W_OK, AT_EACCESS) != 0;
  if (kept) bad_file(path, "cannot write: " + system_reason(errno));
  return to;
}

/// A new file beside the target, open for writing, in nobody else's sight if it is to replace one; -1 and errno where that cannot be.
inline int open_temporary(const Destination& to, std::string& name) {
  constexpr std::size_t longest = NAME_MAX - 32;  // leaves room for what is hung on
  const std::string stem = to.prefix() + to.target.substr(to.prefix().size(), longest) + ".tmp." + std::to_string(::getpid());
  const mode_t mode = to.there ? 0600 : 0666;
  for (int k = 0;; ++k) {  // a name taken: another thread's, or a dead process's of the same number
    name = k ? stem + "." + std::to_string(k) : stem;
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);  // EXCL: never through a link somebody planted
    if (fd >= 0 || errno != EEXIST || k == 100) return fd;
  }
}

/// Gives the open file the owner, group and permissions of another; what failed, or an empty string.  Where the group cannot be had, ours
/// gets no permission; a file system without permissions has the same for all.
inline std::string resemble(int fd, const struct stat& old) {
  const bool group = ::fchown(fd, old.st_uid, old.st_gid) == 0 || ::fchown(fd, static_cast<uid_t>(-1), old.st_gid) == 0;
  const mode_t bits = 0777, mode = old.st_mode & (group ? bits : bits & ~mode_t(070));
  if (::fchmod(fd, mode) == 0) return "";
  const int error = errno;
  struct stat now = {};
  if (::fstat(fd, &now) == 0 && (now.st_mode & bits) == mode) return "";
  return "cannot keep its permissions: " + system_reason(error);
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
/// syncing the folder fails is the new file already in place).  A symbolic link is kept and what it leads to is written, there already or
/// not; a pipe or device is written to directly.  A new file has the permissions of any new file (umask); one that replaces another has that
/// one's, and its owner and group where the system lets us.  A file that may not be written to is not replaced.  Other names of the old
/// file (hard links) keep the old bytes.
inline void write_file(const std::string& path, std::string_view bytes) {
  const detail::Destination to = detail::destination(path);
  if (to.there && !S_ISREG(to.status.st_mode)) {
    const int fd = ::open(to.target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    const std::string reason = fd < 0 ? "cannot open: " + detail::system_reason(errno) : detail::write_and_close(fd, bytes);
    if (!reason.empty()) detail::bad_file(path, reason);
    return;
  }
  std::string temporary;
  const int fd = detail::open_temporary(to, temporary);
  if (fd < 0) detail::bad_file(path, "cannot create " + temporary + ": " + detail::system_reason(errno));
  std::string reason = to.there ? detail::resemble(fd, to.status) : "";
  if (reason.empty()) {
    reason = detail::write_and_close(fd, bytes);
  } else {
    ::close(fd);
  }
  if (reason.empty() && ::rename(temporary.c_str(), to.target.c_str()) != 0) reason = "cannot rename: " + detail::system_reason(errno);
  if (!reason.empty()) {
    ::unlink(temporary.c_str());
    detail::bad_file(path, reason);
  }
  reason = detail::sync_folder(to.folder());
  if (!reason.empty()) detail::bad_file(path, "written, but " + reason);
}

/// Throws FileError unless write_file(path) could begin now: found out before hours of work, not after.  Leaves nothing behind.
inline void check_writable(const std::string& path) {
  const detail::Destination to = detail::destination(path);
  if (to.there && S_ISDIR(to.status.st_mode)) detail::bad_file(path, "is a folder");
  if (to.there && !S_ISREG(to.status.st_mode)) return;
  std::string probe;
  const int fd = detail::open_temporary(to, probe);
  if (fd < 0) detail::bad_file(path, "cannot be written: " + detail::system_reason(errno));
  ::close(fd);
  ::unlink(probe.c_str());
}

}  // namespace rheo::io

#include "rheo/core/macros_on.hpp"
