// SPDX-License-Identifier: MIT
// NumPy's .npy arrays of one or two dimensions, read strictly (format versions 1 to 3;
// https://numpy.org/neps/nep-0001-npy-format.html).
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "rheo/core/batch.hpp"
#include "rheo/io/encoding.hpp"
#include "rheo/io/file.hpp"
#include "rheo/io/text.hpp"

namespace rheo::io {
namespace detail {

/// The dictionary {'descr': '...', 'fortran_order': ..., 'shape': (...)} of an .npy header, keys in any order, each
/// once.
class NpyHeader {
 public:
  std::string descr;
  bool fortran_order = false;
  std::uint64_t rows = 0, cols = 1;
  bool is_2d = false;

  NpyHeader(std::string_view text, std::size_t offset, const std::string& name)
      : text_(text), offset_(offset), name_(name) {
    bool seen[3] = {};
    expect('{');
    while (peek() != '}') {
      const std::string key = quoted();
      const int k = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
      if (k == 3) refuse("unknown key '" + key.substr(0, 40) + "'");
      if (std::exchange(seen[k], true)) refuse("the key '" + key + "' comes twice");
      expect(':');
      if (k == 0) {
        if (peek() != '\'' && peek() != '"' && text_[at_] != 'u') refuse("structured types are not read");
        descr = quoted();
      } else if (k == 1) {
        fortran_order = peek() == 'T';
        for (const char c : std::string_view(fortran_order ? "True" : "False")) letter(c);
      } else {
        shape();
      }
      if (peek() != '}') expect(',');
    }
    expect('}');
    if (!seen[0] || !seen[1] || !seen[2]) refuse("a key of descr, fortran_order, shape is missing");
    for (; at_ + 1 < text_.size(); ++at_) {
      if (text_[at_] != ' ') refuse("text after the dictionary");
    }
    letter('\n');
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    bad_file(name_ + ": byte " + std::to_string(offset_ + at_), reason);
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    if (at_ == text_.size()) refuse("the header ends too soon");
    return text_[at_];
  }
  void letter(char c) {
    if (at_ == text_.size() || text_[at_] != c)
      refuse(c == '\n' ? "the header must end with a line end" : std::string("expected '") + c + "'");
    ++at_;
  }
  void expect(char c) {
    peek();
    letter(c);
  }
  std::string quoted() {
    if (peek() == 'u') ++at_;  // Python 2's texts
    const char q = peek();
    if (q != '\'' && q != '"') refuse("expected a quoted text");
    const auto end = text_.find(q, at_ + 1);
    if (end == text_.npos) refuse("the quote is never closed");
    const std::string s(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return s;
  }
  std::uint64_t length() {
    peek();
    std::uint64_t n = 0;
    const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), n);
    if (error != std::errc()) refuse("a length must be an unsigned 64-bit number");
    at_ = static_cast<std::size_t>(stop - text_.data());
    at_ += at_ < text_.size() && text_[at_] == 'L';  // Python 2's long integers
    return n;
  }
  void shape() {
    expect('(');
    if (peek() == ')') refuse("the array has 0 dimensions, not 1 or 2");
    rows = length();
    expect(',');
    if (peek() != ')') {
      is_2d = true;
      cols = length();
      if (peek() == ',') ++at_;
      if (peek() != ')') refuse("the array has more than 2 dimensions");
    }
    expect(')');
  }

