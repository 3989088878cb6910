// SPDX-License-Identifier: MIT
// Whether a stream ends in a terminal, and how wide that is.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <cstdio>

#if defined(_WIN32)
#include <io.h>
#else
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace rheo::platform {

inline bool is_terminal(std::FILE* f) {
#if defined(_WIN32)
  return f && ::_isatty(::_fileno(f)) != 0;
#else
  return f && ::isatty(::fileno(f)) != 0;
#endif
}
/// Columns of the terminal at the end of f; 0 where the system does not say.
inline unsigned terminal_columns([[maybe_unused]] std::FILE* f) {
#if defined(TIOCGWINSZ)
  winsize size = {};
  if (::ioctl(::fileno(f), TIOCGWINSZ, &size) == 0) return size.ws_col;
#endif
  return 0;
}

}  // namespace rheo::platform
