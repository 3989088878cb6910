// SPDX-License-Identifier: MIT
// What main functions share: options "--name value" and "--flag", and errors in one line.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include "rheo/platform/number_text.hpp"

namespace examples {

/// A bool is a flag, which takes no value; a list of texts is one value, parted by commas.  Numbers lie in [least,
/// most], and whole ones are not negative anyway.
struct Option {
  std::string_view name;
  std::variant<int*, Eigen::Index*, std::uint64_t*, double*, bool*, std::string*, std::vector<std::string>*> value;
  double least = 0, most = std::numeric_limits<double>::infinity();
};

/// The fewest letters to be put in, left out or exchanged that lead from a to b (Levenshtein 1965).
inline std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t corner = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = corner + (a[i] != b[j]);
      corner = row[j + 1];
      row[j + 1] = std::min({change, corner + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// What is said of an option that is none of the known ones: with the nearest of them, if that is near.
template <class Names> std::string unknown_option(const std::string& name, const Names& known) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view k : known) {
    const std::size_t d = distance(name, k);
    if (d < least) least = d, nearest = k;
  }
  return "unknown option '" + name + "'" + (nearest.empty() ? "" : "; is '" + nearest + "' meant?");
}

/// A number that T holds, with nothing behind it; a whole number is not negative.
template <class T> bool read_number(std::string_view text, T& value) {
  T read{};
  const auto [stop, error] = [&] {
    if constexpr (std::is_same_v<T, double>)
      return rheo::platform::parse_number(text.data(), text.data() + text.size(), read);
    else return std::from_chars(text.data(), text.data() + text.size(), read);
  }();
  if (error != std::errc() || stop != text.data() + text.size()) return false;
  if (std::is_integral_v<T> && text.substr(0, 1) == "-") return false;
  value = read;
  return true;
}

/// The parts of a text between its commas.
inline std::vector<std::string> parted(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

/// Why the text will not do for the option, or nothing; sets its value if `set`.
inline std::string take_value(const Option& option, const std::string& text, bool set) {
  return std::visit(
      [&](auto* value) -> std::string {
        using V = std::decay_t<decltype(*value)>;
        if constexpr (std::is_same_v<V, bool>) {
          if (set) *value = true;
        } else if constexpr (std::is_same_v<V, std::string>) {
          if (set) *value = text;
        } else if constexpr (std::is_same_v<V, std::vector<std::string>>) {
          if (set) *value = parted(text);
        } else {
          V read{};
          const bool fits = read_number(text, read) && static_cast<double>(read) >= option.least &&
                            static_cast<double>(read) <= option.most;
          if (!fits) {
            std::ostringstream range;
            range << "'" << text << "' will not do for " << option.name << ": a "
                  << (std::is_integral_v<V> ? "whole number" : "number") << " from " << option.least << " to ";
            if (option.most < std::numeric_limits<double>::infinity()) range << option.most;
            else range << std::numeric_limits<V>::max();
            return range.str();
          }
          if (set) *value = read;
        }
        return "";
      },
      option.value);
}

/// Sets what the options given name.  False, and nothing set, after one line on std::cerr, where one is not known, has
/// no value, or wants a number and has none that fits.
inline bool read_options(int argc, char** argv, std::initializer_list<Option> options) {
  const auto refuse = [](const std::string& reason) {
    std::cerr << reason << '\n';
    return false;
  };
  for (const bool set : {false, true}) {  // looks at all of them first
    for (int i = 1; i < argc; ++i) {
      const std::string name = argv[i];
      const auto found = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
      if (found == options.end()) {
        std::vector<std::string_view> known;
        for (const Option& o : options) known.push_back(o.name);
        return refuse(unknown_option(name, known));
      }
      const bool flag = std::holds_alternative<bool*>(found->value);
      if (!flag && ++i == argc) return refuse(name + " wants a value");
      const std::string reason = take_value(*found, flag ? std::string() : argv[i], set);
      if (!reason.empty()) return refuse(reason);
    }
  }
  return true;
}

/// What main returns: 0, or 1 where `run` throws, with what it says.
template <class Run> int guarded(Run run) {
  try {
    run();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}

}  // namespace examples
