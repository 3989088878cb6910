// SPDX-License-Identifier: MIT
// The rows of the study: flat JSON objects of numbers, texts, nulls and lists of numbers, one to a line.  Texts are
// read and written by rheo/io/json.hpp; the rest is not, which refuses what files of weights cannot hold (fractions,
// null, a line that a kill has cut), where a row holds those and is left out if it is cut.
#pragma once

#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rheo/io/json.hpp"

namespace study {

/// Keys keep the order in which they are set.
class Record {
 public:
  void text(const std::string& key, const std::string& value) { put(key, rheo::io::json_escape(value)); }
  /// A number; null where it is not finite.
  void number(const std::string& key, double value) { put(key, written(value)); }
  /// To four digits.
  void numbers(const std::string& key, const std::vector<double>& values) {
    std::string list = "[";
    for (double v : values) (list += list.size() > 1 ? ", " : "") += written(v, 4);
    put(key, list + "]");
  }
  /// null, and why.
  void none(const std::string& key, const std::string& reason) {
    put(key, "null");
    (why_ += why_.empty() ? "" : "; ") += key + ": " + reason;
  }
  /// The other's keys behind one's own.
  void append(const Record& other) {
    fields_.insert(fields_.end(), other.fields_.begin(), other.fields_.end());
    why_ += other.why_;
  }
  std::string line() const {
    std::string out = "{";
    for (const auto& [key, value] : fields_) ((out += out.size() > 1 ? ", \"" : "\"") += key + "\": ") += value;
    return out + (why_.empty() ? "" : ", \"why_null\": " + rheo::io::json_escape(why_)) + "}";
  }

  std::optional<double> number(const std::string& key) const {
    const auto at = find(key);
    double value{};
    if (!at || std::from_chars(at->data(), at->data() + at->size(), value).ec != std::errc()) return std::nullopt;
    return value;
  }
  std::string text(const std::string& key) const {
    const auto at = find(key);
    if (!at || at->empty() || at->front() != '"') return "";
    return rheo::io::JsonCursor(*at, key).string(1 << 20);
  }
  std::vector<double> numbers(const std::string& key) const {
    std::vector<double> values;
    const auto at = find(key);
    if (!at || at->size() < 2 || at->front() != '[') return values;
    for (const char *c = at->data() + 1, *end = at->data() + at->size() - 1; c < end;) {
      double v = std::nan("");
      const auto read = std::from_chars(c, end, v);
      values.push_back(read.ec == std::errc() ? v : std::nan(""));
      for (c = read.ec == std::errc() ? read.ptr : c; c < end && *c != ','; ++c) {}
      while (c < end && (*c == ',' || *c == ' ')) ++c;
    }
    return values;
  }

  /// What line() wrote.  nullopt for a line that was cut, as by a kill in the middle of writing.
  static std::optional<Record> parse(const std::string& line) {
    Record r;
    std::size_t i = 0;
    const auto skip = [&] {
      while (i < line.size() && (line[i] == ' ' || line[i] == ',')) ++i;
    };
    const auto quoted = [&]() -> std::string {
      const std::size_t begin = i;
      for (++i; i < line.size() && line[i] != '"'; ++i) i += line[i] == '\\';
      ++i;
      return i <= line.size() ? line.substr(begin, i - begin) : "";
    };
    if (line.empty() || line.front() != '{' || line.back() != '}') return std::nullopt;
    for (i = 1, skip(); i + 1 < line.size(); skip()) {
      if (line[i] != '"') return std::nullopt;
      const std::string key = quoted();
      if (key.size() < 2 || i >= line.size() || line[i] != ':') return std::nullopt;
      ++i;
      skip();
      std::string value;
      if (line[i] == '"') {
        value = quoted();
      } else {
        const std::size_t end = line[i] == '[' ? line.find(']', i) : line.find_first_of(",}", i);
        if (end == line.npos) return std::nullopt;
        value = line.substr(i, end - i + (line[i] == '[' ? 1 : 0));
        i += value.size();
      }
      r.fields_.emplace_back(key.substr(1, key.size() - 2), value);
    }
    return r;
  }

 private:
  static std::string written(double value, int digits = 6) {
    if (!std::isfinite(value)) return "null";
    char text[40];
    return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits).ptr};
  }
  void put(const std::string& key, std::string value) { fields_.emplace_back(key, std::move(value)); }
  std::optional<std::string> find(const std::string& key) const {
    for (const auto& [k, v] : fields_) {
      if (k == key) return v;
    }
    return std::nullopt;
  }
  std::vector<std::pair<std::string, std::string>> fields_;
  std::string why_;
};

}  // namespace study
