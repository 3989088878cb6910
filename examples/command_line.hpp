// SPDX-License-Identifier: MIT
// What main functions share: options "--name value", and errors in one line.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <iostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <Eigen/Core>

namespace examples {

struct Option {
  std::string_view name;
  std::variant<int*, Eigen::Index*, std::uint64_t*, std::string*> value;
};

/// Sets what the options given name; false where one is not known or has no value.
inline bool read_options(int argc, char** argv, std::initializer_list<Option> options) {
  for (int i = 1; i < argc; i += 2) {
    const Option* found = nullptr;
    for (const Option& o : options) found = o.name == argv[i] ? &o : found;
    if (!found || i + 1 == argc) return false;
    const char* text = argv[i + 1];
    std::visit([text](auto* value) {
      if constexpr (std::is_same_v<decltype(value), std::string*>) *value = text;
      else *value = static_cast<std::decay_t<decltype(*value)>>(std::atoll(text));
    }, found->value);
  }
  return true;
}

/// What main returns: 0, or 1 where `run` throws, with what it says.
template <class Run> int guarded(Run run) {
  try {
    run();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}

}  // namespace examples
