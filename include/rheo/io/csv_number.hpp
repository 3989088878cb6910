// SPDX-License-Identifier: MIT
// A number as tables spell it: by C, by Fortran, by spreadsheets; what is read exactly, what is missing, and what is
// named instead of guessed.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "rheo/platform/number_text.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io::detail {

/// What a field holds.  `refused` is meant as a number and has a reason why it is not taken as one.
enum class CsvKind { number, missing, text, refused };

struct CsvNumber {
  CsvKind kind = CsvKind::text;
  double value = 0;
  const char* reason = "is not a number";
};

/// The blanks that stand around numbers: space, tab, no-break space, figure space, thin no-break space.
inline constexpr std::string_view csv_blanks[] = {" ", "\t", "\xC2\xA0", "\xE2\x80\x87", "\xE2\x80\xAF"};
inline constexpr std::string_view csv_minus = "\xE2\x88\x92";  // U+2212

inline std::string_view csv_trimmed(std::string_view s) {
  for (bool more = true; more;) {
    more = false;
    for (const std::string_view b : csv_blanks) {
      if (s.substr(0, b.size()) == b) s.remove_prefix(b.size()), more = true;
      if (s.size() >= b.size() && s.substr(s.size() - b.size()) == b) s.remove_suffix(b.size()), more = true;
    }
  }
  return s;
}

inline std::size_t csv_digits(std::string_view s, std::size_t at) {
  const auto end = s.find_first_not_of("0123456789", at);
  return (end == s.npos ? s.size() : end) - at;
}

/// What spreadsheets put for a number that they could not compute: a row may begin with it, and is no comment.
inline std::size_t csv_error_mark(std::string_view s) {
  for (const std::string_view mark : {"#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"}) {
    if (s.substr(0, mark.size()) == mark) return mark.size();
  }
  return 0;
}

inline bool csv_missing(std::string_view s) {
  for (const std::string_view mark : {"", "?", "NA", "N/A", "NULL", "null"}) {
    if (s == mark) return true;
  }
  const bool old_c = s.substr(s.substr(0, 1) == "-" ? 1 : 0, 3) == "1.#";  // 1.#QNAN, -1.#IND, 1.#INF
  return old_c || (csv_error_mark(s) > 0 && csv_error_mark(s) == s.size());
}

/// `s` as parse_number wants it, or nothing: digits with a point, or a comma if `comma`, somewhere; an exponent after
/// e, E, d, D, q, Q, or of three digits after its sign alone (Fortran's 1.5-103).
inline std::string csv_plain(std::string_view s, bool comma) {
  std::string out;
  std::size_t at = 0;
  if (s.substr(0, csv_minus.size()) == csv_minus) out = "-", at = csv_minus.size();
  else if (s.substr(0, 1) == "-") out = "-", at = 1;
  else if (s.substr(0, 1) == "+") at = 1;
  const auto copy = [&] {
    const std::size_t n = csv_digits(s, at);
    out.append(s, at, n);
    at += n;
    return n;
  };
  std::size_t digits = copy();
  const bool point = at < s.size() && (s[at] == '.' || (comma && s[at] == ','));
  if (point) out += '.', ++at, digits += copy();
  if (digits == 0) return "";
  if (at == s.size()) return out;
  const bool letter = std::string_view("eEdDqQ").find(s[at]) != std::string_view::npos;
  at += letter ? 1 : 0;
  out += 'e';
  const bool minus = s.substr(at, csv_minus.size()) == csv_minus,
             sign = minus || (at < s.size() && (s[at] == '+' || s[at] == '-'));
  if (minus || (sign && s[at] == '-')) out += '-';
  at += minus ? csv_minus.size() : sign ? 1 : 0;
  const std::size_t power = copy();
  return at == s.size() && (letter ? power > 0 : sign && point && power == 3) ? out : "";
}

