// SPDX-License-Identifier: MIT
// The arithmetic that results rest on: tests for NaN and infinity that are made, sums in the order written, zeros with
// a sign. Compilers that were told to do without say so by macros, where they say so at all; the others are caught when
// a program makes its first model.
#pragma once

#include "rheo/core/fail.hpp"

#if !defined(RHEO_ALLOW_FAST_MATH)
#if defined(__FAST_MATH__) || defined(_M_FP_FAST)
#error \
    "rheo: -ffast-math removes the tests for NaN that keep results right; define RHEO_ALLOW_FAST_MATH to compile all the same"
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0
#error \
    "rheo: -ffinite-math-only removes the tests for NaN that keep results right; define RHEO_ALLOW_FAST_MATH to compile all the same"
#elif defined(__ASSOCIATIVE_MATH__)
#error \
    "rheo: -fassociative-math cancels corrections for rounding that are needed; define RHEO_ALLOW_FAST_MATH to compile all the same"
#elif defined(__NO_SIGNED_ZEROS__)
#error \
    "rheo: -fno-signed-zeros takes -0 for 0, between which angles jump by 2 pi; define RHEO_ALLOW_FAST_MATH to compile all the same"
#endif
#endif

namespace rheo::detail {

/// Throws std::runtime_error where the program was compiled so that NaN passes for a number or sums are taken in
/// another order, and no macro told.
inline void check_arithmetic() {
#if !defined(RHEO_ALLOW_FAST_MATH)
  volatile double zero = 0, one = 1,
                  little = 0x1p-70;  // volatile: nothing is known of them when the program is compiled
  const double unknown = zero / zero, huge = one / zero, a = one, b = little;
  if (unknown == unknown || !(huge > 1e308) || huge - huge == 0) {
    fail<std::runtime_error>(
        "this program was compiled to take NaN and infinity for numbers (-ffinite-math-only, some compilers' "
        "default): results would be wrong; -fno-finite-math-only, or -fp-model=precise, keeps them right");
  }
  if ((a + b) - a != 0) {
    fail<std::runtime_error>(
        "this program was compiled to take sums in any order (-fassociative-math, some compilers' default): "
        "results would be wrong; -fno-associative-math, or -fp-model=precise, keeps them right");
  }
#endif
}

}  // namespace rheo::detail
