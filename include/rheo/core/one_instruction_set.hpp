// SPDX-License-Identifier: MIT
// One program, one alignment and one width of packets.  A function that two files instantiate alike is linked once, from either:
// where the files were compiled for other instruction sets (-march=native in one of them) it frees what was allocated otherwise, or
// is handed packets of another width.  Such files do not link, or where the linker cannot tell (clang, whose link-time optimisation
// knows no absolute symbols), end at their start.
#pragma once

#include <Eigen/Core>

#include "rheo/core/fail.hpp"

#if EIGEN_DEFAULT_ALIGN_BYTES == 0
#define RHEO_ALIGNMENT 0
#elif EIGEN_DEFAULT_ALIGN_BYTES == 16
#define RHEO_ALIGNMENT 16
#elif EIGEN_DEFAULT_ALIGN_BYTES == 32
#define RHEO_ALIGNMENT 32
#elif EIGEN_DEFAULT_ALIGN_BYTES == 64
#define RHEO_ALIGNMENT 64
#else
#define RHEO_ALIGNMENT 99
#endif

#if defined(EIGEN_VECTORIZE_AVX512)
#define RHEO_PACKET 64
#elif defined(EIGEN_VECTORIZE_AVX)
#define RHEO_PACKET 32
#elif defined(EIGEN_VECTORIZE)
#define RHEO_PACKET 16
#else
#define RHEO_PACKET 0
#endif

#define RHEO_TEXT_OF(x) #x
#define RHEO_TEXT(x) RHEO_TEXT_OF(x)
#if defined(__ELF__) && defined(__GNUC__) && !defined(__clang__)
// An absolute symbol may be defined in any number of files, if it has one value: the linker's message is its name.
__asm__(".globl rheo_all_files_of_a_program_must_be_compiled_for_the_same_instruction_set\n"
        ".set rheo_all_files_of_a_program_must_be_compiled_for_the_same_instruction_set, "
        RHEO_TEXT(RHEO_ALIGNMENT) " * 256 + " RHEO_TEXT(RHEO_PACKET) "\n");
#elif defined(_MSC_VER)
#pragma detect_mismatch("rheo: all files must be compiled for the same instruction set", RHEO_TEXT(RHEO_ALIGNMENT) "/" RHEO_TEXT(RHEO_PACKET))
#endif

namespace rheo::detail {

inline int instruction_set_of_program = RHEO_ALIGNMENT * 256 + RHEO_PACKET;  // linked once: that of some file
[[maybe_unused]] static const bool one_instruction_set = [] {                // and asked in every file
  if (*const_cast<volatile int*>(&instruction_set_of_program) != RHEO_ALIGNMENT * 256 + RHEO_PACKET) {
    fail<std::runtime_error>("all files of a program must be compiled for the same instruction set (-march, -mavx and the like), and with the "
                             "same settings of Eigen");
  }
  return true;
}();

}  // namespace rheo::detail

#undef RHEO_TEXT
#undef RHEO_TEXT_OF
#undef RHEO_PACKET
#undef RHEO_ALIGNMENT
