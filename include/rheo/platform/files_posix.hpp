// SPDX-License-Identifier: MIT
// Whole files where the system is POSIX.  What goes wrong is said by the reason that is returned; an empty one:
// nothing.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "rheo/platform/macros_off.hpp"

namespace rheo::platform {
namespace detail {

inline std::string system_reason(int error) { return std::generic_category().message(error); }

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
  const bool unsynced = reason.empty() && ::fsync(fd) != 0 && errno != EINVAL && errno != EROFS &&
                        errno != ENOTSUP;  // those: pipes, devices
  if (unsynced) reason = "cannot flush to the disk: " + system_reason(errno);
  if (::close(fd) != 0 && errno != EINTR && reason.empty()) reason = "cannot close: " + system_reason(errno);
  return reason;
}

/// Makes a rename in this folder survive a power cut; what failed, or an empty string.
inline std::string sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == EACCES
               ? ""
               : "cannot open its folder: " + system_reason(errno);  // a folder may be writable but not readable
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
/// Not for links in a circle nor for a file that may not be written to: a rename asks for the folder's permission
/// alone.
inline std::string find_destination(const std::string& path, Destination& to) {
  to = {path, false, {}};
  std::string link(PATH_MAX, '\0');
  for (int hops = 0;; ++hops) {
    const auto n = ::readlink(to.target.c_str(), link.data(), link.size());
    if (n <= 0) break;  // no link, or nothing at all
    if (hops == 40) return system_reason(ELOOP);
    const std::string next(link, 0, static_cast<std::size_t>(n));
    to.target = next[0] == '/' ? next : to.prefix() + next;
  }
  to.there = ::stat(to.target.c_str(), &to.status) == 0;
  const bool kept =
      to.there && S_ISREG(to.status.st_mode) && ::faccessat(AT_FDCWD, to.target.c_str(), W_OK, AT_EACCESS) != 0;
  return kept ? "cannot write: " + system_reason(errno) : "";
}

inline std::string process_number() {
#if defined(__wasi__)
  return "0";
#else
  return std::to_string(::getpid());
#endif
}
inline std::string temporary_stem(const Destination& to) {
  constexpr std::size_t longest = NAME_MAX - 32;  // leaves room for what is hung on
  return to.prefix() + to.target.substr(to.prefix().size(), longest) + ".tmp.";
}
/// A new file beside the target, open for writing, in nobody else's sight if it is to replace one; -1 and errno where
/// that cannot be.
inline int open_temporary(const Destination& to, std::string& name) {
  const std::string stem = temporary_stem(to) + process_number();
  const mode_t mode = to.there ? 0600 : 0666;
  for (int k = 0;; ++k) {  // a name taken: another thread's, or a dead process's of the same number
    name = k ? stem + "." + std::to_string(k) : stem;
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                          mode);  // EXCL: never through a link somebody planted
    if (fd >= 0 || errno != EEXIST || k == 100) return fd;
  }
}

/// Gives the open file the owner, group and permissions of another; what failed, or an empty string.  Where the group
/// cannot be had, ours gets no permission; a file system without permissions has the same for all.
inline std::string resemble([[maybe_unused]] int fd, [[maybe_unused]] const struct stat& old) {
#if !defined(__wasi__)
  const bool group = ::fchown(fd, old.st_uid, old.st_gid) == 0 || ::fchown(fd, static_cast<uid_t>(-1), old.st_gid) == 0;
  const mode_t bits = 0777, mode = old.st_mode & (group ? bits : bits & ~mode_t(070));
  if (::fchmod(fd, mode) == 0) return "";
  const int error = errno;
  struct stat now = {};
  if (::fstat(fd, &now) == 0 && (now.st_mode & bits) == mode) return "";
  return "cannot keep its permissions: " + system_reason(error);
#else
  return "";
#endif
}

