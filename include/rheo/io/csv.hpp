// SPDX-License-Identifier: MIT
// Tables of numbers as text: comma-, semicolon-, tab- or space-separated, read strictly, every error with its line and column.
#pragma once

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/io/file.hpp"
#include "rheo/io/text.hpp"

#include "rheo/core/macros_off.hpp"

namespace rheo::io {

struct CsvOptions {
  enum class Header { guess, yes, no };

  std::vector<std::string> columns;  ///< names, 0-based numbers or ranges ("2-5", both ends in), in the order wanted; none = all
  char delimiter = 0;                ///< ',', ';', tab, ' ' (runs of blanks) or another; 0 = guess among these four
  bool drop_missing = false;         ///< leave out rows that lack a number instead of giving up
  Header header = Header::guess;     ///< guess: the first row holds text in a wanted column, or where the second row holds none
  std::size_t max_bytes = default_max_bytes;
};

struct CsvTable {
  Batch<double> values;            ///< rows x columns, all finite
  std::vector<std::string> names;  ///< one per column: the header's, else x0, x1, ... by place in the file
  Index dropped = 0;               ///< rows left out by drop_missing
};

namespace detail {

struct CsvField {
  std::string_view text;     // between the quotes, if there are any, else without the blanks around it
  std::size_t line, column;  // of its first character that is no blank
};

[[noreturn]] inline void csv_error(const std::string& name, const CsvField& f, const std::string& reason) {
  bad_file(name + ":" + std::to_string(f.line) + ":" + std::to_string(f.column), reason);
}

enum class CsvKind { number, missing, text, too_large };

/// What a field holds; `value` is set for numbers.  Empty, NA, nan and inf are missing.
inline CsvKind csv_number(std::string_view s, double& value) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  if (s.empty() || s == "NA") return CsvKind::missing;
  if (s[0] == '+' && s.size() > 1 && s[1] != '-') s.remove_prefix(1);
  const char* end = s.data() + s.size();
  const auto [stop, error] = std::from_chars(s.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return CsvKind::text;
  if (error == std::errc()) return std::isfinite(value) ? CsvKind::number : CsvKind::missing;
  // Out of range, but which end?  The exponent of the first digit that is not 0 tells; such text is far from 1 either way.
  const auto e = s.find_first_of("eE");
  const std::string_view digits = s.substr(0, e);
  const auto first = digits.find_first_of("123456789"), point = std::min(digits.find('.'), digits.size());
  long long power = 0;
  bool negative = false;
  if (e != s.npos) {
    negative = s[e + 1] == '-';
    const char* from = s.data() + e + 1 + (negative || s[e + 1] == '+');
    if (std::from_chars(from, end, power).ec != std::errc()) power = 1LL << 60;
  }
  const auto place = static_cast<long long>(point) - static_cast<long long>(first);
  value = 0;
  return (negative ? -power : power) + place > 0 ? CsvKind::too_large : CsvKind::number;
}

/// Walks over the records of a text.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, const std::string& name, char delimiter) : text_(text), name_(&name), delimiter_(delimiter) {}

  /// The next record's fields; false at the end.  Lines that are blank or begin with # are passed over.
  bool next(std::vector<CsvField>& fields) {
    fields.clear();
    for (;; end_line()) {
      skip_blanks();
      if (at_ == text_.size()) return false;
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') step();
      }
      if (!line_ends()) break;
      if (at_ == text_.size()) return false;
    }
    do {
      fields.push_back(field());
    } while (pass_delimiter());
    end_line();
    return true;
  }

 private:
  void step() { column_ += (static_cast<unsigned char>(text_[at_++]) & 0xC0) != 0x80; }  // counts characters, not bytes, of UTF-8
  bool blank(char c) const { return c == ' ' || (c == '\t' && delimiter_ != '\t'); }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) step();
  }
  bool line_ends() const {
    const auto rest = text_.substr(at_, 2);
    return rest.empty() || rest[0] == '\n' || rest == "\r\n" || rest == "\r";
  }
  void end_line() {
    while (at_ < text_.size() && text_[at_++] != '\n') {
    }
    ++line_;
    column_ = 1;
  }
  bool at_delimiter() const { return at_ < text_.size() && (delimiter_ == ' ' ? blank(text_[at_]) : text_[at_] == delimiter_); }
  bool pass_delimiter() {
    if (line_ends() || !at_delimiter()) return false;
    step();
    if (delimiter_ != ' ') return true;
    skip_blanks();
    return !line_ends();
  }

  CsvField field() {
    skip_blanks();
    CsvField f{{}, line_, column_};
    auto from = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      step();
      for (from = at_; at_ < text_.size() && (text_[at_] != '"' || text_.substr(at_, 2) == "\"\""); step()) {
        if (text_[at_] == '"') step();
        if (text_[at_] == '\n') ++line_, column_ = 0;
      }
      if (at_ == text_.size()) csv_error(*name_, f, "the quote is never closed");
      f.text = text_.substr(from, at_ - from);
      step();
      if (delimiter_ != ' ') skip_blanks();
      if (!line_ends() && !at_delimiter()) csv_error(*name_, f, "text after the closing quote");
      return f;
    }
    while (!line_ends() && !at_delimiter()) step();
    f.text = text_.substr(from, at_ - from);
    while (!f.text.empty() && blank(f.text.back())) f.text.remove_suffix(1);
    return f;
  }

  std::string_view text_;
  const std::string* name_;
  char delimiter_;
  std::size_t at_ = 0, line_ = 1, column_ = 1;
};

