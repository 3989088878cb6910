// SPDX-License-Identifier: MIT
// Records of a table of text: what parts their fields, which columns are wanted, whether the first of them is a header.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "rheo/io/csv_number.hpp"
#include "rheo/io/encoding.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

/// How a text of numbers is read.
struct CsvOptions {
  /// Whether the first row holds names.
  enum class Header { guess, yes, no };

  /// Names, 0-based numbers or ranges ("2-5", both ends in), in the order wanted; none = all.
  std::vector<std::string> columns{};
  char delimiter = 0;             ///< ',', ';', tab, ' ' (runs of blanks) or another; 0 = guess among these four
  bool drop_missing = false;      ///< leave out rows that lack a number instead of giving up
  Header header = Header::guess;  ///< guess: the first row holds text in every wanted column
  std::size_t max_bytes = default_max_bytes;  ///< a longer file is refused
};

namespace detail {

struct CsvField {
  std::string_view text;     // between the quotes, if there are any, else without the blanks around it
  std::size_t line, column;  // of its first character that is no blank
};

/// The decimal mark of the numbers of one table where both are read: a comma here and a point there are refused, since
/// one of them may part thousands.
class CsvMark {
 public:
  /// What is wrong with this number's mark beside those before it, or nothing.
  std::string fault(const CsvField& f) {
    const auto at = f.text.find_first_of(",.");
    if (at == f.text.npos) return {};
    const bool comma = f.text[at] == ',';
    if (mark_ == 0) mark_ = f.text[at], first_ = f.text, line_ = f.line;
    if (mark_ == f.text[at]) return {};
    return shown(f.text) + " has a decimal " + (comma ? "comma" : "point") + ", " + shown(first_) + " in line " +
           std::to_string(line_) + " a decimal " + (comma ? "point" : "comma");
  }

 private:
  char mark_ = 0;
  std::string first_;
  std::size_t line_ = 0;
};

[[noreturn]] inline void csv_error(const std::string& name, const CsvField& f, const std::string& reason) {
  bad_file(name + ":" + std::to_string(f.line) + ":" + std::to_string(f.column), reason);
}

/// What is wrong with a record, and where.
struct CsvFault {
  CsvField at{{}, 0, 0};
  std::string reason;  // empty: nothing
};

/// Walks over the records of a text that begins in this line of its file.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, const std::string& name, char delimiter, std::size_t line = 1)
      : text_(text), name_(&name), delimiter_(delimiter), line_(line) {}
  /// Faults of quotes go here in place of an error.
  void to(CsvFault* fault) { fault_ = fault; }

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
    do { fields.push_back(field()); } while (pass_delimiter());
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
  void step() {
    column_ += (static_cast<unsigned char>(text_[at_++]) & 0xC0) != 0x80;
  }  // counts characters, not bytes, of UTF-8
  bool blank(char c) const { return c == ' ' || (c == '\t' && delimiter_ != '\t'); }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) step();
  }
  bool line_ends() const { return at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }
  bool ends_pair() const { return text_.substr(at_, 2) == "\r\n"; }
  bool at_delimiter() const {
    return at_ < text_.size() && (delimiter_ == ' ' ? blank(text_[at_]) : text_[at_] == delimiter_);
  }
  bool pass_delimiter() {
    if (line_ends() || !at_delimiter()) return false;
    step();
    if (delimiter_ != ' ') return true;
    skip_blanks();
    return !line_ends();
  }

  void refuse(const CsvField& f, const char* reason) {
    if (!fault_) csv_error(*name_, f, reason);
    if (fault_->reason.empty()) *fault_ = {f, reason};
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
      if (at_ == text_.size()) {
        refuse(f, "the quote is never closed");
        return f;
      }
      f.text = text_.substr(from, at_ - from);
      step();
      if (delimiter_ != ' ') skip_blanks();
      if (!line_ends() && !at_delimiter()) refuse(f, "text after the closing quote");
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
  CsvFault* fault_ = nullptr;
  std::size_t at_ = 0, line_, column_ = 1;
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
  const bool sep =
      text.size() >= 5 && (text[0] | 32) == 's' && (text[1] | 32) == 'e' && (text[2] | 32) == 'p' && text[3] == '=';
  if (!sep || csv_never_parts.find(text[4]) != std::string_view::npos) return '\0';
  return text.size() == 5 || text[5] == '\n' || text[5] == '\r' ? text[4] : '\0';
}

/// The first of tab ; , blank that parts the first two records (a decimal comma loses to its semicolon); if none does,
/// what parts the first, so that a short second record is an error and not a second opinion.
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
inline std::string csv_columns(const std::vector<std::string>& wanted, const std::vector<std::string>& names,
                               std::vector<std::size_t>& places) {
  places.clear();
  for (std::size_t k = 0; wanted.empty() && k < names.size(); ++k) places.push_back(k);
  for (const std::string& want : wanted) {
    const auto found = std::find(names.begin(), names.end(), want);
    if (found != names.end()) {
      if (std::find(found + 1, names.end(), want) != names.end())
        return "two columns are named '" + want + "': ask by number";
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

/// A row that has not as many fields as the first.
inline CsvFault csv_width_fault(const std::vector<CsvField>& row, std::size_t width) {
  if (row.size() == width) return {};
  const auto count = std::to_string(row.size()) + (row.size() == 1 ? " field" : " fields");
  const CsvField& at = row.size() > width ? row[width] : row.back();
  const bool ended = row.size() == width + 1 && row.back().text.empty();
  return {at, "this row has " + count + (ended ? ", the last of them empty behind a delimiter" : "") +
                  ", the first has " + std::to_string(width)};
}

/// What the first record tells: names, the wanted columns' places among them, and whether it is a header.
struct CsvLayout {
  std::vector<std::string> names;
  std::vector<std::size_t> places;
  bool header = false;

  CsvLayout(const std::vector<CsvField>& row, const std::vector<std::string>& columns, CsvOptions::Header is_header,
            bool comma, const std::string& name) {
    std::vector<std::string> texts, plain;
    for (std::size_t k = 0; k < row.size(); ++k) {
      plain.push_back("x" + std::to_string(k));
      texts.push_back(csv_unquoted(row[k].text));
    }
    const auto is_text = [&](std::size_t k) { return csv_number(row[k].text, comma).kind == CsvKind::text; };
    std::string lost = csv_columns(columns, texts, places);
    if (!lost.empty()) csv_columns({}, texts, places);
    const bool all_text = std::all_of(places.begin(), places.end(), is_text);
    header = is_header == CsvOptions::Header::yes || (is_header == CsvOptions::Header::guess && all_text);
    if (!header) lost = csv_columns(columns, plain, places);
    if (!lost.empty()) csv_error(name, row[0], lost);
    names = header ? std::move(texts) : std::move(plain);
  }
};

}  // namespace detail
}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
