// SPDX-License-Identifier: MIT
// type_name: a type as the compiler spells it, for people and for files.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <string>
#include <string_view>

namespace rheo {

/// Without blanks, without suffixes of numbers.  Compilers differ: clang leaves default template arguments out.
template <class F> std::string type_name() {
  const std::string_view all = __PRETTY_FUNCTION__;
  const auto from = all.find("F = ") + 4, to = all.find_first_of(";]", from);
  std::string name;
  for (std::size_t k = from; k < to; ++k) {
    const bool after_digit = !name.empty() && name.back() >= '0' && name.back() <= '9';
    if (all[k] == ' ' || (after_digit && (all[k] == 'l' || all[k] == 'L' || all[k] == 'u' || all[k] == 'U'))) continue;
    name += all[k];
  }
  return name;
}

}  // namespace rheo
