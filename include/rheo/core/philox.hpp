// SPDX-License-Identifier: MIT
// Philox4x32-10: a counter-based generator, 128 bits of counter and 64 of key to 128 random bits.
//   Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; known-answer vectors in its
//     reference code.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <array>
#include <cstdint>

namespace rheo {

/// Four words of a counter, or of what comes out.
using PhiloxBlock = std::array<std::uint32_t, 4>;

/// The published function, 10 rounds.
constexpr PhiloxBlock philox4x32(PhiloxBlock c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t(0xD2511F53u) * c[0], p1 = std::uint64_t(0xCD9E8D57u) * c[2];
    c = {std::uint32_t(p1 >> 32) ^ c[1] ^ k[0], std::uint32_t(p1), std::uint32_t(p0 >> 32) ^ c[3] ^ k[1],
         std::uint32_t(p0)};
    k = {k[0] + 0x9E3779B9u, k[1] + 0xBB67AE85u};
  }
  return c;
}

/// The same of W counters, word k of counter l in c[k][l]: loops that compilers vectorise.
template <int W> void philox4x32(std::uint32_t (&c)[4][W], std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    for (int l = 0; l < W; ++l) {
      const std::uint64_t p0 = std::uint64_t(0xD2511F53u) * c[0][l], p1 = std::uint64_t(0xCD9E8D57u) * c[2][l];
      c[0][l] = std::uint32_t(p1 >> 32) ^ c[1][l] ^ k[0];
      c[1][l] = std::uint32_t(p1);
      c[2][l] = std::uint32_t(p0 >> 32) ^ c[3][l] ^ k[1];
      c[3][l] = std::uint32_t(p0);
    }
    k = {k[0] + 0x9E3779B9u, k[1] + 0xBB67AE85u};
  }
}

}  // namespace rheo
