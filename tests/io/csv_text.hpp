// SPDX-License-Identifier: MIT
// Tables in short: what a text gives, or what is said of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rheo/io/csv.hpp"

namespace rheo_test {

using Names = std::vector<std::string>;

/// The rows as "1 2|3 4|".
inline std::string values(const std::string& text, const rheo::io::CsvOptions& options = {}) {
  std::string out;
  const auto t = rheo::io::parse_csv(text, "t", options);
  for (rheo::Index i = 0; i < t.values.rows(); ++i) {
    for (rheo::Index j = 0; j < t.values.cols(); ++j)
      out += (j ? " " : "") + rheo::io::detail::general(t.values(i, j), 15);
    out += "|";
  }
  return out;
}
/// The rows, or the refusal without "rheo: ".
inline std::string values_or_error(const std::string& text, const rheo::io::CsvOptions& options = {}) {
  try {
    return values(text, options);
  } catch (const rheo::FileError& e) { return std::string(e.what()).substr(6); }
}
inline rheo::io::CsvOptions wanting(Names columns) {
  rheo::io::CsvOptions o;
  o.columns = std::move(columns);
  return o;
}
inline rheo::io::CsvOptions dropping() {
  rheo::io::CsvOptions o;
  o.drop_missing = true;
  return o;
}

}  // namespace rheo_test
