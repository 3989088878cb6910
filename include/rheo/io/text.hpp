// SPDX-License-Identifier: MIT
// Numbers as text and bytes, the same on every machine: no locale, little-endian.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "rheo/platform/number_text.hpp"

namespace rheo::io::detail {

/// `v` with `digits` significant digits (0 to 17) in the shorter of plain and scientific notation; nan and inf as such.
inline std::string general(double v, int digits) {
  char room[64];
  return {room, platform::format_number(room, room + sizeof room, v, false, digits)};
}

/// `v` with `digits` decimals (0 to 20), never "-0.00"; scientific where the plain form would pass 25 characters.
inline std::string fixed(double v, int digits) {
  char room[512];
  std::string s(room, platform::format_number(room, room + sizeof room, v, true, digits));
  if (s.size() > 25) return general(v, 6);
  if (s[0] == '-' && s.find_first_not_of("-0.") == std::string::npos) s.erase(0, 1);
  return s;
}

template <std::size_t bytes>
using Unsigned = std::conditional_t<
    bytes == 1, std::uint8_t,
    std::conditional_t<bytes == 2, std::uint16_t, std::conditional_t<bytes == 4, std::uint32_t, std::uint64_t>>>;

/// The number stored at `p`, which need not be aligned, little-endian unless `Big`.
template <class T, bool Big = false> T load(const char* p) {
  using U = Unsigned<sizeof(T)>;
  std::uint64_t u = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    u |= std::uint64_t(static_cast<unsigned char>(p[Big ? sizeof(T) - 1 - i : i])) << (8 * i);
  return platform::bit_cast<T>(static_cast<U>(u));
}

/// The number whose bits are those of an IEEE half, exactly.
inline double from_half(std::uint16_t h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const double size = exponent == 31  ? (fraction ? std::nan("") : HUGE_VAL)
                      : exponent == 0 ? std::ldexp(fraction, -24)
                                      : std::ldexp(fraction + 1024, exponent - 25);
  return h & 0x8000 ? -size : size;
}

/// Appends `v` little-endian.
template <class T> void store(std::string& out, T v) {
  const std::uint64_t u = platform::bit_cast<Unsigned<sizeof(T)>>(v);
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(u >> (8 * i) & 0xFF);
}

}  // namespace rheo::io::detail
