// SPDX-License-Identifier: MIT
// Pictures: an RGB image with rectangles, lines, dots and small text, written as PNG (stored deflate blocks; PNG 1.2, RFC 1950, RFC 1951).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rheo/io/file.hpp"

namespace rheo::io {

struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
};

namespace detail {

inline std::uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t n = 0; n < 256; ++n) {
      std::uint32_t c = n;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      t[n] = c;
    }
    return t;
  }();
  std::uint32_t c = 0xFFFFFFFFu;
  for (char b : bytes) c = table[(c ^ static_cast<std::uint8_t>(b)) & 0xFF] ^ (c >> 8);
  return c ^ 0xFFFFFFFFu;
}
inline std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t a = 1, b = 0;
  for (char c : bytes) {
    a = (a + static_cast<std::uint8_t>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}
inline std::string big_endian(std::uint32_t x) { return {char(x >> 24), char(x >> 16), char(x >> 8), char(x)}; }
inline std::string chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc32(body));
}

/// 5 x 7 dots a letter, one byte a column, lowest bit on top; from space to tilde as far as drawn, capitals serving for small letters.
inline std::array<std::uint8_t, 5> glyph(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  switch (c) {
    case '0': return {0x3E, 0x51, 0x49, 0x45, 0x3E};
    case '1': return {0x00, 0x42, 0x7F, 0x40, 0x00};
    case '2': return {0x42, 0x61, 0x51, 0x49, 0x46};
    case '3': return {0x21, 0x41, 0x45, 0x4B, 0x31};
    case '4': return {0x18, 0x14, 0x12, 0x7F, 0x10};
    case '5': return {0x27, 0x45, 0x45, 0x45, 0x39};
    case '6': return {0x3C, 0x4A, 0x49, 0x49, 0x30};
    case '7': return {0x01, 0x71, 0x09, 0x05, 0x03};
    case '8': return {0x36, 0x49, 0x49, 0x49, 0x36};
    case '9': return {0x06, 0x49, 0x49, 0x29, 0x1E};
    case 'A': return {0x7E, 0x11, 0x11, 0x11, 0x7E};
    case 'B': return {0x7F, 0x49, 0x49, 0x49, 0x36};
    case 'C': return {0x3E, 0x41, 0x41, 0x41, 0x22};
    case 'D': return {0x7F, 0x41, 0x41, 0x22, 0x1C};
    case 'E': return {0x7F, 0x49, 0x49, 0x49, 0x41};
    case 'F': return {0x7F, 0x09, 0x09, 0x09, 0x01};
    case 'G': return {0x3E, 0x41, 0x49, 0x49, 0x7A};
    case 'H': return {0x7F, 0x08, 0x08, 0x08, 0x7F};
    case 'I': return {0x00, 0x41, 0x7F, 0x41, 0x00};
    case 'J': return {0x20, 0x40, 0x41, 0x3F, 0x01};
    case 'K': return {0x7F, 0x08, 0x14, 0x22, 0x41};
    case 'L': return {0x7F, 0x40, 0x40, 0x40, 0x40};
    case 'M': return {0x7F, 0x02, 0x0C, 0x02, 0x7F};
    case 'N': return {0x7F, 0x04, 0x08, 0x10, 0x7F};
    case 'O': return {0x3E, 0x41, 0x41, 0x41, 0x3E};
    case 'P': return {0x7F, 0x09, 0x09, 0x09, 0x06};
    case 'Q': return {0x3E, 0x41, 0x51, 0x21, 0x5E};
    case 'R': return {0x7F, 0x09, 0x19, 0x29, 0x46};
    case 'S': return {0x46, 0x49, 0x49, 0x49, 0x31};
    case 'T': return {0x01, 0x01, 0x7F, 0x01, 0x01};
    case 'U': return {0x3F, 0x40, 0x40, 0x40, 0x3F};
    case 'V': return {0x1F, 0x20, 0x40, 0x20, 0x1F};
    case 'W': return {0x3F, 0x40, 0x38, 0x40, 0x3F};
    case 'X': return {0x63, 0x14, 0x08, 0x14, 0x63};
    case 'Y': return {0x07, 0x08, 0x70, 0x08, 0x07};
    case 'Z': return {0x61, 0x51, 0x49, 0x45, 0x43};
    case '.': return {0x00, 0x60, 0x60, 0x00, 0x00};
    case ',': return {0x00, 0x50, 0x30, 0x00, 0x00};
    case '-': return {0x08, 0x08, 0x08, 0x08, 0x08};
    case '+': return {0x08, 0x08, 0x3E, 0x08, 0x08};
    case '_': return {0x40, 0x40, 0x40, 0x40, 0x40};
    case '=': return {0x14, 0x14, 0x14, 0x14, 0x14};
    case ':': return {0x00, 0x36, 0x36, 0x00, 0x00};
    case '(': return {0x00, 0x1C, 0x22, 0x41, 0x00};
    case ')': return {0x00, 0x41, 0x22, 0x1C, 0x00};
    case '/': return {0x20, 0x10, 0x08, 0x04, 0x02};
    case ' ': return {0, 0, 0, 0, 0};
    default: return {0x7F, 0x41, 0x41, 0x41, 0x7F};
  }
}

}  // namespace detail