/// The first of tab ; , blank that parts the first two records (a decimal comma loses to its semicolon); if none does, what parts the
/// first, so that a short second record is an error and not a second opinion.
inline char csv_delimiter(std::string_view text) {
  constexpr std::string_view candidates = "\t;, ";
  std::array<std::array<bool, 4>, 2> seen = {};
  std::size_t record = 0;
  for (std::size_t at = 0; at < text.size() && record < 2;) {
    bool quoted = false, blank_before = false, some = false;
    const bool comment = text.find_first_not_of(" \t", at) == text.find('#', at);
    for (; at < text.size() && (text[at] != '\n' || (quoted && !comment)); ++at) {
      if (text[at] == '"') quoted = !quoted;
      const auto k = candidates.find(text[at]);
      if (k == text.npos && text[at] != '\r') {
        seen[record][3] |= some && blank_before;
        some = true;
        blank_before = false;
      } else if (k < 3 && !quoted) {
        seen[record][k] = true;
      } else if (k == 3 && !quoted) {
        blank_before = true;
      }
    }
    ++at;
    if (comment || !some) {
      seen[record] = {};
    } else {
      ++record;
    }
  }
  for (std::size_t k = 0; k < 4; ++k) {
    if (seen[0][k] && (record < 2 || seen[1][k])) return candidates[k];
  }
  for (std::size_t k = 0; k < 3; ++k) {
    if (seen[0][k]) return candidates[k];
  }
  return ',';
}

/// The columns asked for, as places in the record `first`, whose texts are `names`.
inline std::vector<std::size_t> csv_columns(const std::vector<std::string>& wanted, const std::vector<std::string>& names,
                                            const std::string& file, const CsvField& first) {
  std::vector<std::size_t> places;
  for (std::size_t k = 0; wanted.empty() && k < names.size(); ++k) places.push_back(k);
  for (const std::string& want : wanted) {
    const auto found = std::find(names.begin(), names.end(), want);
    if (found != names.end()) {
      if (std::find(found + 1, names.end(), want) != names.end())
        csv_error(file, first, "two columns are named '" + want + "': ask by number");
      places.push_back(static_cast<std::size_t>(found - names.begin()));
      continue;
    }
    std::size_t from = 0, to = 0;
    const char* end = want.data() + want.size();
    auto [stop, error] = std::from_chars(want.data(), end, from);
    to = from;
    if (error == std::errc() && stop != end && *stop == '-') {
      const auto second = std::from_chars(stop + 1, end, to);
      stop = second.ptr;
      error = second.ec;
    }
    if (error != std::errc() || stop != end || to < from || to >= names.size()) {
      std::string all;
      for (const auto& n : names) all += (all.empty() ? "" : ", ") + n;
      csv_error(file, first, "no column '" + want + "' among " + std::to_string(names.size()) + ": " + all.substr(0, 400));
    }
    for (; from <= to; ++from) places.push_back(from);
  }
  return places;
}

}  // namespace detail

