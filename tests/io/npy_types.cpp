// SPDX-License-Identifier: MIT
// .npy files as NumPy 2 and Python 2 wrote them: np.save(f, np.array(values, dtype)) for each type, its bytes after the
// header in hexadecimal.
#include "catch.hpp"
#include "rheo/io/npy.hpp"

namespace io_npy_types {
using rheo::Batch;
using rheo::io::parse_npy;

namespace {

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t k = 0; k + 1 < hex.size(); k += 2)
    out += static_cast<char>(std::stoi(hex.substr(k, 2), nullptr, 16));
  return out;
}
/// As np.save pads it: the data begin at byte 64 or 128; Python 2 padded to 16.
std::string file(std::string dictionary, const std::string& hex, std::size_t multiple = 64) {
  dictionary.append(multiple - 1 - (10 + dictionary.size()) % multiple, ' ') += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  rheo::io::detail::store(out, static_cast<std::uint16_t>(dictionary.size()));
  return out + dictionary + from_hex(hex);
}
std::string vector(const std::string& type, const std::string& hex, std::size_t n) {
  return file("{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + std::to_string(n) + ",), }", hex);
}
std::string error(const std::string& bytes) {
  try {
    parse_npy(bytes, "f");
  } catch (const rheo::FileError& e) { return std::string(e.what()).substr(6); }
  return "no error";
}
std::vector<double> numbers(const std::string& bytes) {
  const Batch<double> x = parse_npy(bytes, "f");
  return {x.data(), x.data() + x.size()};
}

}  // namespace

TEST_CASE("every type in both byte orders") {
  struct Written {
    const char *type, *hex;
    std::vector<double> values;
  };
  for (const auto& [type, hex, values] : {Written{"<f8", "000000000000f83f9c7500883ce447fe", {1.5, -2e300}},
                                          {">f8", "3ff8000000000000fe47e43c8800759c", {1.5, -2e300}},
                                          {"<f4", "0000c03f000050c0", {1.5, -3.25}},
                                          {">f4", "3fc00000c0500000", {1.5, -3.25}},
                                          {"<f2", "003efffb0100", {1.5, -65504, 0x1p-24}},
                                          {">f2", "3e00fbff0001", {1.5, -65504, 0x1p-24}},
                                          {"<i8", "000000000000e0ff0000000000000040", {-0x1p53, 0x1p62}},
                                          {">i8", "ffe00000000000004000000000000000", {-0x1p53, 0x1p62}},
                                          {"<i4", "00000080ffffff7f", {-2147483648.0, 2147483647}},
                                          {">i4", "800000007fffffff", {-2147483648.0, 2147483647}},
                                          {"<i2", "0080ff7f", {-32768, 32767}},
                                          {">i2", "80007fff", {-32768, 32767}},
                                          {"|i1", "807f", {-128, 127}},
                                          {"<i1", "807f", {-128, 127}},
                                          {"<u8", "00000000000020000000000000000080", {0x1p53, 0x1p63}},
                                          {">u8", "00200000000000008000000000000000", {0x1p53, 0x1p63}},
                                          {"<u4", "00000000ffffffff", {0, 4294967295}},
                                          {">u4", "00000000ffffffff", {0, 4294967295}},
                                          {"<u2", "0100ffff", {1, 65535}},
                                          {">u2", "0001ffff", {1, 65535}},
                                          {"|u1", "00ff", {0, 255}},
                                          {">u1", "00ff", {0, 255}},
                                          {"|b1", "0100", {1, 0}}}) {
    CAPTURE(type);
    CHECK(numbers(vector(type, hex, values.size())) == values);
  }
}

TEST_CASE("integers without an exact double, and truth values of neither kind, are named") {
  CHECK(error(vector("<u8", "ffffffffffffffff", 1)) == "f: the integer 18446744073709551615 has no exact double");
  CHECK(error(vector(">u8", "0020000000000001", 1)) == "f: the integer 9007199254740993 has no exact double");
  CHECK(error(vector("<i8", "ffffffffffffff7f", 1)) == "f: the integer 9223372036854775807 has no exact double");
  CHECK(error(vector("<i8", "ffffffffffffdfff", 1)) == "f: the integer -9007199254740993 has no exact double");
  CHECK(numbers(vector("<i8", "0000000000000080", 1)) == std::vector<double>{-0x1p63});
  CHECK(error(vector("|b1", "0102", 2)) == "f: holds the truth value 2");
}

TEST_CASE("headers of Python 2, keys in other orders, other blanks") {
  for (const char* h : {"{'descr': '<i2', 'fortran_order': False, 'shape': (3L, 2L), }",
                        "{u'shape': (3, 2L), u'fortran_order': False, u'descr': u'<i2'}",
                        "{\"shape\":(3,2),\"descr\":\"<i2\",\"fortran_order\":False}",
                        "{ 'fortran_order' :False ,\t'shape':( 3 , 2 , ),\n'descr' : '<i2' , }  "}) {
    CAPTURE(h);
    for (const std::size_t multiple : {16u, 64u}) {
      const Batch<double> x = parse_npy(file(h, "010002000300040005000600", multiple), "f");
      CHECK((x.rows() == 3 && x.cols() == 2 && x(0, 1) == 2 && x(2, 0) == 5));
    }
  }
  const Batch<double> x =
      parse_npy(file("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }", "000000030001000400020005"), "f");
  CHECK((x == (Batch<double>(2, 3) << 0, 1, 2, 3, 4, 5).finished()).all());
  CHECK(numbers(file("{'descr': '<f8', 'fortran_order': False, 'shape': (1L,), }", "000000000000f83f", 16)) ==
        std::vector<double>{1.5});
}

TEST_CASE("what a shape promises is compared with the bytes before room is made") {
  for (const char* type : {"|i1", "<f2", ">u4", "<u8"}) {
    CHECK_THAT(
        error(file("{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (576460752303423488, 1), }",
                   "00")),
        Catch::Contains("bytes, the file has 1 after"));
    CHECK(error(file(
              "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
              "00")) == "f: the shape overflows");
  }
}

}  // namespace io_npy_types
