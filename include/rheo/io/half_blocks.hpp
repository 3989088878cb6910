// SPDX-License-Identifier: MIT
// half_blocks: a picture as text for a terminal, two pixels a character, in 24-bit colours or in the table of 256.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "rheo/io/plot.hpp"
#include "rheo/platform/terminal.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

namespace detail {

/// The mean colour of each of w x h equal parts of an image; no part is smaller than a pixel.
inline Image shrunk(const Image& image, int w, int h) {
  Image out(std::min(w, image.width), std::min(h, image.height));
  for (int y = 0; y < out.height; ++y) {
    const int y0 = y * image.height / out.height, y1 = (y + 1) * image.height / out.height;
    for (int x = 0; x < out.width; ++x) {
      const int x0 = x * image.width / out.width, x1 = (x + 1) * image.width / out.width;
      std::int64_t r = 0, g = 0, b = 0;
      const std::int64_t n = std::int64_t(x1 - x0) * (y1 - y0);
      for (int j = y0; j < y1; ++j) {
        for (int i = x0; i < x1; ++i) {
          const Rgb c = image.at(i, j);
          r += c.r, g += c.g, b += c.b;
        }
      }
      out.set(x, y,
              {static_cast<std::uint8_t>(r / n), static_cast<std::uint8_t>(g / n), static_cast<std::uint8_t>(b / n)});
    }
  }
  return out;
}

/// The parameters of an escape that sets a colour: after 38 the letter's, after 48 the ground's.
inline std::string colour_code(const char* which, Rgb c, platform::Colours colours) {
  if (colours == platform::Colours::all) {
    return which + (";2;" + std::to_string(c.r)) + ";" + std::to_string(c.g) + ";" + std::to_string(c.b);
  }
  const auto level = [](int v) { return (v * 5 + 127) / 255; };  // the table's cube of 6 x 6 x 6 begins at 16
  return which + (";5;" + std::to_string(16 + 36 * level(c.r) + 6 * level(c.g) + level(c.b)));
}

}  // namespace detail

/// The panels from left to right without titles, numbers and bars, 420 x 420 pixels each, 20 apart: what is left of a
/// picture where there is no room for letters.  Throws as draw_panels does.
inline Image draw_bare(const std::vector<Panel>& panels, const Box& box) {
  constexpr int side = detail::panel_side, gap = 20;
  detail::check_panels(panels, box);
  Image image(static_cast<int>(panels.size()) * (side + gap) - gap, side);
  int left = 0;
  for (const Panel& p : panels) {
    if (p.kind == Panel::Kind::heat_map) detail::draw_density(image, left, 0, p.values, detail::top_of(p));
    else detail::draw_points(image, left, 0, p.values, box);
    left += side + gap;
  }
  return image;
}

/// The image as lines of at most `columns` characters, each an upper half block whose two colours are two pixels, one
/// below the other; every line ends with the terminal's own colours.  Empty without colours or columns.
inline std::string half_blocks(const Image& image, int columns, platform::Colours colours) {
  if (colours == platform::Colours::none || columns < 1) return {};
  const int width = std::min(columns, image.width),
            lines = std::max(1, static_cast<int>(std::lround(0.5 * image.height * width / image.width)));
  const Image shown = detail::shrunk(image, width, 2 * lines);
  std::string text;
  for (int y = 0; y + 1 < shown.height; y += 2) {
    std::string last;
    for (int x = 0; x < shown.width; ++x) {
      const std::string code = "\x1b[" + detail::colour_code("38", shown.at(x, y), colours) + ";" +
                               detail::colour_code("48", shown.at(x, y + 1), colours) + "m";
      if (code != last) text += last = code;
      text += "\xe2\x96\x80";
    }
    text += "\x1b[0m\n";
  }
  return text;
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
