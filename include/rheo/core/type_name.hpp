// SPDX-License-Identifier: MIT
// type_name: a type as the compiler spells it, for people and for files.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <string>
#include <string_view>

namespace rheo {

namespace detail {
/// As the compiler spells it, blanks and all.
template <class F> std::string_view spelling() {
  const std::string_view all = __PRETTY_FUNCTION__;
  const auto from = all.find("F = ") + 4, to = all.find_first_of(";]", from);
  return all.substr(from, to - from);
}
}  // namespace detail

/// Without blanks, without suffixes of numbers.  Compilers differ: clang leaves default template arguments out.
template <class F> std::string type_name() {
  std::string name;
  for (const char c : detail::spelling<F>()) {
    const bool after_digit = !name.empty() && name.back() >= '0' && name.back() <= '9';
    if (c == ' ' || (after_digit && (c == 'l' || c == 'L' || c == 'u' || c == 'U'))) continue;
    name += c;
  }
  return name;
}

}  // namespace rheo