  std::string_view text_;
  std::size_t offset_, at_ = 0;
  const std::string& name_;
};

/// The types that are read, by what stands behind the byte order.
struct NpyHalf {
  std::uint16_t bits;
};
struct NpyBool {
  std::uint8_t byte;
};
inline constexpr std::string_view npy_types[] = {"f8", "f4", "f2", "i8", "i4", "i2",
                                                 "i1", "u8", "u4", "u2", "u1", "b1"};

/// Calls `f` with a value of the type whose place in npy_types is given.
template <class F> void npy_type(std::size_t place, F&& f) {
  const auto call = [&]<class... T>(std::type_identity<std::tuple<T...>>) {
    std::size_t k = 0;
    ((k++ == place ? f(T{}) : void()), ...);
  };
  call(std::type_identity<std::tuple<double, float, NpyHalf, std::int64_t, std::int32_t, std::int16_t, std::int8_t,
                                     std::uint64_t, std::uint32_t, std::uint16_t, std::uint8_t, NpyBool>>());
}

/// The place of a type in npy_types, and whether its numbers begin with their high byte; FileError for what is not
/// read.
inline std::pair<std::size_t, bool> npy_type_of(const std::string& descr, const std::string& name) {
  const std::string_view d = descr;
  const auto found =
      std::find(std::begin(npy_types), std::end(npy_types), d.substr(std::min<std::size_t>(1, d.size())));
  const std::string_view first = d.substr(0, 1);
  const bool order = first == "<" || first == ">" || (first == "|" && d.back() == '1');
  if (found != std::end(npy_types) && order)
    return {static_cast<std::size_t>(found - std::begin(npy_types)), d[0] == '>'};
  struct Kind {
    char letter;
    const char* what;
  };
  const char* what = "";
  for (const Kind k : {Kind{'O', " (Python objects)"}, Kind{'c', " (complex numbers)"}, Kind{'f', " (long double)"},
                       Kind{'U', " (text)"}, Kind{'S', " (text)"}, Kind{'M', " (dates)"}, Kind{'m', " (times)"},
                       Kind{'V', " (raw bytes)"}}) {
    if (d.size() > 1 && d[1] == k.letter && found == std::end(npy_types)) what = k.what;
  }
  bad_file(name, "type " + shown(d) + what +
                     " is not read; f8 f4 f2, i and u of 8, 4, 2 and 1, and b1 are, each behind < or >");
}

/// Every T has a double, but for integers beyond 2^53: FileError for those that have none.
template <class T, bool Big> double npy_value(const char* p, const std::string& name) {
  const T v = load<T, Big>(p);
  if constexpr (std::is_same_v<T, NpyHalf>) {
    return from_half(v.bits);
  } else if constexpr (std::is_same_v<T, NpyBool>) {
    if (v.byte > 1) bad_file(name, "holds the truth value " + std::to_string(v.byte));
    return v.byte;
  } else {
    const auto x = static_cast<double>(v);
    if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      const double top = std::is_signed_v<T> ? 0x1p63 : 0x1p64;  // what the largest numbers round to
      if (x >= top || static_cast<T>(x) != v)
        bad_file(name, "the integer " + std::to_string(v) + " has no exact double");
    }
    return x;
  }
}
template <class T, bool Big>
void npy_values(const char* data, bool fortran_order, Batch<double>& out, const std::string& name) {
  const Index n = out.rows(), d = out.cols();
  for (Index j = 0; j < d; ++j) {
    for (Index i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(fortran_order ? i + j * n : i * d + j);
      out(i, j) = npy_value<T, Big>(data + k * sizeof(T), name);
    }
  }
}

/// What the header tells of the numbers that begin at byte `begin`, each of them of `size` bytes.
struct NpyLayout {
  std::uint64_t rows, cols;
  bool fortran_order, big;
  std::size_t type, size, begin;  // type: its place in npy_types

  std::uint64_t bytes() const { return rows * cols * size; }
  /// A file that has another number of bytes behind its header.
  std::string other_size(std::uint64_t there) const {
    return "the shape (" + std::to_string(rows) + ", " + std::to_string(cols) + ") needs " + std::to_string(bytes()) +
           " bytes, the file has " + std::to_string(there) + " after its header";
  }
};
inline constexpr std::size_t npy_header_most = 12 + 10000;

