// SPDX-License-Identifier: MIT
// Texts as UTF-8: what is well formed (RFC 3629), and files in UTF-16, which spreadsheets call "Unicode text".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rheo/io/file.hpp"

namespace rheo::io {

/// The length of the well-formed UTF-8 character at the front of `s` (1 to 4), or 0: overlong forms, surrogates, values
/// past U+10FFFF and cut characters are none.
inline std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t k) { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u; };
  const auto tail = [&](std::size_t k) { return (byte(k) & 0xC0) == 0x80; };
  const unsigned a = byte(0), b = byte(1);
  if (s.empty()) return 0;
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a < 0xE0) return tail(1) ? 2 : 0;
  if (a >= 0xE0 && a < 0xF0) return tail(1) && tail(2) && (a != 0xE0 || b >= 0xA0) && (a != 0xED || b < 0xA0) ? 3 : 0;
  if (a >= 0xF0 && a < 0xF5)
    return tail(1) && tail(2) && tail(3) && (a != 0xF0 || b >= 0x90) && (a != 0xF4 || b < 0x90) ? 4 : 0;
  return 0;
}
/// Whether all of s is well-formed UTF-8.
inline bool is_utf8(std::string_view s) {
  while (!s.empty()) {
    const std::size_t n = utf8_length(s);
    if (n == 0) return false;
    s.remove_prefix(n);
  }
  return true;
}

namespace detail {

/// Appends the character U+u, which is no surrogate.
inline void append_utf8(std::string& out, unsigned u) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (u < 0x80) {
    put(u);
  } else if (u < 0x800) {
    put(0xC0 | u >> 6), put(0x80 | (u & 63));
  } else if (u < 0x10000) {
    put(0xE0 | u >> 12), put(0x80 | (u >> 6 & 63)), put(0x80 | (u & 63));
  } else {
    put(0xF0 | u >> 18), put(0x80 | (u >> 12 & 63)), put(0x80 | (u >> 6 & 63)), put(0x80 | (u & 63));
  }
}

/// At most 40 bytes of `s` between quotes, as a message can show them: what is no printable UTF-8 as \xNN.
inline std::string shown(std::string_view s) {
  std::string out = "'";
  for (std::size_t at = 0; at < s.size() && at < 40;) {
    const std::size_t n = utf8_length(s.substr(at, 4));
    const auto byte = static_cast<unsigned char>(s[at]);
    if (n == 0 || byte < 0x20 || byte == 0x7F) {
      ((out += "\\x") += "0123456789ABCDEF"[byte >> 4]) += "0123456789ABCDEF"[byte & 15];
    } else {
      out.append(s, at, n);
    }
    at += n == 0 ? 1 : n;
  }
  return out + "'";
}

/// UTF-16 after its byte-order mark, `first` bytes into the file; FileError for half a surrogate pair and half a unit.
inline std::string from_utf16(std::string_view bytes, bool big, std::size_t first, const std::string& name) {
  std::string out;
  out.reserve(bytes.size());
  const auto refuse = [&](std::size_t at, const char* reason) {
    bad_file(name + ": byte " + std::to_string(first + at), reason);
  };
  const auto unit = [&](std::size_t at) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at + k])); };
    return big ? byte(0) << 8 | byte(1) : byte(1) << 8 | byte(0);
  };
  if (bytes.size() % 2 != 0) refuse(bytes.size() - 1, "the UTF-16 text ends within a character");
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    unsigned u = unit(at);
    if (u >= 0xD800 && u < 0xE000) {
      const unsigned low = u < 0xDC00 && at + 2 < bytes.size() ? unit(at + 2) : 0;
      if (low < 0xDC00 || low >= 0xE000) refuse(at, "half a surrogate pair in a UTF-16 text");
      u = 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
      at += 2;
    }
    append_utf8(out, u);
  }
  return out;
}

/// UTF-16 without a mark, as far as its first characters tell: 1 if every other byte of most of them is 0, the high one
/// coming first; -1 if it comes second; 0 otherwise.
inline int utf16_order(std::string_view bytes) {
  std::size_t zeros[2] = {0, 0};
  const std::size_t pairs = std::min<std::size_t>(bytes.size(), 128) / 2;
  for (std::size_t at = 0; at < 2 * pairs; ++at) zeros[at % 2] += bytes[at] == '\0';
  if (pairs == 0 || (zeros[0] > 0 && zeros[1] > 0)) return 0;
  return 4 * zeros[0] >= 3 * pairs ? 1 : 4 * zeros[1] >= 3 * pairs ? -1 : 0;
}

/// The text in `bytes` without its byte-order mark; UTF-16, of either order, is rewritten into `room`.  Other encodings
/// of one byte a character pass as they are.  FileError for UTF-32 and for UTF-16 that is none.
inline std::string_view as_utf8(std::string_view bytes, std::string& room, const std::string& name) {
  using namespace std::string_view_literals;
  const auto begins = [&](std::string_view mark) { return bytes.substr(0, mark.size()) == mark; };
  if (begins("\xFF\xFE\0\0"sv) || begins("\0\0\xFE\xFF"sv))
    bad_file(name, "is UTF-32, which is not read: UTF-8 and UTF-16 are");
  if (begins("\xEF\xBB\xBF")) return bytes.substr(3);
  const bool big = begins("\xFE\xFF"), marked = big || begins("\xFF\xFE");
  const int order = marked ? 0 : utf16_order(bytes);
  if (!marked && order == 0) return bytes;
  return room = from_utf16(bytes.substr(marked ? 2 : 0), big || order == 1, marked ? 2 : 0, name);
}

}  // namespace detail
}  // namespace rheo::io
