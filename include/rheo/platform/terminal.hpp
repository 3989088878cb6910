// SPDX-License-Identifier: MIT
// Whether a stream ends in a terminal, which colours that has, and how wide it is.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

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
/// Whether f ends in a terminal that moves its cursor and knows escapes: TERM is not dumb.
inline bool is_live_terminal(std::FILE* f) {
  const char* term = std::getenv("TERM");
  return is_terminal(f) && !(term && std::string_view(term) == "dumb");
}
/// Whether colours are wanted: NO_COLOR is not set (no-color.org).
inline bool colours_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return !(no_color && *no_color);
}
/// The colours that the terminal at the end of f says it has: none where it is none, is dumb, or NO_COLOR is set; all
/// of 24 bits by COLORTERM, a table of 256 by TERM.
enum class Colours { none, table, all };
inline Colours terminal_colours(std::FILE* f) {
  if (!is_live_terminal(f) || !colours_wanted()) return Colours::none;
  const auto says = [](const char* variable, std::string_view word) {
    const char* text = std::getenv(variable);
    return text && std::string_view(text).find(word) != std::string_view::npos;
  };
  if (says("COLORTERM", "truecolor") || says("COLORTERM", "24bit")) return Colours::all;
  return says("TERM", "256color") ? Colours::table : Colours::none;
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
