// SPDX-License-Identifier: MIT
// Pictures: an 8-bit RGB image to draw in and its PNG file (ISO/IEC 15948; deflate: RFC 1951, zlib: RFC 1950), the same
// bytes everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "rheo/io/file.hpp"
#include "rheo/io/font.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
};

/// width x height pixels, row by row from the top left, three bytes each.  Drawing outside is cut off.
struct Image {
  int width, height;
  std::vector<std::uint8_t> rgb;

  /// Throws std::invalid_argument unless both sides are 1 to 16384.
  Image(int w, int h, Rgb background = {255, 255, 255}) : width(w), height(h) {
    if (w < 1 || h < 1 || w > 16384 || h > 16384)
      rheo::detail::fail("an image of " + std::to_string(w) + " x " + std::to_string(h) + " pixels");
    rgb.resize(std::size_t(3) * static_cast<std::size_t>(w) * static_cast<std::size_t>(h));
    rect(0, 0, w, h, background);
  }
  bool inside(int x, int y) const { return x >= 0 && y >= 0 && x < width && y < height; }
  /// The colour of a pixel, which must be inside.
  Rgb at(int x, int y) const {
    const std::uint8_t* p = rgb.data() + place(x, y);
    return {p[0], p[1], p[2]};
  }
  void set(int x, int y, Rgb c) {
    if (!inside(x, y)) return;
    std::uint8_t* p = rgb.data() + place(x, y);
    p[0] = c.r, p[1] = c.g, p[2] = c.b;
  }
  /// alpha = 0 leaves the pixel, 1 sets it.
  void blend(int x, int y, Rgb c, double alpha) {
    if (!inside(x, y)) return;
    const Rgb old = at(x, y);
    const auto mix = [&](int from, int to) {
      return static_cast<std::uint8_t>(std::lround(from + alpha * (to - from)));
    };
    set(x, y, {mix(old.r, c.r), mix(old.g, c.g), mix(old.b, c.b)});
  }
  /// Fills w x h pixels from (x, y).
  void rect(int x, int y, int w, int h, Rgb c) {
    for (int j = std::max(y, 0); j < std::min(y + h, height); ++j) {
      for (int i = std::max(x, 0); i < std::min(x + w, width); ++i) set(i, j, c);
    }
  }
  /// The one-pixel border of such a rectangle.
  void frame(int x, int y, int w, int h, Rgb c) {
    rect(x, y, w, 1, c);
    rect(x, y + h - 1, w, 1, c);
    rect(x, y, 1, h, c);
    rect(x + w - 1, y, 1, h, c);
  }
  /// From (x0, y0) to (x1, y1), both ends in (Bresenham).
  void line(int x0, int y0, int x1, int y1, Rgb c) {
    const int dx = std::abs(x1 - x0), dy = -std::abs(y1 - y0), sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1;
    for (int error = dx + dy;;) {
      set(x0, y0, c);
      if (x0 == x1 && y0 == y1) return;
      const int twice = 2 * error;
      if (twice >= dy) error += dy, x0 += sx;
      if (twice <= dx) error += dx, y0 += sy;
    }
  }
  /// One line of ASCII text, top left corner at (x, y), 5 x 7 dots a character, 6 from one to the next, a dot `scale`
  /// pixels wide; where two dots touch by their corners the notches between them are half filled.
  void text(int x, int y, std::string_view s, Rgb c, int scale = 2) {
    for (const char letter : s) {
      const auto rows = glyph(letter);
      const auto dot = [&](int i, int j) {
        return i >= 0 && i < 5 && j >= 0 && j < 7 && (rows[static_cast<std::size_t>(j)] >> (4 - i) & 1);
      };
      const int h = scale / 2;
      for (int j = 0; j < 7; ++j) {
        for (int i = 0; i < 5; ++i) {
          const int px = x + i * scale, py = y + (j + glyph_drop(letter)) * scale;
          if (dot(i, j)) rect(px, py, scale, scale, c);
          for (int corner = 0; corner < 4 && !dot(i, j); ++corner) {
            const int di = corner & 1 ? 1 : -1, dj = corner & 2 ? 1 : -1;
            if (!dot(i + di, j) || !dot(i, j + dj) || dot(i + di, j + dj)) continue;
            for (int k = 0; k < h * h; ++k)
              blend(px + k % h + (di > 0 ? scale - h : 0), py + k / h + (dj > 0 ? scale - h : 0), c, 0.5);
          }
        }
      }
      x += 6 * scale;
    }
  }
  static int text_width(std::string_view s, int scale = 2) {
    return s.empty() ? 0 : (6 * static_cast<int>(s.size()) - 1) * scale;
  }

 private:
  std::size_t place(int x, int y) const {
    return 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
  }
};