/// What tells a regular file from the one that stood at the path before; 0 where there is none.
inline std::uint64_t stamp_of(const std::string& path) {
  struct stat s = {};
  if (::stat(path.c_str(), &s) != 0 || !S_ISREG(s.st_mode)) return 0;
#if defined(__APPLE__)
  const auto& changed = s.st_mtimespec;
#else
  const auto& changed = s.st_mtim;
#endif
  std::uint64_t h = 1;
  for (const std::uint64_t part :
       {static_cast<std::uint64_t>(s.st_ino), static_cast<std::uint64_t>(s.st_size),
        static_cast<std::uint64_t>(changed.tv_sec), static_cast<std::uint64_t>(changed.tv_nsec)})
    h = (h ^ part) * 0x9E3779B97F4A7C15u + (h >> 29);
  return h | 1;
}
/// Opens for reading; a size of 0 where it is unknown.  The size is the open descriptor's, so nobody can swap the file
/// between the look and the read.
inline std::string open_input(const std::string& path, int& fd, bool& regular, std::uint64_t& size) {
  fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return "cannot open: " + system_reason(errno);
  struct stat s = {};
  if (::fstat(fd, &s) != 0) return "cannot look at: " + system_reason(errno);
  if (S_ISDIR(s.st_mode)) return "is a folder";
  regular = S_ISREG(s.st_mode);
  size = regular ? static_cast<std::uint64_t>(s.st_size) : 0;
  return "";
}
inline std::ptrdiff_t read_some(int fd, char* to, std::size_t n) { return ::read(fd, to, n); }
inline bool seek_input(int fd, std::uint64_t byte) { return ::lseek(fd, static_cast<off_t>(byte), SEEK_SET) >= 0; }
inline void close_input(int fd) { ::close(fd); }

}  // namespace detail

/// Puts `bytes` in place of the file at `path`, whole or not at all: see io::write_file.
inline std::string replace_file(const std::string& path, std::string_view bytes) {
  detail::Destination to;
  std::string reason = detail::find_destination(path, to);
  if (!reason.empty()) return reason;
  if (to.there && !S_ISREG(to.status.st_mode)) {
    const int fd = ::open(to.target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? "cannot open: " + detail::system_reason(errno) : detail::write_and_close(fd, bytes);
  }
  const std::string folder = to.folder();  // named before the rename, behind which nothing may fail but the disk
  std::string temporary;
  const int fd = detail::open_temporary(to, temporary);
  if (fd < 0) return "cannot create " + temporary + ": " + detail::system_reason(errno);
  if (to.there) reason = detail::resemble(fd, to.status);
  if (reason.empty()) {
    reason = detail::write_and_close(fd, bytes);
  } else {
    ::close(fd);
  }
  if (reason.empty() && std::rename(temporary.c_str(), to.target.c_str()) != 0)
    reason = "cannot rename: " + detail::system_reason(errno);
  if (!reason.empty()) {
    ::unlink(temporary.c_str());
    return reason;
  }
  reason = detail::sync_folder(folder);
  return reason.empty() ? "" : "written, but " + reason;
}

/// Whether replace_file(path) could begin now.  Leaves nothing behind.
inline std::string can_replace_file(const std::string& path) {
  detail::Destination to;
  const std::string reason = detail::find_destination(path, to);
  if (!reason.empty()) return reason;
  if (to.there && S_ISDIR(to.status.st_mode)) return "is a folder";
  if (to.there && !S_ISREG(to.status.st_mode)) return "";
  std::string probe;
  const int fd = detail::open_temporary(to, probe);
  if (fd < 0) return "cannot be written: " + detail::system_reason(errno);
  ::close(fd);
  ::unlink(probe.c_str());
  return "";
}

/// Removes what killed programs left of their replace_file(path).  Not while another writes there.
inline void remove_temporaries(const std::string& path) {
  detail::Destination to;
  if (!detail::find_destination(path, to).empty()) return;
  DIR* folder = ::opendir(to.folder().c_str());
  if (!folder) return;
  const std::string name = detail::temporary_stem(to).substr(to.prefix().size());
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view found = entry->d_name;
    const bool ours = found.size() > name.size() && found.substr(0, name.size()) == name &&
                      found.find_first_not_of("0123456789.", name.size()) == found.npos;
    if (ours) ::unlink((to.prefix() + std::string(found)).c_str());
  }
  ::closedir(folder);
}

}  // namespace rheo::platform

#include "rheo/platform/macros_on.hpp"
