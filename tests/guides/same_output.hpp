// SPDX-License-Identifier: MIT
// What a guide owes: a program of under 80 lines, a page with what the program prints and its picture.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace guides {

/// A number, or the text between numbers: digits within a word, as in x1, are text.
struct Token {
  std::string text;
  bool is_number = false;
  double number = 0;
};

/// The tokens of a line; blanks part them and count for nothing else.
inline std::vector<Token> tokens(const std::string& line) {
  const auto digit = [&](std::size_t i) { return i < line.size() && line[i] >= '0' && line[i] <= '9'; };
  const auto blank = [&](std::size_t i) { return line[i] == ' ' || line[i] == '\t' || line[i] == '\r'; };
  const auto word = [&](std::size_t i) {
    const char c = line[i];
    return digit(i) || c == '_' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  std::vector<Token> out;
  bool open = false;  // whether the last token is text that goes on
  for (std::size_t i = 0; i < line.size();) {
    if (blank(i)) {
      open = false, ++i;
      continue;
    }
    const std::size_t sign = line[i] == '-' || line[i] == '+' ? 1 : 0;
    if ((i == 0 || !word(i - 1)) && digit(i + sign)) {
      const char* from = line.c_str() + i;
      char* end = nullptr;
      const double number = std::strtod(from, &end);
      out.push_back({std::string(from, static_cast<const char*>(end)), true, number}), open = false;
      i += out.back().text.size();
      continue;
    }
    if (!open) out.push_back({});
    out.back().text += line[i++], open = true;
  }
  return out;
}

/// Within 3 % or 0.03: another compiler's training ends some hundredths away.
inline bool alike(const Token& a, const Token& b) {
  if (!a.is_number || !b.is_number) return a.is_number == b.is_number && a.text == b.text;
  return std::abs(a.number - b.number) <= std::max(0.03, 0.03 * std::max(std::abs(a.number), std::abs(b.number)));
}

/// The first difference of what a page says and what was printed, in a sentence; empty where they are alike.
inline std::string difference(const std::string& page, const std::string& printed) {
  std::istringstream a(page), b(printed);
  for (int n = 1;; ++n) {
    std::string one, other;
    const bool more = static_cast<bool>(std::getline(a, one)), more_printed = static_cast<bool>(std::getline(b, other));
    const std::string at = "line " + std::to_string(n) + ": ";
    if (!more && !more_printed) return "";
    if (!more) return at + "printed and not on the page: " + other;
    if (!more_printed) return at + "on the page and not printed: " + one;
    const auto x = tokens(one), y = tokens(other);
    for (std::size_t k = 0; k < std::max(x.size(), y.size()); ++k) {
      if (k < x.size() && k < y.size() && alike(x[k], y[k])) continue;
      return at + "the page says '" + (k < x.size() ? x[k].text : "") + "', printed was '" +
             (k < y.size() ? y[k].text : "") + "'\n  page:    " + one + "\n  printed: " + other;
    }
  }
}

inline std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The one ```text block of a page, or nothing.
inline std::string block(const std::string& page) {
  const std::string begin = "\n```text\n", end = "\n```";
  const std::size_t from = page.find(begin);
  if (from == page.npos) return "";
  const std::size_t first = from + begin.size(), last = page.find(end, first);
  if (last == page.npos || page.find(begin, last) != page.npos) return "";
  return page.substr(first, last + 1 - first);
}

/// What a picture lacks, in a sentence.
inline std::string picture_fault(const std::string& path) {
  std::error_code none;
  const auto size = std::filesystem::file_size(path, none);
  if (none) return path + " is not there";
  if (size > 40'000) return path + " has " + std::to_string(size) + " bytes, at most 40000";
  return "";
}

/// What the guide `name` in `folder` lacks before it is run, in sentences.
inline std::vector<std::string> faults(const std::string& folder, const std::string& name) {
  std::vector<std::string> out;
  const std::string program = read(folder + "/" + name + ".cpp"), page = read(folder + "/" + name + ".md");
  const auto lines = std::count(program.begin(), program.end(), '\n');
  if (lines == 0 || lines >= 80) out.push_back(name + ".cpp has " + std::to_string(lines) + " lines, under 80 it must");
  if (page.empty()) return out.push_back(name + ".md is not there"), out;
  if (block(page).empty()) out.push_back(name + ".md has not one ```text block");
  if (page.find("](" + name + ".png)") == page.npos) out.push_back(name + ".md does not show " + name + ".png");
  if (page.find("guide_" + name) == page.npos) out.push_back(name + ".md has no command that runs guide_" + name);
  if (const std::string f = picture_fault(folder + "/" + name + ".png"); !f.empty()) out.push_back(f);
  return out;
}

}  // namespace guides
