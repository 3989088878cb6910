// SPDX-License-Identifier: MIT
// Counts every heap allocation of the program: malloc itself and its kin, since Eigen's products call it past operator
// new.  One file a program.
#pragma once

#include <atomic>
#include <cstddef>

#include "sanitized.hpp"

namespace rheo_test {
inline std::atomic<long> mallocs{0};
inline long count() { return mallocs.load(); }
#if defined(RHEO_SANITIZED) || !defined(__GLIBC__)
inline constexpr bool counts_mallocs = false;
inline constexpr long (*malloc_count)() = nullptr;
#else
inline constexpr bool counts_mallocs = true;
inline constexpr long (*malloc_count)() = count;
#endif
}  // namespace rheo_test

#if !defined(RHEO_SANITIZED) && defined(__GLIBC__)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t n) {
  rheo_test::mallocs.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(n);
}
void* calloc(std::size_t k, std::size_t n) {
  rheo_test::mallocs.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(k, n);
}
void* realloc(void* p, std::size_t n) {
  rheo_test::mallocs.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(p, n);
}
void* aligned_alloc(std::size_t a, std::size_t n) {
  rheo_test::mallocs.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(a, n);
}
}
#endif
