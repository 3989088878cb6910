// SPDX-License-Identifier: MIT
// Ends with 0 where a compiler's flags leave arithmetic as it is, with 3 where it is found at the start that they do
// not.
#include <cstdio>
#include <stdexcept>

#include "rheo/core/arithmetic.hpp"

int main() {
  try {
    rheo::detail::check_arithmetic();
  } catch (const std::runtime_error& e) {
    std::puts(e.what());
    return 3;
  }
}
