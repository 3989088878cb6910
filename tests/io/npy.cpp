// SPDX-License-Identifier: MIT
// .npy files: every type, order and version by value, every malformed header refused.
#include "rheo/io/npy.hpp"

#include <filesystem>

#include "catch.hpp"
#include "io/damage.hpp"

namespace io_npy {
using rheo::Batch;
using rheo::io::parse_npy;

namespace {

std::string with_header(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string out("\x93NUMPY", 6);
  out += static_cast<char>(version);
  out += '\0';
  const std::string text = dictionary + "  \n";
  rheo::io::detail::store(out, static_cast<std::uint16_t>(text.size()));
  if (version > 1) out += std::string(2, '\0');
  return out + text + data;
}
std::string header(const std::string& type, const std::string& order, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}
template <class T> std::string bytes_of(std::initializer_list<T> values) {
  std::string out;
  for (const T v : values) rheo::io::detail::store(out, v);
  return out;
}
std::string error(const std::string& bytes) {
  try {
    parse_npy(bytes, "f");
  } catch (const rheo::FileError& e) { return std::string(e.what()).substr(6); }
  return "no error";
}
template <class... X> bool is(const Batch<double>& a, rheo::Index rows, X... values) {
  const double want[] = {values...};
  bool same = a.rows() == rows && a.size() == rheo::Index(sizeof...(X));
  for (rheo::Index k = 0; same && k < a.size(); ++k) same = a(k / a.cols(), k % a.cols()) == want[k];
  return same;
}

}  // namespace

TEST_CASE("every type, both orders, three versions, one and two dimensions") {
  const std::string doubles = bytes_of({1.5, -2.0, 1e300, 4.0, 5.0, 6.0});
  for (int version = 1; version <= 3; ++version) {
    CHECK(is(parse_npy(with_header(header("<f8", "False", "(2, 3)"), doubles, version), "f"), 2, 1.5, -2.0, 1e300, 4.0,
             5.0, 6.0));
    CHECK(is(parse_npy(with_header(header("<f8", "True", "(2, 3)"), doubles, version), "f"), 2, 1.5, 1e300, 5.0, -2.0,
             4.0, 6.0));
  }
  CHECK(is(
      parse_npy(with_header("{\"shape\":(2,),'fortran_order':False,\"descr\":'<f4'}", bytes_of({0.5f, -3.25f})), "f"),
      2, 0.5, -3.25));
  CHECK(is(parse_npy(with_header(header("<i4", "False", "(1, 2,)"), bytes_of({-7, 2147483647})), "f"), 1, -7.0,
           2147483647.0));
  CHECK(
      is(parse_npy(with_header(header("<i8", "False", "(2,)"), bytes_of<std::int64_t>({-(1LL << 53), 1LL << 62})), "f"),
         2, -0x1p53, 0x1p62));
  CHECK(is(parse_npy(with_header(header("|u1", "False", "(3,)"), std::string("\x00\x7F\xFF", 3)), "f"), 3, 0.0, 127.0,
           255.0));
  const auto empty = parse_npy(with_header(header("<f8", "False", "(0, 5)"), ""), "f");
  CHECK((empty.rows() == 0 && empty.cols() == 5));
}

TEST_CASE("what is refused") {
  const std::string two = bytes_of({1.0, 2.0}), good = header("<f8", "False", "(2,)");
  CHECK(error(with_header(good, two)) == "no error");
  CHECK(error("PK\x03\x04") == "f: is no .npy file: it does not begin with \\x93NUMPY");
  struct Refused {
    const char *type, *what;
  };
  for (const auto& [type, what] : {Refused{"|O", " (Python objects)"},
                                   {"<c16", " (complex numbers)"},
                                   {">c8", " (complex numbers)"},
                                   {"<f16", " (long double)"},
                                   {"<U3", " (text)"},
                                   {"|S3", " (text)"},
                                   {"<M8[ns]", " (dates)"},
                                   {"<m8[s]", " (times)"},
                                   {"|V8", " (raw bytes)"},
                                   {"=f8", ""},
                                   {"|f8", ""},
                                   {"|u2", ""},
                                   {"f8", ""},
                                   {"<b2", ""},
                                   {"<", ""},
                                   {"", ""}})
    CHECK(error(with_header(header(type, "False", "(2,)"), two)) ==
          "f: type '" + std::string(type) + "'" + what +
              " is not read; f8 f4 f2, i and u of 8, 4, 2 and 1, and b1 are, each behind < or >");
  CHECK_THAT(error(with_header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", two)),
             Catch::Contains("byte 20: structured types"));
  CHECK_THAT(error(with_header(good, two, 4)), Catch::Contains("format version 4.0"));
  CHECK_THAT(error(with_header(good, two, 0)), Catch::Contains("format version 0.0"));
  CHECK(error(with_header(good, two + "x")) == "f: the shape (2, 1) needs 16 bytes, the file has 17 after its header");
  // A public copy of a well-known data set has this header and ends after 524288 bytes.
  CHECK_THAT(error(with_header(header("<f8", "False", "(36488, 43)"), std::string(524208, 'x'))),
             Catch::Contains("(36488, 43) needs 12551872 bytes, the file has 524208"));
  for (const char* shape :
       {"(4294967296, 4294967296)", "(18446744073709551615, 2)", "(9223372036854775807,)", "(2305843009213693952, 8)"})
    CHECK(error(with_header(header("<f8", "False", shape), two)) == "f: the shape overflows");
  for (const char* shape :
       {"()", "(2)", "(1, 2, 1)", "(-2,)", "(2.0,)", "(2LL,)", "(L,)", "(,)", "[2]", "(18446744073709551616,)", "2"}) {
    CAPTURE(shape);
    CHECK_THAT(error(with_header(header("<f8", "False", shape), two)), Catch::StartsWith("f: byte "));
  }
  CHECK_THAT(error(with_header("{'descr': '<f8', 'fortran_order': False}", two)), Catch::Contains("is missing"));
  CHECK_THAT(error(with_header("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", two)),
             Catch::Contains("comes twice"));
  CHECK_THAT(error(with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': 1}", two)),
             Catch::Contains("unknown key 'x'"));
  CHECK_THAT(error(with_header(header("<f8", "Trve", "(2,)"), two)), Catch::Contains("expected 'u'"));
  CHECK_THAT(error(with_header(good + " #", two)), Catch::Contains("text after the dictionary"));
  std::string no_line_end = with_header(good, two);
  no_line_end[no_line_end.size() - 17] = ' ';
  CHECK_THAT(error(no_line_end), Catch::Contains("must end with a line end"));
  CHECK_THAT(error(std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF", 12)),
             Catch::Contains("the header has 4294967295 bytes"));
  CHECK_THAT(error(with_header(header("<i8", "False", "(1,)"), bytes_of<std::int64_t>({(1LL << 53) + 1}))),
             Catch::Contains("9007199254740993 has no exact double"));
  CHECK_THAT(error(with_header(header("<i8", "False", "(1,)"), bytes_of<std::int64_t>({9223372036854775807LL}))),
             Catch::Contains("has no exact double"));
}

TEST_CASE("what is written is read back, and begins as NumPy writes it") {
  const Batch<double> x = (Batch<double>(2, 3) << 1, -2.5, 1e-310, 4, 1.0 / 3, 6).finished();
  CHECK((parse_npy(rheo::io::format_npy(x), "f") == x).all());
  CHECK((parse_npy(rheo::io::format_npy(x.cast<float>()), "f") == x.cast<float>().cast<double>()).all());
  CHECK((parse_npy(rheo::io::format_npy(x.matrix().transpose()), "f") == x.transpose()).all());
  const std::string bytes = rheo::io::format_npy(Eigen::VectorXd(x.row(1).matrix().transpose()));
  CHECK(bytes.substr(0, 128) == std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                                    "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }" + std::string(60, ' ') +
                                    "\n");
  CHECK(bytes.substr(128) == bytes_of({4.0, 1.0 / 3, 6.0}));
  const auto path = (std::filesystem::temp_directory_path() / ("rheo-npy-" + std::to_string(::getpid()))).string();
  rheo::io::write_npy(path, x);
  CHECK((rheo::io::read_npy(path) == x).all());
  CHECK_THROWS_AS(rheo::io::read_npy(path, 100), rheo::FileError);
  std::filesystem::remove(path);
}

TEST_CASE("every truncation is refused and no mutation crashes") {
  const std::string whole = with_header(header("<f4", "True", "(2, 2)"), bytes_of({1.f, 2.f, 3.f, 4.f}));
  const auto parse = [](const std::string& bytes) { parse_npy(bytes, "f"); };
  CHECK(truncations(whole, parse).refused == int(whole.size()));
  const auto changed = mutations(whole, 20000, parse);
  CHECK(changed.parsed > 500);
  CHECK(changed.refused > 5000);
}

}  // namespace io_npy