/// Of a file that begins with `bytes`: npy_header_most of them, or all there are.
inline NpyLayout npy_layout(std::string_view bytes, const std::string& name) {
  if (bytes.substr(0, 6) != std::string_view("\x93NUMPY", 6))
    bad_file(name, "is no .npy file: it does not begin with \\x93NUMPY");
  if (bytes.size() < 8) bad_file(name, "ends within the header");
  const int major = bytes[6], minor = bytes[7];
  if (major < 1 || major > 3 || minor != 0)
    bad_file(name,
             "format version " + std::to_string(major) + "." + std::to_string(minor) + " is not read, 1.0 to 3.0 are");
  const std::size_t start = major == 1 ? 10 : 12;
  if (bytes.size() < start) bad_file(name, "ends within the header");
  const std::size_t length = major == 1 ? load<std::uint16_t>(bytes.data() + 8) : load<std::uint32_t>(bytes.data() + 8);
  if (length > 10000) bad_file(name, "the header has " + std::to_string(length) + " bytes, 10000 are allowed");
  if (length > bytes.size() - start) bad_file(name, "ends within the header");
  const NpyHeader h(bytes.substr(start, length), start, name);

  const auto [type, big] = npy_type_of(h.descr, name);
  std::size_t size = 0;
  npy_type(type, [&]<class T>(T) { size = sizeof(T); });
  constexpr std::uint64_t most = std::uint64_t(1) << 59;  // so that rows x cols x 8 fits a signed 64-bit number
  if (h.rows > most || h.cols > most || (h.cols != 0 && h.rows > most / h.cols)) bad_file(name, "the shape overflows");
  return {h.rows, h.cols, h.fortran_order, big, type, size, start + length};
}

}  // namespace detail

/// The array in `bytes`: (n, d) gives n x d, (n,) gives n x 1.  Types f8 f4 f2, i8 i4 i2 i1, u8 u4 u2 u1 and b1 of
/// either byte order, widened exactly; NaN and infinities pass.  Headers as Python 2 wrote them too.  Refused: integers
/// that have no double, pickles and structured types, long double and complex numbers, other ranks, headers above 10000
/// bytes, more or fewer bytes than the shape says. Throws FileError, "name: byte N: reason"; allocates nothing before
/// all of that is known.
inline Batch<double> parse_npy(std::string_view bytes, const std::string& name) {
  using namespace detail;
  const NpyLayout h = npy_layout(bytes, name);
  const std::string_view data = bytes.substr(h.begin);
  if (h.bytes() != data.size()) bad_file(name, h.other_size(data.size()));
  Batch<double> out(static_cast<Index>(h.rows), static_cast<Index>(h.cols));
  npy_type(h.type, [&]<class T>(T) {
    if (h.big) npy_values<T, true>(data.data(), h.fortran_order, out, name);
    else npy_values<T, false>(data.data(), h.fortran_order, out, name);
  });
  return out;
}

/// parse_npy of a file's bytes.
inline Batch<double> read_npy(const std::string& path, std::size_t max_bytes = default_max_bytes) {
  return parse_npy(read_file(path, max_bytes), path);
}

/// The bytes of an .npy file, version 1.0, row-major, <f8 or <f4 after the scalar type; a column vector has one
/// dimension, all else two.
template <class D> std::string format_npy(const Eigen::DenseBase<D>& x) {
  using T = typename D::Scalar;
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>,
                "rheo: .npy files are written from float or double");
  const Batch<T> v = Input<T>(x).view();
  constexpr bool one_dimension = D::ColsAtCompileTime == 1;
  std::string header = std::string("{'descr': '<f") + (sizeof(T) == 8 ? '8' : '4') +
                       "', 'fortran_order': False, 'shape': (" + std::to_string(v.rows()) + "," +
                       (one_dimension ? "" : " " + std::to_string(v.cols())) + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ') += '\n';  // so that the numbers begin at a multiple of 64
  std::string out("\x93NUMPY\x01\x00", 8);
  detail::store(out, static_cast<std::uint16_t>(header.size()));
  out += header;
  out.reserve(out.size() + sizeof(T) * static_cast<std::size_t>(v.size()));
  for (Index i = 0; i < v.rows(); ++i) {
    for (Index j = 0; j < v.cols(); ++j) detail::store(out, v(i, j));
  }
  return out;
}

/// format_npy into a file, whole or not at all (see write_file).
template <class D> void write_npy(const std::string& path, const Eigen::DenseBase<D>& x) {
  write_file(path, format_npy(x));
}

}  // namespace rheo::io
