// SPDX-License-Identifier: MIT
// Tables of numbers as text: comma-, semicolon-, tab- or space-separated, read strictly, every error with its line and column.
#pragma once

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/io/csv_number.hpp"
#include "rheo/io/encoding.hpp"
#include "rheo/io/text.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

struct CsvOptions {
  enum class Header { guess, yes, no };

  std::vector<std::string> columns;  ///< names, 0-based numbers or ranges ("2-5", both ends in), in the order wanted; none = all
  char delimiter = 0;                ///< ',', ';', tab, ' ' (runs of blanks) or another; 0 = guess among these four
  bool drop_missing = false;         ///< leave out rows that lack a number instead of giving up
  Header header = Header::guess;     ///< guess: the first row holds text in every wanted column
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
      const bool comment = text_[at_] == '#' && csv_error_mark(text_.substr(at_)) == 0;
      if (!comment && !line_ends()) break;
      if (at_ == text_.size()) return false;
    }
    do {
      fields.push_back(field());
    } while (pass_delimiter());
    end_line();
    return true;
  }

  /// Goes to the next line, after LF, CR or CRLF.
  void end_line() {
    while (!line_ends()) ++at_;
    at_ += at_ == text_.size() ? 0 : ends_pair() ? 2 : 1;
    ++line_;
    column_ = 1;
  }

 private:
  void step() { column_ += (static_cast<unsigned char>(text_[at_++]) & 0xC0) != 0x80; }  // counts characters, not bytes, of UTF-8
  bool blank(char c) const { return c == ' ' || (c == '\t' && delimiter_ != '\t'); }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) step();
  }
  bool line_ends() const {
    return at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\r';
  }
  bool ends_pair() const { return text_.substr(at_, 2) == "\r\n"; }
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
        if (line_ends() && !ends_pair()) ++line_, column_ = 0;
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

/// Where in the text a byte is.
inline CsvField csv_place(std::string_view text, std::size_t at) {
  CsvField f{{}, 1, 1};
  for (std::size_t k = 0; k < at; ++k) {
    const bool line = text[k] == '\n' || (text[k] == '\r' && text.substr(k, 2) != "\r\n");
    f.line += line;
    f.column = line ? 1 : f.column + ((static_cast<unsigned char>(text[k]) & 0xC0) != 0x80);
  }
  return f;
}

inline constexpr std::string_view csv_never_parts = "\"#\r\n+-.";

/// What a first line "sep=;" says parts the fields (Excel's); 0 without one.
inline char csv_stated_delimiter(std::string_view text) {
  const bool sep = text.size() >= 5 && (text[0] | 32) == 's' && (text[1] | 32) == 'e' && (text[2] | 32) == 'p' && text[3] == '=';
  if (!sep || csv_never_parts.find(text[4]) != std::string_view::npos) return '\0';
  return text.size() == 5 || text[5] == '\n' || text[5] == '\r' ? text[4] : '\0';
}

