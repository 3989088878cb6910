// SPDX-License-Identifier: MIT
// Damages a small valid file in every way a test can afford: a reader must parse it or throw FileError, nothing else.
#pragma once

#include <string>

#include "rheo/core/fail.hpp"
#include "rheo/core/noise.hpp"

struct Outcome {
  int parsed = 0, refused = 0;
  template <class Parse> void attempt(Parse&& parse, const std::string& bytes) {
    try {
      parse(bytes);
      ++parsed;
    } catch (const rheo::FileError&) { ++refused; }
  }
};

/// The file cut off before every one of its bytes.
template <class Parse> Outcome truncations(const std::string& whole, Parse&& parse) {
  Outcome o;
  for (std::size_t n = 0; n < whole.size(); ++n) o.attempt(parse, std::string(whole.data(), n));
  return o;
}

/// `times` copies with one to three bytes replaced, the same ones on every run.
template <class Parse> Outcome mutations(const std::string& whole, int times, Parse&& parse) {
  Outcome o;
  const rheo::Noise noise{11};
  for (rheo::Index i = 0; i < times; ++i) {
    std::string bytes = whole;
    for (rheo::Index j = 0; j <= i % 3; ++j) {
      const auto at = static_cast<std::size_t>(noise.index(i, 2 * j, static_cast<rheo::Index>(bytes.size())));
      bytes[at] = static_cast<char>(noise.index(i, 2 * j + 1, 256));
    }
    o.attempt(parse, bytes);
  }
  return o;
}
