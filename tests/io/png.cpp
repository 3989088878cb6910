// SPDX-License-Identifier: MIT
#include "rheo/io/plot.hpp"

#include "catch.hpp"

using namespace rheo;

TEST_CASE("checksums give the known answers") {
  CHECK(io::detail::crc32("123456789") == 0xCBF43926u);
  CHECK(io::detail::adler32("Wikipedia") == 0x11E60398u);
}

TEST_CASE("a PNG can be taken apart again, pixel by pixel") {
  io::Image image(300, 100);  // more than one stored block
  image.fill(10, 20, 30, 40, {1, 2, 3});
  image.dot(299, 99, {200, 100, 50});
  image.dot(-1, 500, {9, 9, 9});
  image.dot(0, 0, {0, 0, 0}, 0.5);
  const std::string bytes = image.png();
  CHECK(bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  auto u32 = [&](std::size_t at) {
    std::uint32_t x = 0;
    for (std::size_t i = 0; i < 4; ++i) x = x << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return x;
  };
  std::string z;
  std::vector<std::string> order;
  for (std::size_t at = 8; at < bytes.size();) {
    const std::uint32_t n = u32(at);
    order.push_back(bytes.substr(at + 4, 4));
    if (order.back() == "IHDR") CHECK((u32(at + 8) == 300 && u32(at + 12) == 100));
    if (order.back() == "IDAT") z += bytes.substr(at + 8, n);
    CHECK(u32(at + 8 + n) == io::detail::crc32(bytes.substr(at + 4, n + 4)));
    at += n + 12;
  }
  CHECK(order == std::vector<std::string>{"IHDR", "IDAT", "IEND"});
  std::string raw;
  bool last = false;
  for (std::size_t at = 2; !last;) {
    last = z[at] == 1;
    const std::size_t n = static_cast<std::uint8_t>(z[at + 1]) | static_cast<std::size_t>(static_cast<std::uint8_t>(z[at + 2])) << 8;
    const std::size_t inverse = static_cast<std::uint8_t>(z[at + 3]) | static_cast<std::size_t>(static_cast<std::uint8_t>(z[at + 4])) << 8;
    CHECK((n ^ inverse) == 0xFFFF);
    raw += z.substr(at + 5, n);
    at += 5 + n;
  }
  REQUIRE(raw.size() == 100 * 901);
  auto pixel = [&](std::size_t x, std::size_t y) { return raw.substr(y * 901 + 1 + 3 * x, 3); };
  CHECK(pixel(10, 20) == "\x01\x02\x03");
  CHECK(pixel(39, 59) == "\x01\x02\x03");
  CHECK(pixel(40, 59) == "\xff\xff\xff");
  CHECK(pixel(299, 99) == std::string("\xc8\x64\x32"));
  CHECK(pixel(0, 0) == "\x80\x80\x80");
  CHECK_THROWS_AS(image.write("/nowhere/at/all.png"), FileError);
}

TEST_CASE("the colour map rises in lightness") {
  double before = -1;
  for (int k = 0; k <= 50; ++k) {
    const io::Rgb c = io::colour(k / 50.0);
    const double y = 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
    CHECK(y > before);
    before = y;
  }
  CHECK(io::colour(std::nan("")).r == io::colour(0).r);
}

TEST_CASE("ticks are round and panels show what they are given") {
  CHECK(io::detail::round_step(8) == 2);
  CHECK(io::detail::round_step(1) == Approx(0.2));
  CHECK(io::detail::label(-0.2, 0.2) == "-0.2");
  Batch<double> point(1, 2), density = Batch<double>::Zero(10, 10);
  point << 0.5, 0.5;
  density(0, 9) = 1;  // lowest row, last column
  const auto image = io::draw_panels({{"a", point, {}}, {"b", {}, density}}, {0, 1, 0, 1}, 100);
  CHECK(image.at(58 + 50, 40 + 49).b > image.at(58 + 50, 40 + 49).r);
  const int second = 58 + 100 + 92;
  CHECK(image.at(second + 95, 40 + 95).r == 253);
  CHECK(image.at(second + 5, 40 + 5).r == 68);
}
