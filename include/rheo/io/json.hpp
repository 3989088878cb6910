// SPDX-License-Identifier: MIT
// JSON, read token by token without recursion or allocation beyond its strings, and escaped for output (RFC 8259,
// strictly).
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rheo/io/encoding.hpp"

namespace rheo::io {

/// `s` between quotes, as JSON wants it: quote, backslash and control characters escaped, the rest as it is.
inline std::string json_escape(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    constexpr std::string_view plain = "\"\\\n\r\t\b\f", letter = "\"\\nrtbf";
    if (const auto k = plain.find(c); k != plain.npos) {
      (out += '\\') += letter[k];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      ((out += "\\u00") += "0123456789abcdef"[c >> 4]) += "0123456789abcdef"[c & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

/// A place in a JSON text.  The caller asks for what must come next; anything else is FileError, "name: byte N:
/// reason", N counted from `offset`.  There is no way to pass over a value unread, so a text's depth is bounded by the
/// caller's own grammar.
class JsonCursor {
 public:
  /// `text` must outlive it; messages call it `name` and count bytes from `offset`.
  JsonCursor(std::string_view text, std::string name, std::size_t offset = 0)
      : text_(text), name_(std::move(name)), offset_(offset) {}

  /// The next character that is not white space, 0 at the end.
  char peek() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  /// Passes `c`, which must come next.
  void expect(char c) {
    if (peek() != c || at_ == text_.size()) refuse(std::string("expected '") + c + "'");
    ++at_;
  }
  /// Inside an object or array, at its first element or after one: true if another element comes, else passes `close`.
  bool more(char close, bool first) {
    if (peek() == close) {
      ++at_;
      return false;
    }
    if (!first) expect(',');
    return true;
  }
  /// A string of at most `max_bytes` bytes of UTF-8 after its escapes are resolved.
  std::string string(std::size_t max_bytes) {
    expect('"');
    std::string out;
    while (true) {
      if (at_ == text_.size()) refuse("the string is never closed");
      const char c = text_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) refuse("a control character in a string");
      if (c == '\\') {
        escape(out);
      } else {
        const std::size_t n = utf8_length(text_.substr(at_, 4));
        if (n == 0) refuse("not UTF-8");
        out.append(text_, at_, n);
        at_ += n;
      }
      if (out.size() > max_bytes) refuse("a string longer than " + std::to_string(max_bytes) + " bytes");
    }
    ++at_;
    return out;
  }
  /// An integer from 0 to 2^64 - 1 written in plain digits: no sign, fraction, exponent or leading zero.
  std::uint64_t integer() {
    peek();
    const char* end = text_.data() + text_.size();
    std::uint64_t n = 0;
    const auto [stop, error] = std::from_chars(text_.data() + at_, end, n);
    if (error == std::errc::result_out_of_range) refuse("an integer above 2^64 - 1");
    if (error != std::errc()) refuse("expected an integer in plain digits");
    const auto length = static_cast<std::size_t>(stop - text_.data()) - at_;
    if (length > 1 && text_[at_] == '0') refuse("an integer with a leading zero");
    if (stop != end && std::string_view(".eE").find(*stop) != std::string_view::npos)
      refuse("expected an integer in plain digits");
    at_ += length;
    return n;
  }
  /// Nothing but spaces may follow.
  void end() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ < text_.size()) refuse("text after the end");
  }
  /// Throws FileError: the place, and why.
  [[noreturn]] void refuse(const std::string& reason) const {
    detail::bad_file(name_ + ": byte " + std::to_string(offset_ + at_), reason);
  }

 private:
  unsigned hex4() {
    unsigned u = 0;
    if (text_.size() - at_ < 4) refuse("a cut \\u escape");
    const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, u, 16);
    if (error != std::errc() || stop != text_.data() + at_ + 4) refuse("a \\u escape needs four hexadecimal digits");
    at_ += 4;
    return u;
  }
  void escape(std::string& out) {
    ++at_;
    constexpr std::string_view letter = "\"\\/nrtbf", plain = "\"\\/\n\r\t\b\f";
    const auto k = at_ < text_.size() ? letter.find(text_[at_]) : letter.npos;
    if (k == letter.npos && (at_ == text_.size() || text_[at_] != 'u')) refuse("an unknown escape");
    ++at_;
    if (k != letter.npos) {
      out += plain[k];
      return;
    }
    unsigned u = hex4();
    if (u >= 0xDC00 && u < 0xE000) refuse("half a surrogate pair");
    if (u >= 0xD800 && u < 0xDC00) {
      if (text_.substr(at_, 2) != "\\u") refuse("half a surrogate pair");
      at_ += 2;
      const unsigned low = hex4();
      if (low < 0xDC00 || low >= 0xE000) refuse("half a surrogate pair");
      u = 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
    }
    detail::append_utf8(out, u);
  }

  std::string_view text_;
  std::string name_;
  std::size_t offset_, at_ = 0;
};

}  // namespace rheo::io
