// SPDX-License-Identifier: MIT
// What a file is compiled for: the width of its vectors, how it multiplies and adds, how it aligns; and a mark by which
// a linker tells files that differ.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__) && !defined(__wasm__)
#include <immintrin.h>
#endif

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "rheo needs Eigen 3.4 or newer"
#include "rheo ends here"
#endif

// Macros, since the mark below is text.
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
// (clang's link-time optimisation knows none.)
__asm__(
    ".globl rheo_all_files_of_a_program_must_be_compiled_for_the_same_instruction_set\n"
    ".set rheo_all_files_of_a_program_must_be_compiled_for_the_same_instruction_set, " RHEO_TEXT(
        RHEO_ALIGNMENT) " * 256 + " RHEO_TEXT(RHEO_PACKET) "\n");
#elif defined(_MSC_VER)
#pragma detect_mismatch("rheo: all files must be compiled for the same instruction set", \
                        RHEO_TEXT(RHEO_ALIGNMENT) "/" RHEO_TEXT(RHEO_PACKET))
#endif

namespace rheo::platform {

inline constexpr int instruction_set = RHEO_ALIGNMENT * 256 + RHEO_PACKET;

// A vector's bytes, and how many vectors by how many columns of sums the registers hold beside what they are made of.
#if defined(__AVX512F__)
inline constexpr Eigen::Index vector_bytes = 64, tile_vectors = 4, tile_columns = 4;
#elif defined(__AVX__)
inline constexpr Eigen::Index vector_bytes = 32, tile_vectors = 2, tile_columns = 6;
#elif defined(__aarch64__)
inline constexpr Eigen::Index vector_bytes = 16, tile_vectors = 4, tile_columns = 4;
#else
inline constexpr Eigen::Index vector_bytes = 16, tile_vectors = 2, tile_columns = 6;
#endif

template <class T> struct Vector {
  static constexpr Eigen::Index lanes = vector_bytes / static_cast<Eigen::Index>(sizeof(T));
  typedef T Type __attribute__((vector_size(vector_bytes)));
  [[gnu::always_inline]] static Type load(const T* p) {
    Type v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  [[gnu::always_inline]] static void store(T* p, Type v) { std::memcpy(p, &v, sizeof v); }
  [[gnu::always_inline]] static Type all(T x) { return x - Type{}; }
  /// s + x y in one rounding where the machine has it.  Asked for by name: tuned for AMD's cores, g++ makes two
  /// instructions of it in some loops and one in others, and a row's bits would depend on the tile that it is in.
  [[gnu::always_inline]] static Type add_product(Type s, Type x, Type y) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>)
      return static_cast<Type>(_mm512_fmadd_ps(static_cast<__m512>(x), static_cast<__m512>(y), static_cast<__m512>(s)));
    else
      return static_cast<Type>(
          _mm512_fmadd_pd(static_cast<__m512d>(x), static_cast<__m512d>(y), static_cast<__m512d>(s)));
#elif defined(__FMA__)
    if constexpr (std::is_same_v<T, float>)
      return static_cast<Type>(_mm256_fmadd_ps(static_cast<__m256>(x), static_cast<__m256>(y), static_cast<__m256>(s)));
    else
      return static_cast<Type>(
          _mm256_fmadd_pd(static_cast<__m256d>(x), static_cast<__m256d>(y), static_cast<__m256d>(s)));
#else
    return s + x * y;
#endif
  }
  /// Correctly rounded.  By name: for errno's sake g++ leaves a loop over std::sqrt scalar.
  [[gnu::always_inline]] static Type square_root(Type x) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>) return static_cast<Type>(_mm512_sqrt_ps(static_cast<__m512>(x)));
    else return static_cast<Type>(_mm512_sqrt_pd(static_cast<__m512d>(x)));
#elif defined(__AVX__)
    if constexpr (std::is_same_v<T, float>) return static_cast<Type>(_mm256_sqrt_ps(static_cast<__m256>(x)));
    else return static_cast<Type>(_mm256_sqrt_pd(static_cast<__m256d>(x)));
#elif defined(__SSE2__) && !defined(__wasm__)
    if constexpr (std::is_same_v<T, float>) return static_cast<Type>(_mm_sqrt_ps(static_cast<__m128>(x)));
    else return static_cast<Type>(_mm_sqrt_pd(static_cast<__m128d>(x)));
#else
    for (int l = 0; l < lanes; ++l) x[l] = std::sqrt(x[l]);
    return x;
#endif
  }
};

/// a b + c, in one rounding where the machine has it: asked for by name, since compilers do it in some loops and not in
/// others.
inline float multiply_add(float a, float b, float c) {
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

/// As many whole numbers of 64 bits as a vector holds.
struct LongWords {
  typedef std::uint64_t Type __attribute__((vector_size(vector_bytes)));
  static constexpr int lanes = vector_bytes / 8;
  /// The products of the lower halves with m.
  [[gnu::always_inline]] static Type times(Type x, std::uint32_t m) {
    const Type y = std::uint64_t(m) - Type{};
#if defined(__AVX512F__)
    return reinterpret_cast<Type>(_mm512_mul_epu32(reinterpret_cast<__m512i>(x), reinterpret_cast<__m512i>(y)));
#elif defined(__AVX2__)
    return reinterpret_cast<Type>(_mm256_mul_epu32(reinterpret_cast<__m256i>(x), reinterpret_cast<__m256i>(y)));
#elif defined(__SSE2__) && !defined(__AVX__) && !defined(__wasm__)
    return reinterpret_cast<Type>(_mm_mul_epu32(reinterpret_cast<__m128i>(x), reinterpret_cast<__m128i>(y)));
#else
    return (x & 0xFFFFFFFFu) * y;
#endif
  }
};

/// Tells the processor that this is a loop that waits.
inline void pause() {
#if defined(__SSE2__) && !defined(__wasm__)  // there SSE is emulated, without this instruction
  __builtin_ia32_pause();
#endif
}

}  // namespace rheo::platform

#undef RHEO_TEXT
#undef RHEO_TEXT_OF
#undef RHEO_PACKET
#undef RHEO_ALIGNMENT
