// SPDX-License-Identifier: MIT
// A strict reader of delimited text, and a writer.  Every complaint says file, line and column.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/io/file.hpp"

namespace rheo::io {

struct CsvOptions {
  std::vector<std::string> columns{};  ///< names, or numbers from 0; empty: all
  char delimiter = 0;                  ///< 0: the first of comma, semicolon, tab, space that the first line has
  bool drop_missing = false;           ///< drop rows with an empty or non-finite field instead of refusing them
};

struct CsvTable {
  Batch<double> values;            ///< rows x chosen columns
  std::vector<std::string> names;  ///< of the chosen columns; "0", "1", ... without a header
  Index dropped = 0;               ///< rows left out by drop_missing
};

namespace detail {

[[noreturn]] inline void complain(const std::string& name, std::size_t line, std::size_t column, const std::string& reason) {
  rheo::detail::fail<FileError>(name + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + reason);
}

struct Field {
  std::string text;
  std::size_t column;  // from 1
};

/// Splits one line; double quotes protect delimiters, doubled ones stand for one.
inline std::vector<Field> split(std::string_view line, char delimiter, const std::string& name, std::size_t number) {
  std::vector<Field> fields;
  for (std::size_t at = 0;;) {
    if (delimiter == ' ') {
      while (at < line.size() && line[at] == ' ') ++at;
      if (at == line.size() && !fields.empty()) return fields;
    }
    Field f{"", at + 1};
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at == line.size()) complain(name, number, f.column, "a quote is not closed");
        if (line[at] != '"') {
          f.text += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          f.text += line[++at];
        } else {
          break;
        }
      }
      ++at;
      if (at < line.size() && line[at] != delimiter) complain(name, number, at + 1, "text behind a closing quote");
    } else {
      while (at < line.size() && line[at] != delimiter) f.text += line[at++];
    }
    const auto first = f.text.find_first_not_of(" \t"), last = f.text.find_last_not_of(" \t");
    f.text = first == std::string::npos ? "" : f.text.substr(first, last - first + 1);
    fields.push_back(std::move(f));
    if (at == line.size()) return fields;
    ++at;
  }
}

enum class Number { good, missing, bad };

/// The whole field as a number; nan and inf count as missing, an overflow is bad, an underflow is 0.
inline Number number(std::string_view text, double& value) {
  if (text.empty()) return Number::missing;
  if (text[0] == '+') text.remove_prefix(1);
  value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return Number::bad;
  if (error == std::errc::result_out_of_range) {
    const auto e = text.find_first_of("eE");
    if (e == std::string_view::npos || e + 1 >= text.size() || text[e + 1] != '-') return Number::bad;
    value = 0;
  }
  return std::isfinite(value) ? Number::good : Number::missing;
}

}  // namespace detail

/// Parses `text`; `name` stands for the file in complaints.  Lines beginning with # and empty lines are skipped, CRLF is fine, a first line
/// with a field that is no number is a header.  Throws FileError "name:line:column: reason".
inline CsvTable parse_csv(std::string_view text, const std::string& name, const CsvOptions& options = {}) {
  CsvTable table;
  std::vector<Index> chosen;
  std::vector<double> values;
  std::size_t number = 0, width = 0;
  Index n = 0;
  char delimiter = options.delimiter;
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    if (const auto zero = line.find('\0'); zero != std::string_view::npos) detail::complain(name, number, zero + 1, "a zero byte: this is not text");
    if (delimiter == 0) {
      for (char c : {',', ';', '\t', ' '}) {
        if (delimiter == 0 && line.find(c) != std::string_view::npos) delimiter = c;
      }
      if (delimiter == 0) delimiter = ',';
    }
    const auto fields = detail::split(line, delimiter, name, number);
    if (width == 0) {
      width = fields.size();
      bool header = false;
      for (const auto& f : fields) {
        double x;
        header = header || (detail::number(f.text, x) == detail::Number::bad && options.columns.empty()) ||
                 (!options.columns.empty() && std::find(options.columns.begin(), options.columns.end(), f.text) != options.columns.end() &&
                  detail::number(f.text, x) == detail::Number::bad);
      }
      for (std::size_t j = 0; j < width; ++j) {
        if (options.columns.empty()) {
          chosen.push_back(static_cast<Index>(j));
          table.names.push_back(header ? fields[j].text : std::to_string(j));
        }
      }
      for (const auto& want : options.columns) {
        Index at = -1;
        for (std::size_t j = 0; j < width && header; ++j) {
          if (fields[j].text == want) at = static_cast<Index>(j);
        }
        double x;
        if (at < 0 && detail::number(want, x) == detail::Number::good && x >= 0 && x < static_cast<double>(width) && x == std::floor(x)) at = static_cast<Index>(x);
        if (at < 0) detail::complain(name, number, 1, "there is no column '" + want + "'");
        chosen.push_back(at);
        table.names.push_back(header ? fields[static_cast<std::size_t>(at)].text : want);
        if (!header) {  // chosen by number: the line is a header if a chosen field is no number
          header = detail::number(fields[static_cast<std::size_t>(at)].text, x) == detail::Number::bad;
          if (header) table.names.back() = fields[static_cast<std::size_t>(at)].text;
        }
      }
      if (header) continue;
    }
    if (fields.size() != width) {
      detail::complain(name, number, line.size() + 1, std::to_string(fields.size()) + " fields where the first line has " + std::to_string(width));
    }
    const std::size_t before = values.size();
    for (Index j : chosen) {
      const auto& f = fields[static_cast<std::size_t>(j)];
      double x = 0;
      const auto found = detail::number(f.text, x);
      if (found == detail::Number::bad) detail::complain(name, number, f.column, "'" + f.text.substr(0, 40) + "' is not a number");
      if (found == detail::Number::missing) {
        if (!options.drop_missing) detail::complain(name, number, f.column, f.text.empty() ? "a field is empty" : "'" + f.text + "' is not finite");
        values.resize(before);
        ++table.dropped;
        break;
      }
      values.push_back(x);
    }
    n += values.size() > before;
  }
  if (width == 0) detail::complain(name, number == 0 ? 1 : number, 1, "no data");
  const auto columns = static_cast<Index>(chosen.size());
  table.values.resize(n, columns);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < columns; ++j) table.values(i, j) = values[static_cast<std::size_t>(i * columns + j)];
  }
  return table;
}

inline CsvTable read_csv(const std::string& path, const CsvOptions& options = {}) { return parse_csv(read_file(path), path, options); }

/// A header line and the shortest digits that tell each number apart, so that reading gives the same doubles.  Throws FileError when it cannot be written.
inline void write_csv(const std::string& path, const Batch<double>& x, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t j = 0; j < names.size(); ++j) text += (j ? "," : "") + names[j];
  text += '\n';
  char digits[40];
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) {
      if (j) text += ',';
      const auto end = std::to_chars(digits, digits + sizeof digits, x(i, j)).ptr;
      text.append(digits, end);
    }
    text += '\n';
  }
  write_file(path, text);
}

}  // namespace rheo::io