/// The checksum of PNG chunks.
inline std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> t = {};
    for (std::uint32_t n = 0; n < 256; ++n) {
      t[n] = n;
      for (int k = 0; k < 8; ++k) t[n] = t[n] & 1 ? 0xEDB88320u ^ (t[n] >> 1) : t[n] >> 1;
    }
    return t;
  }();
  for (const char c : bytes) crc = table[(crc ^ static_cast<std::uint8_t>(c)) & 255] ^ (crc >> 8);
  return ~crc;
}

/// The checksum of zlib streams.
inline std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t a = 1, b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<std::uint8_t>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

/// `bytes` as a zlib stream: one deflate block of fixed codes, matches found greedily at the last place with the same
/// three bytes.
inline std::string zlib_compress(std::string_view bytes) {
  std::string out = "\x78\x01";
  std::uint64_t pool = 0;
  int filled = 0;
  const auto put = [&](std::uint32_t bits, int count) {  // lowest bit first
    pool |= std::uint64_t(bits) << filled;
    for (filled += count; filled >= 8; filled -= 8, pool >>= 8) out += static_cast<char>(pool & 255);
  };
  const auto put_code = [&](std::uint32_t code, int count) {  // highest bit first
    for (int k = count; k-- > 0;) put(code >> k & 1, 1);
  };
  const auto symbol = [&](std::uint32_t s) {
    if (s < 144) put_code(0x30 + s, 8);
    else if (s < 256) put_code(0x190 + s - 144, 9);
    else if (s < 280) put_code(s - 256, 7);
    else put_code(0xC0 + s - 280, 8);
  };
  put(1, 1);
  put(1, 2);
  std::vector<std::size_t> last(std::size_t(1) << 15, ~std::size_t(0));
  const auto slot = [&](std::size_t i) -> std::size_t& {
    const auto b = [&](std::size_t k) { return std::uint32_t(static_cast<std::uint8_t>(bytes[i + k])); };
    return last[((b(0) << 16 | b(1) << 8 | b(2)) * 2654435761u) >> 17];
  };
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t length = 0, distance = 0;
    if (i + 3 <= bytes.size()) {
      const std::size_t j = slot(i);
      if (j < i && i - j <= 32768) {
        distance = i - j;
        while (length < 258 && i + length < bytes.size() && bytes[j + length] == bytes[i + length]) ++length;
      }
    }
    if (length < 3) {
      symbol(static_cast<std::uint8_t>(bytes[i]));
      length = 1;
      if (i + 3 <= bytes.size()) slot(i) = i;
      ++i;
      continue;
    }
    const auto l = static_cast<std::uint32_t>(length - 3), d = static_cast<std::uint32_t>(distance - 1);
    if (length == 258) {
      symbol(285);
    } else {
      const int extra = l < 8 ? 0 : static_cast<int>(std::bit_width(l)) - 3;
      symbol(257 + 4 * static_cast<std::uint32_t>(extra) + (l >> extra));
      put(l & ((1u << extra) - 1), extra);
    }
    const int extra = d < 4 ? 0 : static_cast<int>(std::bit_width(d)) - 2;
    put_code(2 * static_cast<std::uint32_t>(extra) + (d >> extra), 5);
    put(d & ((1u << extra) - 1), extra);
    for (const std::size_t end = i + length; i < end; ++i) {
      if (i + 3 <= bytes.size()) slot(i) = i;
    }
  }
  symbol(256);
  put(0, (8 - filled) % 8);
  const std::uint32_t sum = adler32(bytes);
  for (int k = 24; k >= 0; k -= 8) out += static_cast<char>(sum >> k & 255);
  return out;
}

/// The colours of a picture, the lowest first, as 24-bit numbers: as many as there are, or the first most + 1 found.
inline std::vector<std::uint32_t> colours_of(const Image& image, std::size_t most) {
  std::vector<std::uint32_t> found;
  std::uint32_t before = ~0u;
  for (std::size_t k = 0; k < image.rgb.size() && found.size() <= most; k += 3) {
    const auto c = std::uint32_t(image.rgb[k]) << 16 | std::uint32_t(image.rgb[k + 1]) << 8 | image.rgb[k + 2];
    if (c == before) continue;
    before = c;
    const auto at = std::lower_bound(found.begin(), found.end(), c);
    if (at == found.end() || *at != c) found.insert(at, c);
  }
  return found;
}