/// The first of tab ; , blank that parts the first two records (a decimal comma loses to its semicolon); if none does, what parts the
/// first, so that a short second record is an error and not a second opinion.
inline char csv_delimiter(std::string_view text) {
  constexpr std::string_view candidates = "\t;, ";
  std::array<std::array<bool, 4>, 2> seen = {};
  std::size_t record = 0;
  for (std::size_t at = 0; at < text.size() && record < 2;) {
    bool quoted = false, blank_before = false, some = false;
    const auto head = std::min(text.find_first_not_of(" \t", at), text.size());
    const bool comment = head < text.size() && text[head] == '#' && csv_error_mark(text.substr(head)) == 0;
    for (; at < text.size() && ((text[at] != '\n' && text[at] != '\r') || (quoted && !comment)); ++at) {
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

/// The columns asked for, as places in a record of fields called `names`; why they are not there, or an empty string.
inline std::string csv_columns(const std::vector<std::string>& wanted, const std::vector<std::string>& names, std::vector<std::size_t>& places) {
  places.clear();
  for (std::size_t k = 0; wanted.empty() && k < names.size(); ++k) places.push_back(k);
  for (const std::string& want : wanted) {
    const auto found = std::find(names.begin(), names.end(), want);
    if (found != names.end()) {
      if (std::find(found + 1, names.end(), want) != names.end()) return "two columns are named '" + want + "': ask by number";
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
      return "no column '" + want + "' among " + std::to_string(names.size()) + ": " + all.substr(0, 400);
    }
    for (; from <= to; ++from) places.push_back(from);
  }
  return "";
}

/// The text of a field with its doubled quotes single.
inline std::string csv_unquoted(std::string_view field) {
  std::string text(field);
  for (auto q = text.find("\"\""); q != text.npos; q = text.find("\"\"", q + 1)) text.erase(q, 1);
  return text;
}

/// Puts the numbers of records one behind another.
class CsvNumbers {
 public:
  CsvNumbers(const std::string& name, const std::vector<std::size_t>& places, const std::vector<std::string>& names, std::size_t width, bool comma)
      : name_(name), places_(places), names_(names), width_(width), comma_(comma) {}

  /// `instead_of_names`: the row stands where a header may, and was found to be none.
  void take(const std::vector<CsvField>& row, bool instead_of_names = false) {
    if (row.size() != width_) {
      const auto count = std::to_string(row.size()) + (row.size() == 1 ? " field" : " fields");
      const CsvField& at = row.size() > width_ ? row[width_] : row.back();
      const bool ended = row.size() == width_ + 1 && row.back().text.empty();
      csv_error(name_, at, "this row has " + count + (ended ? ", the last of them empty behind a delimiter" : "") + ", the first has " + std::to_string(width_));
    }
    const std::size_t had = values_.size();
    bool whole = true;
    for (std::size_t column = 0; column < places_.size(); ++column) {
      const std::size_t k = places_[column];
      const CsvNumber x = csv_number(row[k].text, comma_);
      if (x.kind == CsvKind::text || x.kind == CsvKind::refused) refuse(row, k, x, instead_of_names);
      if (x.kind == CsvKind::missing && !lack_) lack_ = row[k], lacking_ = column;
      whole &= x.kind == CsvKind::number;
      if (comma_ && x.kind == CsvKind::number) one_mark(row[k]);
      values_.push_back(x.value);
    }
    if (whole) return;
    ++dropped_;
    values_.resize(had);
  }
  /// The rows that lacked nothing; FileError if there are others, unless they may be dropped.
  Batch<double> values(bool drop_missing) const {
    if (lack_ && !drop_missing) {
      csv_error(name_, *lack_, "a number of column " + shown(names_[lacking_]) + " is missing or not finite (" + std::to_string(dropped_) +
                                   (dropped_ == 1 ? " row" : " rows") + " like this one): CsvOptions::drop_missing leaves them out");
    }
    const auto cols = static_cast<Index>(places_.size());
    using RowMajor = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const RowMajor>(values_.data(), cols ? static_cast<Index>(values_.size()) / cols : 0, cols);
  }
  Index dropped() const { return dropped_; }

 private:
  [[noreturn]] void refuse(const std::vector<CsvField>& row, std::size_t k, const CsvNumber& x, bool instead_of_names) const {
    std::string reason = shown(row[k].text) + " " + x.reason;
    const auto is_text = [&](std::size_t j) { return csv_number(row[j].text, comma_).kind == CsvKind::text; };
    const auto other = std::find_if_not(places_.begin(), places_.end(), is_text);
    if (instead_of_names && x.kind == CsvKind::text && other != places_.end()) {
      reason += ", and no name of a column beside " + shown(row[*other].text);
      reason += ": for a header that it may be, choose Header::yes";
    }
    csv_error(name_, row[k], reason);
  }
  /// A decimal comma here and a decimal point there: one of them may part thousands.
  void one_mark(const CsvField& f) {
    const bool comma = f.text.find(',') != f.text.npos;
    if (!comma && f.text.find('.') == f.text.npos) return;
    (comma ? with_comma_ : with_point_) = f;
    if (with_comma_ && with_point_) {
      const CsvField& other = comma ? *with_point_ : *with_comma_;
      csv_error(name_, f, shown(f.text) + " has a decimal " + (comma ? "comma" : "point") + ", " + shown(other.text) + " in line " +
                              std::to_string(other.line) + " a decimal " + (comma ? "point" : "comma"));
    }
  }

  const std::string& name_;
  const std::vector<std::size_t>& places_;
  const std::vector<std::string>& names_;
  std::size_t width_, lacking_ = 0;
  bool comma_;
  std::vector<double> values_;
  std::optional<CsvField> lack_, with_comma_, with_point_;
  Index dropped_ = 0;
};

}  // namespace detail

/// The numbers in `text`; `name` stands for it in errors.  UTF-8, other encodings that keep ASCII, UTF-16 with or without its mark; lines
/// ended by LF, CR or CRLF, also in turn, the last one or not; quoted fields ("" is a quote, line ends allowed); Excel's first line
/// "sep=;"; blank lines and lines beginning with # are passed over.  Every row must have as many fields as the first; only the wanted
/// columns need be numeric.  A first row with text in every wanted column is a header; any other is data, or an error. Numbers are
/// decimal, rounded once: with a point or none on either side of it, exponents after e, E, d, D or as 1.5-103 (Fortran), a sign of
/// either kind, U+2212 too, blanks around them, also such as do not break; 1e-400 is 0, 1e400 an error; a decimal comma where
/// semicolons part the fields, unless a decimal point stands elsewhere.  Separators of thousands, percentages and Fortran's *** are
/// errors that say so.  Empty fields, ?, NA, N/A, NULL, nan, inf and #N/A and its like are missing: an error that counts the rows,
/// unless drop_missing.  A header alone gives 0 rows.  Throws FileError, "name:line:column: reason", lines and characters counted from
/// 1.
inline CsvTable parse_csv(std::string_view text, const std::string& name, const CsvOptions& options = {}) {
  using namespace detail;
  if (text.size() > options.max_bytes) bad_file(name, "holds more than the " + std::to_string(options.max_bytes) + " bytes allowed");
  std::string room;
  text = as_utf8(text, room, name);
  if (const auto nul = text.find('\0'); nul != text.npos) csv_error(name, csv_place(text, nul), "a NUL byte: this is no text");
  const char stated = csv_stated_delimiter(text);
  const char given = options.delimiter ? options.delimiter : stated, delimiter = given ? given : csv_delimiter(text);
  if (csv_never_parts.find(delimiter) != std::string_view::npos) rheo::detail::fail("this character cannot part the fields of a table");
  CsvScanner scan(text, name, delimiter);
  if (stated) scan.end_line();
  std::vector<CsvField> row;
  if (!scan.next(row)) bad_file(name + ":1:1", "no rows");

  const bool comma = delimiter == ';';
  std::vector<std::string> texts, plain;
  for (std::size_t k = 0; k < row.size(); ++k) {
    plain.push_back("x" + std::to_string(k));
    texts.push_back(csv_unquoted(row[k].text));
  }
  const auto is_text = [&](std::size_t k) { return csv_number(row[k].text, comma).kind == CsvKind::text; };
  std::vector<std::size_t> places;
  std::string lost = csv_columns(options.columns, texts, places);
  if (!lost.empty()) csv_columns({}, texts, places);
  const bool guess = options.header == CsvOptions::Header::guess, all_text = std::all_of(places.begin(), places.end(), is_text);
  const bool header = options.header == CsvOptions::Header::yes || (guess && all_text);
  if (!header) lost = csv_columns(options.columns, plain, places);
  if (!lost.empty()) csv_error(name, row[0], lost);

  CsvTable table;
  for (const std::size_t k : places) table.names.push_back((header ? texts : plain)[k]);
  CsvNumbers numbers(name, places, table.names, row.size(), comma);
  if (!header) numbers.take(row, guess);
  while (scan.next(row)) numbers.take(row);
  table.values = numbers.values(options.drop_missing);
  table.dropped = numbers.dropped();
  return table;
}

/// parse_csv of a file's bytes.
inline CsvTable read_csv(const std::string& path, const CsvOptions& options = {}) {
  return parse_csv(read_file(path, options.max_bytes), path, options);
}

/// A header line (unless `names` is empty) and one line per row, comma-separated, 17 significant digits: reading gives the same doubles.
/// NaN and infinities are written as such, for a reader to find missing.  Throws std::invalid_argument unless there are as many names
/// as columns, and each is text to a reader that looks for a header.
inline std::string format_csv(const Input<double>& values, const std::vector<std::string>& names = {}) {
  std::string out;
  const CView<double> v = values.view();
  if (!names.empty() && static_cast<Index>(names.size()) != v.cols()) {
    rheo::detail::fail("there are " + std::to_string(names.size()) + " names for " + std::to_string(v.cols()) + " columns");
  }
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::string& n = names[k];
    if (detail::csv_number(n, true).kind != detail::CsvKind::text || n.find('\0') != n.npos) {
      rheo::detail::fail("the column name " + detail::shown(n) + " would not be read as a name");
    }
    const bool quote = n.find_first_of("\",;#\r\n\t =\xEF\xFE\xFF") != n.npos;
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

#include "rheo/platform/macros_on.hpp"
