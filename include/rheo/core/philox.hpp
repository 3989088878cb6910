// SPDX-License-Identifier: MIT
// Philox4x32-10: a counter-based generator, 128 bits of counter and 64 of key to 128 random bits.
//   Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; known-answer vectors in its
//     reference code.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include "rheo/platform/instruction_set.hpp"

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

/// The same of W counters, word k of counter l in c[k][l].  Words stand in the lower halves of numbers of 64 bits,
/// which a product looks at alone, so that nothing is moved between lanes; two vectors of each go together, which fill
/// the registers.
template <int W> void philox4x32(std::uint32_t (&c)[4][W], std::array<std::uint32_t, 2> k) {
  using V = platform::LongWords;
  constexpr int together = 2;
  static_assert(W % (together * V::lanes) == 0, "rheo: philox4x32 takes whole vectors of counters");
  for (int first = 0; first < W; first += together * V::lanes) {
    V::Type w[4][together];
    std::uint64_t wide[together * V::lanes];
    for (int i = 0; i < 4; ++i) {
      for (int l = 0; l < together * V::lanes; ++l) wide[l] = c[i][first + l];
      std::memcpy(w[i], wide, sizeof wide);
    }
    std::uint32_t k0 = k[0], k1 = k[1];
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      for (int p = 0; p < together; ++p) {
        const V::Type p0 = V::times(w[0][p], 0xD2511F53u), p1 = V::times(w[2][p], 0xCD9E8D57u);
        w[0][p] = (p1 >> 32) ^ w[1][p] ^ std::uint64_t(k0);
        w[1][p] = p1;
        w[2][p] = (p0 >> 32) ^ w[3][p] ^ std::uint64_t(k1);
        w[3][p] = p0;
      }
    }
    for (int i = 0; i < 4; ++i) {
      std::memcpy(wide, w[i], sizeof wide);
      for (int l = 0; l < together * V::lanes; ++l) c[i][first + l] = static_cast<std::uint32_t>(wide[l]);
    }
  }
}

}  // namespace rheo
