// SPDX-License-Identifier: MIT
// std::from_chars and std::to_chars of a double, also where the standard library has them for whole numbers alone.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <version>

namespace rheo::platform {

/// std::from_chars(first, last, value) by strtod, which gets what from_chars would read and no more, with the locale's
/// point.
inline std::from_chars_result parse_number_by_strtod(const char* first, const char* last, double& value) {
  const auto digits = [last](const char* p) {
    while (p != last && *p >= '0' && *p <= '9') ++p;
    return p;
  };
  const char* const unsigned_part = first + (first != last && *first == '-');
  const char* stop = digits(unsigned_part);
  std::string text(first, stop);
  auto count = stop - unsigned_part;
  if (stop != last && *stop == '.') {
    const char* const fraction = stop + 1;
    stop = digits(fraction);
    count += stop - fraction;
    text += std::localeconv()->decimal_point;
    text.append(fraction, stop);
  }
  if (count == 0) {  // a word?
    if (unsigned_part == last || (*unsigned_part | 0x20) < 'i' || (*unsigned_part | 0x20) > 'n')
      return {first, std::errc::invalid_argument};
    text.assign(first, last);
    char* end = nullptr;
    const double read = std::strtod(text.c_str(), &end);
    if (end == text.c_str()) return {first, std::errc::invalid_argument};
    value = read;
    return {first + (end - text.c_str()), std::errc()};
  }
  const bool zero = text.find_first_of("123456789") == std::string::npos;
  if (stop != last && (*stop == 'e' || *stop == 'E')) {
    const char* const power = stop + 1 + (stop + 1 != last && (stop[1] == '-' || stop[1] == '+'));
    if (const char* const end = digits(power); end != power) text.append(stop, end), stop = end;
  }
  const double read = std::strtod(text.c_str(), nullptr);
  if (!std::isfinite(read) || (read == 0 && !zero)) return {stop, std::errc::result_out_of_range};
  value = read;
  return {stop, std::errc()};
}

inline std::from_chars_result parse_number(const char* first, const char* last, double& value) {
#if defined(__cpp_lib_to_chars) || (defined(_LIBCPP_VERSION) && _LIBCPP_VERSION >= 200000)
  return std::from_chars(first, last, value);
#else
  return parse_number_by_strtod(first, last, value);
#endif
}

/// std::to_chars(first, last, value, general or fixed, digits) by snprintf; `last - first` must be enough.
inline char* format_number_by_printf(char* first, char* last, double value, bool fixed, int digits) {
  const int length =
      std::snprintf(first, static_cast<std::size_t>(last - first), fixed ? "%.*f" : "%.*g", digits, value);
  std::string text(first, static_cast<std::size_t>(length));
  const std::string point = std::localeconv()->decimal_point;
  if (const auto at = text.find(point); std::isfinite(value) && at != std::string::npos)
    text.replace(at, point.size(), ".");
  return first + text.copy(first, text.size());
}
inline char* format_number(char* first, char* last, double value, bool fixed, int digits) {
#if defined(__cpp_lib_to_chars) || (defined(_LIBCPP_VERSION) && _LIBCPP_VERSION >= 14000)
  return std::to_chars(first, last, value, fixed ? std::chars_format::fixed : std::chars_format::general, digits).ptr;
#else
  return format_number_by_printf(first, last, value, fixed, digits);
#endif
}

}  // namespace rheo::platform
