// SPDX-License-Identifier: MIT
// PNG files, decoded again by an independent reader written from the tables of RFC 1951.
#include "rheo/io/png.hpp"

#include "catch.hpp"
#include "rheo/core/noise.hpp"

namespace io_png {
using rheo::io::Image;
using rheo::io::Rgb;

namespace {

std::uint32_t big(const std::string& s, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t k = 0; k < 4; ++k) v = v << 8 | static_cast<std::uint8_t>(s.at(at + k));
  return v;
}

/// Fixed-code deflate blocks only; anything else throws.
std::string inflate(const std::string& z) {
  static const int length_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const int length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                     2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const int distance_base[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                      33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                      1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  static const int distance_extra[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                       6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
  if (z.substr(0, 2) != "\x78\x01" || big(z, 0) >> 16 != 0x7801 || 0x7801 % 31 != 0)
    throw std::runtime_error("zlib header");
  std::size_t bit = 16;
  const auto next = [&] {
    const int b = static_cast<std::uint8_t>(z.at(bit / 8)) >> (bit % 8) & 1;
    ++bit;
    return b;
  };
  const auto number = [&](int n) {
    int v = 0;
    for (int k = 0; k < n; ++k) v |= next() << k;
    return v;
  };
  const auto code = [&](int v, int n) {
    for (int k = 0; k < n; ++k) v = v << 1 | next();
    return v;
  };
  if (number(1) != 1 || number(2) != 1) throw std::runtime_error("not one block of fixed codes");
  std::string out;
  while (true) {
    int s = code(0, 7);
    if (s <= 0x17) {
      s += 256;
    } else if (s = code(s, 1); s <= 0xBF) {
      s -= 0x30;
    } else {
      s = s <= 0xC7 ? s - 0xC0 + 280 : code(s, 1) - 0x190 + 144;
    }
    if (s == 256) break;
    if (s < 256) {
      out += static_cast<char>(s);
      continue;
    }
    if (s > 285) throw std::runtime_error("length code");
    const int length = length_base[s - 257] + number(length_extra[s - 257]);
    const int d = code(0, 5);
    if (d > 29) throw std::runtime_error("distance code");
    const auto distance = static_cast<std::size_t>(distance_base[d] + number(distance_extra[d]));
    if (distance > out.size()) throw std::runtime_error("distance");
    for (int k = 0; k < length; ++k) out += out[out.size() - distance];
  }
  const std::size_t end = (bit + 7) / 8;
  if (end + 4 != z.size() || big(z, end) != rheo::io::adler32(out)) throw std::runtime_error("zlib end");
  return out;
}

Image decode(const std::string& file) {
  if (file.substr(0, 8) != std::string("\x89PNG\r\n\x1A\n")) throw std::runtime_error("signature");
  std::vector<std::string> types, datas;
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t n = big(file, at);
    if (big(file, at + 8 + n) != rheo::io::crc32(file.substr(at + 4, 4 + n))) throw std::runtime_error("CRC");
    types.push_back(file.substr(at + 4, 4));
    datas.push_back(file.substr(at + 8, n));
    at += 12 + n;
  }
  const bool palette = types == std::vector<std::string>{"IHDR", "PLTE", "IDAT", "IEND"};
  if ((!palette && types != std::vector<std::string>{"IHDR", "IDAT", "IEND"}) ||
      datas[0].substr(8) != std::string(palette ? "\x08\x03\x00\x00\x00" : "\x08\x02\x00\x00\x00", 5))
    throw std::runtime_error("chunks");
  Image image(static_cast<int>(big(datas[0], 0)), static_cast<int>(big(datas[0], 4)));
  const std::string lines = inflate(datas[palette ? 2 : 1]);
  const std::size_t stride = (palette ? 1u : 3u) * static_cast<std::size_t>(image.width);
  if (lines.size() != (stride + 1) * static_cast<std::size_t>(image.height)) throw std::runtime_error("size");
  if (palette) {
    if (datas[1].size() % 3 != 0 || datas[1].size() > 768) throw std::runtime_error("palette");
    for (std::size_t k = 0; k < image.rgb.size(); ++k) {
      const std::size_t pixel = k / 3, line = pixel / stride;
      if (lines[line * (stride + 1)] != 0) throw std::runtime_error("filter");
      const auto colour = static_cast<std::uint8_t>(lines[line * (stride + 1) + 1 + pixel % stride]);
      image.rgb[k] = static_cast<std::uint8_t>(datas[1].at(3u * colour + k % 3));
    }
    return image;
  }
  for (std::size_t k = 0; k < image.rgb.size(); ++k) {
    if (lines[k / stride * (stride + 1)] != 2) throw std::runtime_error("filter");
    image.rgb[k] =
        static_cast<std::uint8_t>(static_cast<std::uint8_t>(lines[k / stride * (stride + 1) + 1 + k % stride]) +
                                  (k < stride ? 0 : image.rgb[k - stride]));
  }
  return image;
}

}  // namespace

TEST_CASE("checksums have their known answers") {
  CHECK(rheo::io::crc32("123456789") == 0xCBF43926u);
  CHECK(rheo::io::crc32("") == 0u);
  CHECK(rheo::io::crc32("IEND") == 0xAE426082u);
  CHECK(rheo::io::adler32("Wikipedia") == 0x11E60398u);
  CHECK(rheo::io::adler32("") == 1u);
}

TEST_CASE("what is compressed is inflated to the same bytes") {
  std::string random, far;
  for (rheo::Index i = 0; i < 40000; ++i) random += static_cast<char>(rheo::Noise{3}.index(i, 0, 256));
  far = random.substr(0, 300) + std::string(32468, 'x') + random.substr(0, 300) + std::string(259, 'y') +
        random;  // the repeat is 32768 back
  for (const std::string& s : {std::string(), std::string("a"), std::string("ab"), std::string("aaaa"),
                               std::string(100000, '\0'), random, far}) {
    CHECK((inflate(rheo::io::zlib_compress(s)) == s));
  }
  for (std::size_t n = 1; n < 600; ++n)
    CHECK((inflate(rheo::io::zlib_compress(random.substr(0, 7) + std::string(n, 'z'))) ==
           random.substr(0, 7) + std::string(n, 'z')));
  CHECK(rheo::io::zlib_compress(std::string(100000, '\0')).size() < 800);
}

TEST_CASE("an image survives its file, and drawing is cut off at the edges") {
  Image image(101, 67, {10, 20, 30});
  image.rect(90, 60, 50, 50, {200, 0, 0});
  image.line(0, 0, 100, 66, {0, 255, 0});
  image.line(-5, 3, 5, 3, {1, 2, 3});
  image.text(5, 30, "Hg?0", {255, 255, 255});
  image.frame(50, 5, 20, 10, {9, 9, 9});
  image.blend(1, 66, {110, 120, 130}, 0.5);
  image.set(-1, 0, {});
  image.set(0, 67, {});
  const Image back = decode(rheo::io::format_png(image));
  CHECK((back.width == 101 && back.height == 67));
  CHECK((back.rgb == image.rgb));
  CHECK(back.at(100, 0) == Rgb{10, 20, 30});
  CHECK(back.at(95, 62) == Rgb{200, 0, 0});
  CHECK((back.at(0, 0) == Rgb{0, 255, 0} && back.at(100, 66) == Rgb{0, 255, 0}));
  CHECK((back.at(0, 3) == Rgb{1, 2, 3} && back.at(5, 3) == Rgb{1, 2, 3} && back.at(6, 3) == Rgb{10, 20, 30}));
  CHECK((back.at(50, 5) == Rgb{9, 9, 9} && back.at(69, 14) == Rgb{9, 9, 9} && back.at(51, 6) == Rgb{10, 20, 30}));
  CHECK(back.at(1, 66) == Rgb{60, 70, 80});
  CHECK((back.at(5, 30) == Rgb{255, 255, 255} && back.at(7, 30) == Rgb{10, 20, 30} &&
         back.at(14, 43) == Rgb{255, 255, 255}));  // the H
  CHECK(Image::text_width("Hg?0") == 46);
  CHECK(decode(rheo::io::format_png(Image(1, 1, {7, 8, 9}))).at(0, 0) == Rgb{7, 8, 9});
  CHECK_THROWS_AS(Image(0, 5), std::invalid_argument);
  CHECK_THROWS_AS(Image(5, 20000), std::invalid_argument);
}

TEST_CASE("256 colours are written by a palette, 257 as they are") {
  for (const int colours : {1, 2, 256, 257}) {
    Image image(300, 2);
    for (int x = 0; x < 300; ++x) {
      const int c = x % colours;
      for (int y = 0; y < 2; ++y)
        image.set(x, y,
                  {static_cast<std::uint8_t>(c / 2), static_cast<std::uint8_t>(255 - c / 2), std::uint8_t(c & 1)});
    }
    const std::string file = rheo::io::format_png(image);
    CHECK((file.find("PLTE") != file.npos) == (colours <= 256));
    CHECK((decode(file).rgb == image.rgb));
  }
}

TEST_CASE("a thumbnail has the means of four pixels, and at most 256 colours near its own") {
  Image four(5, 4, {255, 255, 255});
  four.rect(0, 0, 1, 1, {2, 2, 2});
  four.rect(2, 0, 2, 2, {10, 20, 30});
  const Image half = rheo::io::thumbnail(four);
  CHECK((half.width == 2 && half.height == 2));
  CHECK(half.at(0, 0) == Rgb{192, 192, 192});
  CHECK(half.at(1, 0) == Rgb{10, 20, 30});
  CHECK(half.at(1, 1) == Rgb{255, 255, 255});
  CHECK((rheo::io::thumbnail(Image(1, 1, {3, 4, 5})).at(0, 0) == Rgb{3, 4, 5}));

  Image many(128, 160);  // 16 384 colours in 256 cells as full as one another, and below them one in a cell of its own
  for (int y = 0; y < 160; ++y) {
    for (int x = 0; x < 128; ++x)
      many.set(x, y,
               y < 128 ? Rgb{static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y), 60} : Rgb{250, 251, 252});
  }
  const Image few = rheo::io::fewer_colours(many);
  CHECK(rheo::io::colours_of(few, 256).size() == 256);
  CHECK(few.at(110, 150) == Rgb{250, 251, 252});
  int far = 0;
  for (int y = 0; y < 160; ++y) {
    for (int x = 0; x < 128; ++x) {
      const Rgb a = few.at(x, y), b = many.at(x, y);
      far += std::max({std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b)}) > 8;
    }
  }
  CHECK(far <= 64);  // of the one cell that was given up
  CHECK((rheo::io::fewer_colours(four).rgb == four.rgb));
}

}  // namespace io_png
