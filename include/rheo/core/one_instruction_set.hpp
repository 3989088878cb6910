// SPDX-License-Identifier: MIT
// One program, one alignment and one width of packets.  A function that two files instantiate alike is linked once,
// from either: where the files were compiled for other instruction sets (-march=native in one of them) it frees what
// was allocated otherwise, or is handed packets of another width.  Such files do not link, or where the linker cannot
// tell, end at their start.
#pragma once

#include "rheo/core/fail.hpp"
#include "rheo/platform/instruction_set.hpp"

namespace rheo::detail {

inline int instruction_set_of_program = platform::instruction_set;  // linked once: that of some file
[[maybe_unused]] static const bool one_instruction_set = [] {       // and asked in every file
  if (*const_cast<volatile int*>(&instruction_set_of_program) != platform::instruction_set) {
    fail<std::runtime_error>(
        "all files of a program must be compiled for the same instruction set (-march, -mavx and the like), and with "
        "the "
        "same settings of Eigen");
  }
  return true;
}();

}  // namespace rheo::detail