/// The numbers in `text`; `name` stands for it in errors.  Quoted fields ("" is a quote, line ends allowed), CRLF, a missing last line end,
/// blank lines and lines beginning with # are understood; every row must have as many fields as the first; only the wanted columns need be
/// numeric.  A number is what std::from_chars takes, whole, after a leading '+' is stripped: 1e-400 is 0, 1e400 an error.  Empty fields,
/// NA, nan and inf are missing: an error that counts the rows, unless drop_missing.  A header alone gives 0 rows. Throws FileError,
/// "name:line:column: reason", lines and characters counted from 1.
inline CsvTable parse_csv(std::string_view text, const std::string& name, const CsvOptions& options = {}) {
  using namespace detail;
  if (options.delimiter && std::string_view("\"#\r\n+-.").find(options.delimiter) != std::string_view::npos) {
    rheo::detail::fail("this character cannot part the fields of a table");
  }
  if (text.size() > options.max_bytes) bad_file(name, "holds more than the " + std::to_string(options.max_bytes) + " bytes allowed");
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);  // the byte order mark spreadsheets write
  CsvScanner scan(text, name, options.delimiter ? options.delimiter : csv_delimiter(text));
  std::vector<CsvField> row;
  if (!scan.next(row)) bad_file(name + ":1:1", "no rows");
  const std::vector<CsvField> first = row;
  const std::size_t width = first.size();

  CsvScanner ahead = scan;
  const bool two = ahead.next(row) && row.size() == width;
  double x = 0;
  const auto is_text = [&](const CsvField& f) { return csv_number(f.text, x) == CsvKind::text; };
  std::vector<std::string> texts, plain;
  for (std::size_t k = 0; k < width; ++k) {
    plain.push_back("x" + std::to_string(k));
    texts.emplace_back(first[k].text);
    for (auto q = texts[k].find("\"\""); q != std::string::npos; q = texts[k].find("\"\"", q + 1)) texts[k].erase(q, 1);
  }
  bool header = options.header == CsvOptions::Header::yes;
  if (options.header == CsvOptions::Header::guess) {
    for (std::size_t k = 0; k < width; ++k) {
      const bool wanted_by_name = std::find(options.columns.begin(), options.columns.end(), texts[k]) != options.columns.end();
      header |= is_text(first[k]) && (options.columns.empty() || wanted_by_name || !two || !is_text(row[k]));
    }
  }
  const auto& names = header ? texts : plain;
  std::vector<std::size_t> places = csv_columns(options.columns, names, name, first[0]);
  if (options.header == CsvOptions::Header::guess && !header) {  // text in a wanted column cannot be data
    header = std::any_of(places.begin(), places.end(), [&](std::size_t k) { return is_text(first[k]); });
    if (header) places = csv_columns(options.columns, texts, name, first[0]);
  }

  CsvTable table;
  for (const std::size_t k : places) table.names.push_back((header ? texts : plain)[k]);
  std::vector<double> values;
  std::optional<CsvField> lack;
  for (bool more = true, fresh = !header; more; fresh = false) {
    if (fresh) {
      row = first;
    } else if (!(more = scan.next(row))) {
      break;
    }
    if (row.size() != width) {
      const auto count = std::to_string(row.size()) + (row.size() == 1 ? " field" : " fields");
      csv_error(name, row.size() > width ? row[width] : row.back(), "this row has " + count + ", the first has " + std::to_string(width));
    }
    const std::size_t had = values.size();
    bool whole = true;
    for (const std::size_t k : places) {
      const CsvKind kind = csv_number(row[k].text, x);
      const auto shown = [&] { return "'" + std::string(row[k].text.substr(0, 40)) + "'"; };
      if (kind == CsvKind::text) csv_error(name, row[k], shown() + " is not a number");
      if (kind == CsvKind::too_large) csv_error(name, row[k], shown() + " is too large for a double");
      if (kind == CsvKind::missing && !lack) lack = row[k];
      whole &= kind == CsvKind::number;
      values.push_back(x);
    }
    if (whole) continue;
    ++table.dropped;
    values.resize(had);
  }
  if (lack && !options.drop_missing) {
    csv_error(name, *lack,
              "missing or not finite (" + std::to_string(table.dropped) + (table.dropped == 1 ? " row" : " rows") + " like this one)");
  }
  const auto cols = static_cast<Index>(places.size());
  using RowMajor = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  table.values = Eigen::Map<const RowMajor>(values.data(), cols ? static_cast<Index>(values.size()) / cols : 0, cols);
  return table;
}

/// parse_csv of a file's bytes.
inline CsvTable read_csv(const std::string& path, const CsvOptions& options = {}) {
  return parse_csv(read_file(path, options.max_bytes), path, options);
}

/// A header line (unless `names` is empty) and one line per row, comma-separated, 17 significant digits: reading gives the same doubles.
/// Throws std::invalid_argument unless there are as many names as columns.
inline std::string format_csv(const Input<double>& values, const std::vector<std::string>& names = {}) {
  std::string out;
  const CView<double> v = values.view();
  if (!names.empty() && static_cast<Index>(names.size()) != v.cols()) {
    rheo::detail::fail("there are " + std::to_string(names.size()) + " names for " + std::to_string(v.cols()) + " columns");
  }
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::string& n = names[k];
    const bool quote = n.empty() || n.find_first_of("\",;#\r\n\t") != n.npos || n.front() == ' ' || n.back() == ' ';
    out += k ? "," : "";
    out += quote ? "\"" : "";
    for (const char c : n) out.append(c == '"' ? 2 : 1, c);
    out += quote ? "\"" : "";
  }
  if (!names.empty()) out += '\n';
  for (Index i = 0; i < v.rows(); ++i) {
    for (Index j = 0; j < v.cols(); ++j) out.append(j ? "," : "").append(detail::general(v(i, j), 17));
    out += '\n';
  }
  return out;
}

/// format_csv into a file, whole or not at all (see write_file).
inline void write_csv(const std::string& path, const Input<double>& values, const std::vector<std::string>& names = {}) {
  write_file(path, format_csv(values, names));
}

}  // namespace rheo::io

#include "rheo/core/macros_on.hpp"
