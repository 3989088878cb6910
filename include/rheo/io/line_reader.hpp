// SPDX-License-Identifier: MIT
// LineReader: the lines of a text file one after another, in memory that does not grow with the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rheo/io/encoding.hpp"
#include "rheo/io/file.hpp"

namespace rheo::io::detail {

/// Lines end by LF, CR or CRLF, the last one or not.  UTF-8, with or without its mark, and other encodings that keep
/// ASCII; FileError for UTF-16 and UTF-32, for a line above `longest` bytes, and for what is no regular file.
class LineReader {
 public:
  static constexpr std::size_t step = std::size_t(1) << 20, longest = 16 * step;

  explicit LineReader(const std::string& path) : file_(path) {
    if (!file_.regular()) bad_file(path, "is no regular file: its rows cannot be read again");
    more();
    const auto begins = [&](std::string_view mark) { return ahead().substr(0, mark.size()) == mark; };
    const bool wide = begins("\xFF\xFE") || begins("\xFE\xFF") || begins(std::string_view("\0\0\xFE\xFF", 4)) ||
                      utf16_order(ahead()) != 0;
    if (wide)
      bad_file(path,
               "is UTF-16 or UTF-32, which is not read line by line: UTF-8 is (read_csv reads UTF-16 as a whole)");
    if (begins("\xEF\xBB\xBF")) at_ = 3;
  }
  /// The next line without its end, good until the next call; false behind the last.
  bool next(std::string_view& line) {
    for (;; more()) {
      const std::string_view rest = ahead();
      const auto end = rest.find_first_of("\r\n");
      const bool found = end != rest.npos && (rest[end] == '\n' || end + 1 < rest.size() || ended_);
      if (!found && !ended_) continue;
      if (!found && rest.empty()) return false;
      line = rest.substr(0, end);
      at_ += line.size() + (!found ? 0 : rest.substr(end, 2) == "\r\n" ? 2 : 1);
      ++number_;
      return true;
    }
  }
  /// Of the line that was given last, from 1.
  std::size_t number() const { return number_; }
  /// What is read and not given yet.
  std::string_view ahead() const { return std::string_view(room_).substr(at_); }
  const std::string& path() const { return file_.path(); }
  std::uint64_t size() const { return file_.size(); }

 private:
  void more() {
    room_.erase(0, at_);
    at_ = 0;
    const std::size_t had = room_.size();
    if (had > longest)
      bad_file(path() + ":" + std::to_string(number_ + 1), "a line of more than " + std::to_string(longest) + " bytes");
    room_.resize(had + step);
    const std::size_t got = file_.read(room_.data() + had, step);
    room_.resize(had + got);
    ended_ = got < step;
  }

  FileReader file_;
  std::string room_;
  std::size_t at_ = 0, number_ = 0;
  bool ended_ = false;
};

}  // namespace rheo::io::detail