/// Whether `s` is digits in groups of three, parted by what people part them with; `decimal` of it may follow.
inline bool csv_grouped(std::string_view s) {
  std::size_t at = s.find_first_of("0123456789");
  if (at == s.npos || s.find_first_not_of("+- \xE2\x88\x92") != at) return false;
  std::size_t n = csv_digits(s, at);
  if (n == 0 || n > 3) return false;
  at += n;
  for (const std::string_view part :
       {",", ".", "'", "_", " ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "\xE2\x80\x99"}) {
    std::size_t groups = 0, to = at;
    while (s.substr(to, part.size()) == part && csv_digits(s, to + part.size()) == 3) to += part.size() + 3, ++groups;
    if (groups == 0) continue;
    const bool decimal = part != "." && to < s.size() && (s[to] == '.' || (s[to] == ',' && part != ","));
    if (decimal || (part == "." && to < s.size() && s[to] == ',')) return to + 1 + csv_digits(s, to + 1) == s.size();
    return to == s.size() && (groups > 1 || (part != "." && part != ","));
  }
  return false;
}

/// A field that parse_number does not take whole.
inline CsvNumber csv_spelling(std::string_view s, bool comma) {
  if (csv_missing(s)) return {CsvKind::missing, 0, ""};
  double value = 0;
  const std::string plain = csv_plain(s, comma);
  if (plain.empty()) {
    const std::string_view size = s.substr(s[0] == '+' && s.size() > 1 && s[1] != '-' ? 1
                                           : s.substr(0, 3) == csv_minus              ? 3
                                                                                      : 0);
    const auto [stop, error] = platform::parse_number(size.data(), size.data() + size.size(), value);
    if (error == std::errc() && stop == size.data() + size.size() && !std::isfinite(value))
      return {CsvKind::missing, 0, ""};
    const auto refused = [](const char* reason) { return CsvNumber{CsvKind::refused, 0, reason}; };
    if (s.find_first_not_of('*') == s.npos) return refused("stands for a number that was wider than its Fortran field");
    const bool percent = s.back() == '%' && !csv_plain(csv_trimmed(s.substr(0, s.size() - 1)), true).empty();
    if (percent) return refused("is a percentage: write it as a fraction");
    if (csv_grouped(s)) return refused("has separators of thousands: write it without them");
    if (!csv_plain(s, true).empty())
      return refused("has a comma in a number: a decimal comma is read where semicolons part the fields");
    return {};
  }
  const char* end = plain.data() + plain.size();
  const auto error = platform::parse_number(plain.data(), end, value).ec;
  if (error == std::errc()) return {CsvKind::number, value, ""};
  // Out of range, but which end?  The exponent of the first digit that is not 0 tells; such text is far from 1 either
  // way.
  const auto e = std::min(plain.find('e'), plain.size());
  const std::string_view digits = std::string_view(plain).substr(0, e);
  const auto first = digits.find_first_of("123456789"), point = std::min(digits.find('.'), digits.size());
  long long power = 0;
  const bool negative = e + 1 < plain.size() && plain[e + 1] == '-';
  if (e < plain.size() && std::from_chars(plain.data() + e + 1 + negative, end, power).ec != std::errc())
    power = 1LL << 60;
  const auto place = static_cast<long long>(point) - static_cast<long long>(first);
  if ((negative ? -power : power) + place > 0) return {CsvKind::refused, 0, "is too large for a double"};
  return {CsvKind::number, 0, ""};
}

/// What the field `s` holds; `comma`: a decimal comma is read too.
inline CsvNumber csv_number(std::string_view s, bool comma) {
  double value = 0;
  const char* end = s.data() + s.size();
  const auto [stop, error] = platform::parse_number(s.data(), end, value);
  if (stop == end && error == std::errc())
    return {std::isfinite(value) ? CsvKind::number : CsvKind::missing, value, ""};
  return csv_spelling(csv_trimmed(s), comma);
}

}  // namespace rheo::io::detail

#include "rheo/platform/macros_on.hpp"
