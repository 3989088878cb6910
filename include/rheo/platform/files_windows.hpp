// SPDX-License-Identifier: MIT
// Whole files under Windows: the same promises as files_posix.hpp, but for links, which are followed where the standard
// library follows them, and for permissions, which a replaced file does not hand on.  Paths are in the code page of the
// process.
#pragma once

#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <share.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "rheo/platform/macros_off.hpp"

namespace rheo::platform {
namespace detail {

inline std::string system_reason(int error) { return std::generic_category().message(error); }

/// Writes, flushes to the disk and closes (always).
inline std::string write_and_close(int fd, std::string_view bytes) {
  std::string reason;
  while (reason.empty() && !bytes.empty()) {
    const int put = ::_write(fd, bytes.data(), static_cast<unsigned>(std::min(bytes.size(), std::size_t(1) << 30)));
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
    else reason = "cannot write: " + system_reason(put == 0 ? ENOSPC : errno);
  }
  if (reason.empty() && ::_commit(fd) != 0 && errno != EBADF && errno != EINVAL)
    reason = "cannot flush to the disk: " + system_reason(errno);
  if (::_close(fd) != 0 && reason.empty()) reason = "cannot close: " + system_reason(errno);
  return reason;
}
/// A new file beside the target, open for writing; -1 and errno where that cannot be.
inline int open_temporary(const std::string& target, std::string& name) {
  for (int k = 0;; ++k) {
    name = target + ".tmp." + std::to_string(::_getpid()) + (k ? "." + std::to_string(k) : "");
    const int fd =
        ::_open(name.c_str(), _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
    if (fd >= 0 || errno != EEXIST || k == 100) return fd;
  }
}
/// The file that a path leads to, and its status.
inline std::string find_destination(const std::string& path, std::string& target,
                                    std::filesystem::file_status& status) {
  std::error_code ignored;
  status = std::filesystem::status(path, ignored);
  target = path;
  if (std::filesystem::exists(status)) {
    const auto real = std::filesystem::canonical(path, ignored);
    if (!ignored) target = real.string();
    const bool kept = std::filesystem::is_regular_file(status) && ::_access(target.c_str(), 2) != 0;
    if (kept) return "cannot write: " + system_reason(errno);
  }
  return "";
}

/// Opens for reading; a size of 0 where it is unknown.
inline std::string open_input(const std::string& path, int& fd, bool& regular, std::uint64_t& size) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return "is a folder";
  fd = ::_open(path.c_str(), _O_RDONLY | _O_BINARY | _O_NOINHERIT);
  if (fd < 0) return "cannot open: " + system_reason(errno);
  regular = std::filesystem::is_regular_file(path, ignored);
  const auto length = ::_filelengthi64(fd);
  size = regular && length > 0 ? static_cast<std::uint64_t>(length) : 0;
  return "";
}
inline std::ptrdiff_t read_some(int fd, char* to, std::size_t n) { return ::_read(fd, to, static_cast<unsigned>(n)); }
inline bool seek_input(int fd, std::uint64_t byte) {
  return ::_lseeki64(fd, static_cast<long long>(byte), SEEK_SET) >= 0;
}
inline void close_input(int fd) { ::_close(fd); }

/// What tells a regular file from one that holds something else; 0 where there is none.  By what it holds, since the
/// library's times have seconds here and two states of a run are of one size.
inline std::uint64_t stamp_of(const std::string& path) {
  int fd = -1;
  bool regular = false;
  std::uint64_t size = 0, h = 0xCBF29CE484222325u;
  if (!open_input(path, fd, regular, size).empty()) return 0;
  char block[1 << 14];
  for (std::ptrdiff_t n = 1; regular && n > 0;) {
    n = read_some(fd, block, sizeof block);
    for (std::ptrdiff_t i = 0; i < n; ++i)
      h = (h ^ static_cast<unsigned char>(block[i])) * 0x100000001B3u;  // Fowler, Noll and Vo
  }
  close_input(fd);
  return regular ? h | 1 : 0;
}

}  // namespace detail

/// Puts `bytes` in place of the file at `path`, whole or not at all: see io::write_file.
inline std::string replace_file(const std::string& path, std::string_view bytes) {
  std::string target, temporary;
  std::filesystem::file_status status;
  std::string reason = detail::find_destination(path, target, status);
  if (!reason.empty()) return reason;
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const int fd = ::_open(target.c_str(), _O_WRONLY | _O_BINARY);
    return fd < 0 ? "cannot open: " + detail::system_reason(errno) : detail::write_and_close(fd, bytes);
  }
  const int fd = detail::open_temporary(target, temporary);
  if (fd < 0) return "cannot create " + temporary + ": " + detail::system_reason(errno);
  reason = detail::write_and_close(fd, bytes);
  std::error_code error;
  if (reason.empty()) std::filesystem::rename(temporary, target, error);
  if (error) reason = "cannot rename: " + error.message();
  if (!reason.empty()) std::remove(temporary.c_str());
  return reason;
}

/// Whether replace_file(path) could begin now.  Leaves nothing behind.
inline std::string can_replace_file(const std::string& path) {
  std::string target, probe;
  std::filesystem::file_status status;
  const std::string reason = detail::find_destination(path, target, status);
  if (!reason.empty()) return reason;
  if (std::filesystem::is_directory(status)) return "is a folder";
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return "";
  const int fd = detail::open_temporary(target, probe);
  if (fd < 0) return "cannot be written: " + detail::system_reason(errno);
  ::_close(fd);
  std::remove(probe.c_str());
  return "";
}

/// Removes what killed programs left of their replace_file(path).  Not while another writes there.
inline void remove_temporaries(const std::string& path) {
  std::string target;
  std::filesystem::file_status status;
  if (!detail::find_destination(path, target, status).empty()) return;
  const std::filesystem::path at = target;
  const std::string name = at.filename().string() + ".tmp.";
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(at.has_parent_path() ? at.parent_path() : ".", ignored), end;
       !ignored && entry != end; entry.increment(ignored)) {
    const std::string found = entry->path().filename().string();
    const bool ours = found.size() > name.size() && found.compare(0, name.size(), name) == 0 &&
                      found.find_first_not_of("0123456789.", name.size()) == found.npos;
    std::error_code kept;
    if (ours) std::filesystem::remove(entry->path(), kept);
  }
}

}  // namespace rheo::platform

#include "rheo/platform/macros_on.hpp"
