// SPDX-License-Identifier: MIT
// What tests ask of pictures: whether something touches their edge, and how light a colour is.
#pragma once

#include <cmath>
#include <string>

#include "rheo/io/png.hpp"

namespace rheo_test {

inline double linear(double v) {
  return v <= 0.04045 * 255 ? v / 255 / 12.92 : std::pow((v / 255 + 0.055) / 1.055, 2.4);
}
inline double luminance(rheo::io::Rgb c) { return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b); }

/// The luminance of a colour to those who do not see red, or green (Machado, Oliveira and Fernandes 2009, severity 1).
inline double luminance_without(rheo::io::Rgb c, bool red) {
  constexpr double of[2][3][3] = {
      {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
      {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}};
  constexpr double weights[3] = {0.2126, 0.7152, 0.0722};
  double sum = 0;
  for (int k = 0; k < 3; ++k)
    sum += weights[k] * (of[red][k][0] * linear(c.r) + of[red][k][1] * linear(c.g) + of[red][k][2] * linear(c.b));
  return sum;
}

/// Pixels of the outermost `wide` rows and columns that are not white.
inline int on_edge(const rheo::io::Image& m, int wide = 3) {
  int n = 0;
  for (int y = 0; y < m.height; ++y) {
    for (int x = 0; x < m.width; ++x) {
      const bool edge = x < wide || y < wide || x >= m.width - wide || y >= m.height - wide;
      n += edge && m.at(x, y) != rheo::io::Rgb{255, 255, 255};
    }
  }
  return n;
}

/// Where a text stands in a picture, by its rectangle of pixels on white, first from the top; {-1, -1} where it does
/// not.
struct Place {
  int x = -1, y = -1;
};
inline Place place_of(const rheo::io::Image& m, const std::string& text, rheo::io::Rgb colour) {
  const int w = rheo::io::Image::text_width(text), h = 14;
  rheo::io::Image alone(w, h);
  alone.text(0, 0, text, colour);
  const auto here = [&](int x, int y) {
    for (int j = 0; j < h; ++j) {
      for (int i = 0; i < w; ++i) {
        if (m.at(x + i, y + j) != alone.at(i, j)) return false;
      }
    }
    return true;
  };
  for (int y = 0; y + h <= m.height; ++y) {
    for (int x = 0; x + w <= m.width; ++x) {
      if (here(x, y)) return {x, y};
    }
  }
  return {};
}

}  // namespace rheo_test
