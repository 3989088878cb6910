// SPDX-License-Identifier: MIT
// type_name: a type as the compiler spells it, for people and for files.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <string>
#include <string_view>

namespace rheo {

namespace detail {
/// As the compiler spells it, blanks and all.
template <class F> constexpr std::string_view spelling() {
  const std::string_view all = __PRETTY_FUNCTION__;
  const auto from = all.find("F = ") + 4, to = all.find_first_of(";]", from);
  return all.substr(from, to - from);
}
/// Whether a type is a lambda's own: g++ ends it by <lambda(...)>, clang says (lambda at ...).
template <class F> constexpr bool is_lambda() {
  constexpr std::string_view name = spelling<F>();
  return name.starts_with("(lambda at ") || (name.find("<lambda(") != name.npos && name.ends_with(")>"));
}
inline std::string without_blanks(std::string_view spelling) {
  std::string name;
  for (const char c : spelling) {
    const bool after_digit = !name.empty() && name.back() >= '0' && name.back() <= '9';
    if (c == ' ' || (after_digit && (c == 'l' || c == 'L' || c == 'u' || c == 'U'))) continue;
    name += c;
  }
  return name;
}
}  // namespace detail

/// Without blanks, without suffixes of numbers.  Compilers differ: clang leaves default template arguments out.
template <class F> std::string type_name() { return detail::without_blanks(detail::spelling<F>()); }

}  // namespace rheo
