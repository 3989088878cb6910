// SPDX-License-Identifier: MIT
// Tables of numbers as text: comma-, semicolon-, tab- or space-separated, read strictly, every error with its line and
// column.
#pragma once

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/io/csv_number.hpp"
#include "rheo/io/csv_records.hpp"
#include "rheo/io/encoding.hpp"
#include "rheo/io/text.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

/// What read_csv gives.
struct CsvTable {
  Batch<double> values;            ///< rows x columns, all finite
  std::vector<std::string> names;  ///< one per column: the header's, else x0, x1, ... by place in the file
  Index dropped = 0;               ///< rows left out by drop_missing
};

namespace detail {

/// Puts the numbers of records one behind another.
class CsvNumbers {
 public:
  CsvNumbers(const std::string& name, const std::vector<std::size_t>& places, const std::vector<std::string>& names,
             std::size_t width, bool comma)
      : name_(name), places_(places), names_(names), width_(width), comma_(comma) {}

  /// `instead_of_names`: the row stands where a header may, and was found to be none.
  void take(const std::vector<CsvField>& row, bool instead_of_names = false) {
    if (const CsvFault f = csv_width_fault(row, width_); !f.reason.empty()) csv_error(name_, f.at, f.reason);
    const std::size_t had = values_.size();
    bool whole = true;
    for (std::size_t column = 0; column < places_.size(); ++column) {
      const std::size_t k = places_[column];
      const CsvNumber x = csv_number(row[k].text, comma_);
      if (x.kind == CsvKind::text || x.kind == CsvKind::refused) refuse(row, k, x, instead_of_names);
      if (x.kind == CsvKind::missing && !lack_) lack_ = row[k], lacking_ = column;
      whole &= x.kind == CsvKind::number;
      if (comma_ && x.kind == CsvKind::number) {
        if (const std::string fault = mark_.fault(row[k]); !fault.empty()) csv_error(name_, row[k], fault);
      }
      values_.push_back(x.value);
    }
    if (whole) return;
    ++dropped_;
    values_.resize(had);
  }
  /// The rows that lacked nothing; FileError if there are others, unless they may be dropped.
  Batch<double> values(bool drop_missing) const {
    if (lack_ && !drop_missing) {
      csv_error(name_, *lack_,
                "a number of column " + shown(names_[lacking_]) + " is missing or not finite (" +
                    std::to_string(dropped_) + (dropped_ == 1 ? " row" : " rows") +
                    " like this one): CsvOptions::drop_missing leaves them out");
    }
    const auto cols = static_cast<Index>(places_.size());
    using RowMajor = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const RowMajor>(values_.data(), cols ? static_cast<Index>(values_.size()) / cols : 0, cols);
  }
  Index dropped() const { return dropped_; }

 private:
  [[noreturn]] void refuse(const std::vector<CsvField>& row, std::size_t k, const CsvNumber& x,
                           bool instead_of_names) const {
    std::string reason = shown(row[k].text) + " " + x.reason;
    const auto is_text = [&](std::size_t j) { return csv_number(row[j].text, comma_).kind == CsvKind::text; };
    const auto other = std::find_if_not(places_.begin(), places_.end(), is_text);
    if (instead_of_names && x.kind == CsvKind::text && other != places_.end()) {
      reason += ", and no name of a column beside " + shown(row[*other].text);
      reason += ": for a header that it may be, choose Header::yes";
    }
    csv_error(name_, row[k], reason);
  }

  const std::string& name_;
  const std::vector<std::size_t>& places_;
  const std::vector<std::string>& names_;
  std::size_t width_, lacking_ = 0;
  bool comma_;
  std::vector<double> values_;
  std::optional<CsvField> lack_;
  CsvMark mark_;
  Index dropped_ = 0;
};

}  // namespace detail

/// The numbers in `text`; `name` stands for it in errors.  UTF-8, other encodings that keep ASCII, UTF-16 with or
/// without its mark; lines ended by LF, CR or CRLF, also in turn, the last one or not; quoted fields ("" is a quote,
/// line ends allowed); Excel's first line "sep=;"; blank lines and lines beginning with # are passed over.  Every row
/// must have as many fields as the first; only the wanted columns need be numeric.  A first row with text in every
/// wanted column is a header; any other is data, or an error. Numbers are decimal, rounded once: with a point or none
/// on either side of it, exponents after e, E, d, D or as 1.5-103 (Fortran), a sign of either kind, U+2212 too, blanks
/// around them, also such as do not break; 1e-400 is 0, 1e400 an error; a decimal comma where semicolons part the
/// fields, unless a decimal point stands elsewhere.  Separators of thousands, percentages and Fortran's *** are errors
/// that say so.  Empty fields, ?, NA, N/A, NULL, nan, inf and #N/A and its like are missing: an error that counts the
/// rows, unless drop_missing.  A header alone gives 0 rows.  Throws FileError, "name:line:column: reason", lines and
/// characters counted from 1.
inline CsvTable parse_csv(std::string_view text, const std::string& name, const CsvOptions& options = {}) {
  using namespace detail;
  if (text.size() > options.max_bytes)
    bad_file(name, "holds more than the " + std::to_string(options.max_bytes) + " bytes allowed");
  std::string room;
  text = as_utf8(text, room, name);
  if (const auto nul = text.find('\0'); nul != text.npos)
    csv_error(name, csv_place(text, nul), "a NUL byte: this is no text");
  const char stated = csv_stated_delimiter(text);
  const char given = options.delimiter ? options.delimiter : stated, delimiter = given ? given : csv_delimiter(text);
  if (csv_never_parts.find(delimiter) != std::string_view::npos)
    rheo::detail::fail("this character cannot part the fields of a table");
  CsvScanner scan(text, name, delimiter);
  if (stated) scan.end_line();
  std::vector<CsvField> row;
  if (!scan.next(row)) bad_file(name + ":1:1", "no rows");

  const bool comma = delimiter == ';', guess = options.header == CsvOptions::Header::guess;
  const CsvLayout layout(row, options.columns, options.header, comma, name);
  CsvTable table;
  for (const std::size_t k : layout.places) table.names.push_back(layout.names[k]);
  CsvNumbers numbers(name, layout.places, table.names, row.size(), comma);
  if (!layout.header) numbers.take(row, guess);
  while (scan.next(row)) numbers.take(row);
  table.values = numbers.values(options.drop_missing);
  table.dropped = numbers.dropped();
  return table;
}

/// parse_csv of a file's bytes.
inline CsvTable read_csv(const std::string& path, const CsvOptions& options = {}) {
  return parse_csv(read_file(path, options.max_bytes), path, options);
}

/// A header line (unless `names` is empty) and one line per row, comma-separated, 17 significant digits: reading gives
/// the same doubles. NaN and infinities are written as such, for a reader to find missing.  Throws
/// std::invalid_argument unless there are as many names as columns, and each is text to a reader that looks for a
/// header.
inline std::string format_csv(const Input<double>& values, const std::vector<std::string>& names = {}) {
  std::string out;
  const CView<double> v = values.view();
  if (!names.empty() && static_cast<Index>(names.size()) != v.cols()) {
    rheo::detail::fail("there are " + std::to_string(names.size()) + " names for " + std::to_string(v.cols()) +
                       " columns");
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
inline void write_csv(const std::string& path, const Input<double>& values,
                      const std::vector<std::string>& names = {}) {
  write_file(path, format_csv(values, names));
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