/// The bytes of a PNG file, not interlaced: at most 256 colours by a palette, more as 8-bit RGB.
inline std::string format_png(const Image& image) {
  std::string out = "\x89PNG\r\n\x1A\n";
  const auto big = [](std::uint32_t v) {
    return std::string{char(v >> 24), char(v >> 16 & 255), char(v >> 8 & 255), char(v & 255)};
  };
  const auto chunk = [&](const std::string& type, const std::string& data) {
    const std::string body = type + data;
    out += big(static_cast<std::uint32_t>(data.size())) + body + big(crc32(body));
  };
  const auto palette = colours_of(image, 256);
  const bool few = palette.size() <= 256;
  chunk("IHDR", big(static_cast<std::uint32_t>(image.width)) + big(static_cast<std::uint32_t>(image.height)) +
                    std::string(few ? "\x08\x03\x00\x00\x00" : "\x08\x02\x00\x00\x00", 5));
  const std::size_t stride = std::size_t(3) * static_cast<std::size_t>(image.width);
  std::string lines;
  lines.reserve(image.rgb.size() + static_cast<std::size_t>(image.height));
  if (few) {
    std::string colours;
    for (const std::uint32_t c : palette) colours += big(c).substr(1);
    chunk("PLTE", colours);
    for (std::size_t k = 0; k < image.rgb.size(); k += 3) {
      if (k % stride == 0) lines += '\0';  // no filter
      const auto c = std::uint32_t(image.rgb[k]) << 16 | std::uint32_t(image.rgb[k + 1]) << 8 | image.rgb[k + 2];
      lines += static_cast<char>(std::lower_bound(palette.begin(), palette.end(), c) - palette.begin());
    }
  } else {
    for (std::size_t k = 0; k < image.rgb.size(); ++k) {
      if (k % stride == 0) lines += '\x02';  // filter "up": the difference to the line above, mostly 0 in plots
      lines += static_cast<char>(static_cast<std::uint8_t>(image.rgb[k] - (k < stride ? 0 : image.rgb[k - stride])));
    }
  }
  chunk("IDAT", zlib_compress(lines));
  chunk("IEND", "");
  return out;
}

/// The picture with at most 256 colours: of cells of 8 levels of each channel the 256 that most pixels fall into, each
/// by its most frequent colour; every pixel has the nearest of these.
inline Image fewer_colours(Image image) {
  if (colours_of(image, 256).size() <= 256) return image;
  const auto colour = [&](std::size_t k) {
    return std::uint32_t(image.rgb[k]) << 16 | std::uint32_t(image.rgb[k + 1]) << 8 | image.rgb[k + 2];
  };
  struct Cell {
    std::size_t pixels = 0, most = 0;
    std::uint32_t colour = 0;
  };
  std::map<std::uint32_t, std::size_t> count;
  for (std::size_t k = 0; k < image.rgb.size(); k += 3) ++count[colour(k)];
  std::map<std::uint32_t, Cell> cells;
  for (const auto& [c, n] : count) {
    Cell& cell = cells[c & 0xF8F8F8u];
    cell.pixels += n;
    if (n > cell.most) cell.most = n, cell.colour = c;
  }
  std::vector<Cell> fullest;
  for (const auto& [key, cell] : cells) fullest.push_back(cell);
  std::stable_sort(fullest.begin(), fullest.end(), [](const Cell& a, const Cell& b) { return a.pixels > b.pixels; });
  fullest.resize(std::min<std::size_t>(fullest.size(), 256));
  const auto apart = [](std::uint32_t a, std::uint32_t b) {
    const auto d = [&](int shift) { return int(a >> shift & 255) - int(b >> shift & 255); };
    return d(0) * d(0) + d(8) * d(8) + d(16) * d(16);
  };
  std::map<std::uint32_t, std::uint32_t> nearest;
  for (const auto& [c, n] : count) {
    nearest[c] = std::min_element(fullest.begin(), fullest.end(), [&, to = c](const Cell& a, const Cell& b) {
                   return apart(a.colour, to) < apart(b.colour, to);
                 })->colour;
  }
  for (std::size_t k = 0; k < image.rgb.size(); k += 3) {
    const std::uint32_t c = nearest[colour(k)];
    image.rgb[k] = static_cast<std::uint8_t>(c >> 16);
    image.rgb[k + 1] = static_cast<std::uint8_t>(c >> 8 & 255);
    image.rgb[k + 2] = static_cast<std::uint8_t>(c & 255);
  }
  return image;
}

/// The picture half as wide and high, each pixel the mean of four (a last odd row or column is left out), in fewer
/// colours: a plot of a few tens of kB, for a page.
inline Image thumbnail(const Image& image) {
  Image half(std::max(1, image.width / 2), std::max(1, image.height / 2));
  for (int y = 0; y < half.height; ++y) {
    for (int x = 0; x < half.width; ++x) {
      const int x1 = std::min(2 * x + 1, image.width - 1), y1 = std::min(2 * y + 1, image.height - 1);
      const Rgb a = image.at(2 * x, 2 * y), b = image.at(x1, 2 * y), c = image.at(2 * x, y1), d = image.at(x1, y1);
      const auto mean = [&](std::uint8_t Rgb::*of) {
        return static_cast<std::uint8_t>((a.*of + b.*of + c.*of + d.*of + 2) / 4);
      };
      half.set(x, y, {mean(&Rgb::r), mean(&Rgb::g), mean(&Rgb::b)});
    }
  }
  return fewer_colours(std::move(half));
}

/// format_png into a file, whole or not at all (see write_file).
inline void write_png(const std::string& path, const Image& image) { write_file(path, format_png(image)); }

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