/// Drawing outside the picture is clipped.
class Image {
 public:
  Image(int width, int height, Rgb fill = {255, 255, 255}) : width_(width), height_(height), pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), fill) {}
  int width() const { return width_; }
  int height() const { return height_; }
  const Rgb& at(int x, int y) const { return pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)]; }
  /// Lays a colour on a pixel: alpha 1 covers it.
  void dot(int x, int y, Rgb c, double alpha = 1) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
    Rgb& p = pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
    auto mix = [alpha](std::uint8_t from, std::uint8_t to) { return static_cast<std::uint8_t>(from + alpha * (to - from) + 0.5); };
    p = {mix(p.r, c.r), mix(p.g, c.g), mix(p.b, c.b)};
  }
  void fill(int x, int y, int w, int h, Rgb c) {
    for (int j = y; j < y + h; ++j) {
      for (int i = x; i < x + w; ++i) dot(i, j, c);
    }
  }
  void frame(int x, int y, int w, int h, Rgb c) {
    fill(x, y, w, 1, c);
    fill(x, y + h - 1, w, 1, c);
    fill(x, y, 1, h, c);
    fill(x + w - 1, y, 1, h, c);
  }
  /// Text with its upper left corner at (x, y), `scale` pixels a dot; 6 dots a letter.
  void text(int x, int y, std::string_view words, Rgb c, int scale = 1) {
    for (char letter : words) {
      const auto g = detail::glyph(letter);
      for (int i = 0; i < 5; ++i) {
        for (int j = 0; j < 7; ++j) {
          if (g[static_cast<std::size_t>(i)] >> j & 1) fill(x + i * scale, y + j * scale, scale, scale, c);
        }
      }
      x += 6 * scale;
    }
  }
  static int text_width(std::string_view words, int scale = 1) { return static_cast<int>(words.size()) * 6 * scale; }

  /// The bytes of a PNG file.
  std::string png() const {
    std::string raw;
    for (int y = 0; y < height_; ++y) {
      raw += '\0';
      for (int x = 0; x < width_; ++x) {
        const Rgb& p = at(x, y);
        raw += {char(p.r), char(p.g), char(p.b)};
      }
    }
    std::string z = "\x78\x01";
    for (std::size_t i = 0; i < raw.size() || i == 0; i += 65535) {
      const std::size_t n = std::min<std::size_t>(65535, raw.size() - i);
      z += {char(i + n >= raw.size()), char(n & 0xFF), char(n >> 8), char(~n & 0xFF), char(~n >> 8 & 0xFF)};
      z.append(raw, i, n);
    }
    z += detail::big_endian(detail::adler32(raw));
    const std::string header = detail::big_endian(static_cast<std::uint32_t>(width_)) + detail::big_endian(static_cast<std::uint32_t>(height_)) + std::string("\x08\x02\0\0\0", 5);
    return "\x89PNG\r\n\x1a\n" + detail::chunk("IHDR", header) + detail::chunk("IDAT", z) + detail::chunk("IEND", "");
  }
  /// Throws FileError when it cannot be written.
  void write(const std::string& path) const { write_file(path, png()); }

 private:
  int width_, height_;
  std::vector<Rgb> pixels_;
};

}  // namespace rheo::io
