// SPDX-License-Identifier: MIT
// What rheo needs of a compiler, said in one sentence where it is missing; and who the compiler is.  Its own include,
// before all others.
#pragma once

#if defined(__clang__)
#if __clang_major__ < 14
#error "rheo needs clang 14 or newer (Xcode 14), or g++ 12"
#include "rheo ends here"
#endif
#elif defined(__GNUC__)
#if __GNUC__ < 12
#error "rheo needs g++ 12 or newer, or clang 14"
#include "rheo ends here"
#endif
#else
#error \
    "rheo is written for g++ 12 and clang 14 or newer; on Windows for clang-cl or MinGW: Microsoft's compiler lacks the vector types that it computes with"
#include "rheo ends here"
#endif
#if !(__cplusplus >= 202002L || (defined(_MSVC_LANG) && _MSVC_LANG >= 202002L))
#error "rheo needs C++20: compile with -std=c++20 or newer"
#include "rheo ends here"
#endif

namespace rheo::platform {

/// std::bit_cast, which some libraries of these compilers lack.
template <class To, class From> constexpr To bit_cast(const From& from) { return __builtin_bit_cast(To, from); }

/// Compilers spell types differently (clang leaves default arguments out): names are compared within one family only.
#if defined(__clang__)
inline constexpr const char* compiler_family = "clang";
#else
inline constexpr const char* compiler_family = "gcc";
#endif

}  // namespace rheo::platform
