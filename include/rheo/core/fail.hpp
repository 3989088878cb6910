// SPDX-License-Identifier: MIT
// fail: the one place where rheo gives up.  Throws where exceptions exist, otherwise hands the message to the user's
// handler.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace rheo {

/// A file or a text that cannot be read: what() is "file:line:column: reason" as far as each is known.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A fit that cannot start or go on (non-finite data, a constant column, ...).
struct DataError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Called with the message in place of a throw under -fno-exceptions; if it returns, the program aborts.
inline void (*fail_handler)(const char* message) = nullptr;

namespace detail {

/// A number in a message: six digits of it, whatever its size.
inline std::string number_text(double x) {
  char room[32];
  std::snprintf(room, sizeof room, "%.6g", x);
  return room;
}

/// Throws E("rheo: " + reason).  Wrong shapes and arguments are std::invalid_argument.
template <class E = std::invalid_argument> [[noreturn]] void fail(const std::string& reason) {
  const std::string message = "rheo: " + reason;
#if defined(__cpp_exceptions)
  throw E(message);
#else
  if (fail_handler) fail_handler(message.c_str());
  std::abort();
#endif
}

}  // namespace detail
}  // namespace rheo
