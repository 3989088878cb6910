// SPDX-License-Identifier: MIT
// Pictures as text: two pixels a character, as wide as is allowed, colours that come back.
#include "rheo/io/half_blocks.hpp"

#include "catch.hpp"

namespace io_half_blocks {
using namespace rheo;
using platform::Colours;

TEST_CASE("a character is two pixels, one above the other") {
  io::Image image(2, 2);
  image.set(0, 0, {255, 0, 0}), image.set(0, 1, {0, 0, 255}), image.set(1, 0, {1, 2, 3}), image.set(1, 1, {4, 5, 6});
  CHECK(io::half_blocks(image, 80, Colours::all) ==
        "\x1b[38;2;255;0;0;48;2;0;0;255m\xe2\x96\x80\x1b[38;2;1;2;3;48;2;4;5;6m\xe2\x96\x80\x1b[0m\n");
  CHECK(io::half_blocks(image, 80, Colours::table) ==
        "\x1b[38;5;196;48;5;21m\xe2\x96\x80\x1b[38;5;16;48;5;16m\xe2\x96\x80\x1b[0m\n");
  CHECK(io::half_blocks(image, 80, Colours::none).empty());
  CHECK(io::half_blocks(image, 0, Colours::all).empty());
}

TEST_CASE("an image is as wide as is allowed, keeps its shape, and its parts their mean colours") {
  io::Image image(300, 200, {10, 20, 30});
  image.rect(150, 0, 150, 200, {200, 100, 50});
  const std::string text = io::half_blocks(image, 30, Colours::all);
  CHECK(std::count(text.begin(), text.end(), '\n') == 10);
  std::size_t blocks = 0, codes = 0;
  for (std::size_t at = 0; (at = text.find("\xe2\x96\x80", at)) != std::string::npos; ++at) ++blocks;
  for (std::size_t at = 0; (at = text.find("\x1b[38", at)) != std::string::npos; ++at) ++codes;
  CHECK(blocks == 300);
  CHECK(codes == 20);  // where a colour ends and where the next begins
  CHECK(text.find("38;2;10;20;30;48;2;10;20;30m") != std::string::npos);
  CHECK(text.find("38;2;200;100;50;48;2;200;100;50m") != std::string::npos);
}

TEST_CASE("bare panels are those of a plot without its letters") {
  const io::Box box{0, 1, 0, 1};
  const Batch<double> density = Batch<double>::Ones(3, 3), points = Batch<double>::Constant(1, 2, 0.5);
  const io::Image image = io::draw_bare({io::Panel::heat_map("a", density), io::Panel::scatter("b", points)}, box);
  CHECK(image.width == 860);
  CHECK(image.height == 420);
  CHECK(image.at(0, 0) == io::colour_map(1));
  CHECK(image.at(430, 100) == io::Rgb{255, 255, 255});
  CHECK(image.at(440 + 210, 210) != io::Rgb{255, 255, 255});
  CHECK_THROWS_AS(io::draw_bare({}, box), std::invalid_argument);
  CHECK_THROWS_AS(io::draw_bare({io::Panel::scatter("b", Batch<double>::Ones(1, 3))}, box), std::invalid_argument);
}

TEST_CASE("a file is no terminal and has no colours") {
  std::FILE* f = std::tmpfile();
  REQUIRE(f);
  CHECK(platform::terminal_colours(f) == Colours::none);
  std::fclose(f);
}
}  // namespace io_half_blocks
