// SPDX-License-Identifier: MIT
// safetensors: values of every type, the reference's byte order, every rule of the format and every limit broken once.
#include "rheo/io/safetensors.hpp"

#include <filesystem>

#include "catch.hpp"
#include "io/damage.hpp"

namespace io_safetensors {
using namespace rheo::io;

namespace {

std::string pack(const std::string& header, const std::string& data = "") {
  std::string out;
  detail::store(out, static_cast<std::uint64_t>(header.size()));
  return out + header + data;
}
std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}
std::string error(const std::string& bytes, const TensorLimits& limits = {}) {
  try {
    parse_safetensors(bytes, "f", limits);
  } catch (const rheo::FileError& e) { return std::string(e.what()).substr(6); }
  return "no error";
}
std::string one(const std::string& e, std::size_t bytes = 4) {
  return error(pack("{\"a\":" + e + "}", std::string(bytes, '\0')));
}

TensorFile sample() {
  TensorFile f;
  f.tensors = {{"w", "F32", {2, 2}, {1, -2.5, 3, 4}, {}},
               {"b", "F64", {}, {1e-310}, {}},
               {"m", "BOOL", {3}, {}, {1, 0, 1}},
               {"p", "I64", {2}, {}, {-(1LL << 53) - 1, 9223372036854775807LL}},
               {"i", "I32", {0, 7}, {}, {}},
               {"a", "F32", {1}, {7}, {}}};
  f.metadata = {{"format", "x"}, {"q", "\"\\\n\x01\xC3\xA9"}};
  return f;
}

}  // namespace

TEST_CASE("the bytes are the reference writer's") {
  const std::string header =
      R"({"__metadata__":{"format":"x","q":"\"\\\n\u0001)"
      "\xC3\xA9"
      R"("},"p":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"b":{"dtype":"F64","shape":[],"data_offsets":[16,24]},)"
      R"("a":{"dtype":"F32","shape":[1],"data_offsets":[24,28]},"w":{"dtype":"F32","shape":[2,2],"data_offsets":[28,44]},)"
      R"("i":{"dtype":"I32","shape":[0,7],"data_offsets":[44,44]},"m":{"dtype":"BOOL","shape":[3],"data_offsets":[44,47]}})";
  const std::string bytes = format_safetensors(sample());
  CHECK(bytes.substr(8, header.size()) == header);
  CHECK(detail::load<std::uint64_t>(bytes.data()) == (header.size() + 7) / 8 * 8);
  CHECK(bytes.substr(bytes.size() - 19, 4) == std::string("\x00\x00\x80\x3F", 4));  // 1.0f
}

TEST_CASE("what is written is read back, from memory and disk") {
  const auto path = (std::filesystem::temp_directory_path() / ("rheo-st-" + std::to_string(::getpid()))).string();
  write_safetensors(path, sample());
  for (const TensorFile& f : {read_safetensors(path), parse_safetensors(format_safetensors(sample()), "f")}) {
    CHECK(f.metadata == sample().metadata);
    REQUIRE(f.tensors.size() == 6);
    for (const Tensor& t : sample().tensors) {
      REQUIRE(f.find(t.name));
      CHECK(f.find(t.name)->dtype == t.dtype);
      CHECK(f.find(t.name)->shape == t.shape);
      CHECK(f.find(t.name)->values == t.values);
      CHECK(f.find(t.name)->integers == t.integers);
    }
    CHECK(to_batch(*f.find("w"))(0, 1) == -2.5);
    CHECK(f.find("none") == nullptr);
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  CHECK_THROWS_AS(read_safetensors(path), rheo::FileError);
  std::filesystem::remove(path);
  CHECK_THROWS_AS(read_safetensors("/dev/zero"), rheo::FileError);
  const rheo::Batch<double> x = (rheo::Batch<double>(2, 3) << 1, 2, 3, 4, 5, 6).finished();
  CHECK(to_tensor("x", x).values == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK((to_batch(to_tensor("x", x)) == x).all());
  CHECK(to_tensor("x", Eigen::VectorXf::Ones(3)).shape == std::vector<std::uint64_t>{3});
}

TEST_CASE("a batch of a tensor: a number, a column, rows by columns; no more dimensions and no integers") {
  const auto batch = [](std::vector<std::uint64_t> shape) {
    return to_batch(Tensor{"w", "F64", std::move(shape), {1, 2, 3, 4, 5, 6}, {}});
  };
  const rheo::Batch<double> number = to_batch(Tensor{"w", "F64", {}, {7}, {}}), column = batch({6}),
                            table = batch({2, 3});
  REQUIRE((number.rows() == 1 && number.cols() == 1));
  CHECK(number(0, 0) == 7);
  REQUIRE((column.rows() == 6 && column.cols() == 1));
  CHECK(column(4, 0) == 5);
  REQUIRE((table.rows() == 2 && table.cols() == 3));
  CHECK((table(0, 1) == 2 && table(1, 0) == 4));
  CHECK_THROWS_WITH(batch({1, 2, 3}), "rheo: tensor 'w' is no float array of at most 2 dimensions");
  CHECK_THROWS_AS(to_batch(Tensor{"w", "I64", {2}, {}, {1, 2}}), std::invalid_argument);
  CHECK_THROWS_AS(to_batch(Tensor{"w", "BOOL", {2, 1}, {}, {1, 0}}), std::invalid_argument);
}

TEST_CASE("half precisions are widened exactly") {
  TensorLimits any;
  any.finite = false;
  const std::string half("\x00\x3C\x01\x00\xFF\x7B\x00\xC0\x00\x04\x00\x80\x00\xFC", 14),
      bfloat("\x80\x3F\x01\x00\xC0\x7F", 6);
  const auto f = parse_safetensors(
      pack(R"({"h":)" + entry("F16", "[7]", "[0,14]") + R"(,"g":)" + entry("BF16", "[3]", "[14,20]") + "}  ",
           half + bfloat),
      "f", any);
  CHECK(f.find("h")->values == std::vector<double>{1, 0x1p-24, 65504, -2, 0x1p-14, 0, -HUGE_VAL});
  CHECK(std::signbit(f.find("h")->values[5]));
  CHECK((f.find("g")->values[0] == 1 && f.find("g")->values[1] == 0x1p-133 && std::isnan(f.find("g")->values[2])));
}

TEST_CASE("the file and its header") {
  CHECK(error(pack("{}")) == "no error");
  CHECK(error("PK\x03\x04 and so on, by torch.save").find("zip archive, as torch.save writes") != std::string::npos);
  CHECK(error(pack("{}" + std::string(0x4B50 - 2, ' '))) ==
        "no error");  // a header of so many bytes begins the file with PK too
  CHECK(error("") == "f: is no safetensors file: it has 0 bytes");
  CHECK_THAT(error(std::string(8, '\xFF')), Catch::Contains("the header has 18446744073709551615 bytes, the file 8"));
  CHECK_THAT(error(pack("{}").substr(0, 9)), Catch::Contains("the header has 2 bytes, the file 9"));
  for (const char* bad :
       {"", " {}", "[]", "{", "{}x", "{}\n", "{\"a\"}", "{\"a\":}", "{\"a\":1}", "{,}", "{\"\xFF\":1}", "null",
        "{\"a\":{\"dtype\":\"F32\"}}", "{\"\\ud800\":1}", "{\"a\\u0000\":1}", "{'a':1}", "{\"a\x7F\":1}"}) {
    CAPTURE(bad);
    CHECK_THAT(error(pack(bad)), Catch::StartsWith("f: byte "));
  }
  CHECK_THAT(error(pack("{\"a\":" + std::string(1000000, '['))), Catch::Contains("byte 13: expected '{'"));
  CHECK_THAT(
      error(pack("{\"a\":" + entry("F32", "[0]", "[0,0]") + ",\"\\u0061\":" + entry("F32", "[0]", "[0,0]") + "}")),
      Catch::Contains("the name 'a' comes twice"));
  CHECK_THAT(error(pack(R"({"__metadata__":{"a":"1","a":"2"}})")), Catch::Contains("key of __metadata__ comes twice"));
  CHECK_THAT(error(pack(R"({"__metadata__":{},"__metadata__":{}})")), Catch::Contains("comes twice"));
  for (const char* bad : {"{\"a\":1}", "{\"a\":{}}", "{\"a\":null}", "[]", "\"a\"",
                          "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"}) {
    CHECK_THAT(error(pack(std::string("{\"__metadata__\":") + bad + "}")), Catch::Contains("expected"));
  }
}

TEST_CASE("one tensor") {
  CHECK(one(entry("F32", "[1]", "[0,4]")) == "no error");
  CHECK(one(entry("F32", "[0]", "[0,0]"), 0) == "no error");
  for (const char* type : {"F8_E4M3", "U8", "U64", "C64", "f32", ""})
    CHECK_THAT(one(entry(type, "[1]", "[0,4]")),
               Catch::Contains(std::string("has type ") + type + ", which is not read"));
  for (const char* n : {"-1", "1.0", "1e0", "01", "+1", "\"1\"", "18446744073709551616", "", "true", "[1]"}) {
    CAPTURE(n);
    CHECK_THAT(one(entry("F32", "[" + std::string(n) + ",1]", "[0,4]")), Catch::StartsWith("f: byte "));
    CHECK_THAT(one(entry("F32", "[1]", "[0," + std::string(n) + "]")), Catch::StartsWith("f: byte "));
  }
  for (const char* shape : {"[18446744073709551615,2]", "[9223372036854775808,2,0]", "[4611686018427387904]"})
    CHECK_THAT(one(entry("F32", shape, "[0,0]"), 0), Catch::Contains("overflows"));
  CHECK_THAT(one(entry("F32", "[2]", "[0,4]")), Catch::Contains("needs 8 bytes, its data_offsets differ"));
  CHECK_THAT(one(entry("F32", "[1]", "[4,0]")), Catch::Contains("data_offsets differ"));
  CHECK_THAT(one(entry("F32", "[1]", "[1,5]"), 5),
             Catch::Contains("begins at byte 1 of the data, the one before ends at 0"));
  CHECK_THAT(one(entry("F32", "[1]", "[0,4]"), 3), Catch::Contains("the tensors have 4 bytes, the file has 3"));
  CHECK_THAT(one(entry("F32", "[1]", "[0,4]"), 5), Catch::Contains("the tensors have 4 bytes, the file has 5"));
  CHECK_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1})"), Catch::Contains("unknown field 'x'"));
  CHECK_THAT(one(R"({"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]})"),
             Catch::Contains("two fields 'dtype'"));
  CHECK_THAT(one(R"({"dtype":"F32","shape":[1]})"), Catch::Contains("lacks one of"));
  CHECK_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,4]})"), Catch::Contains("expected ']'"));
  CHECK_THAT(error(pack("{\"a\":" + entry("F32", "[1]", "[0,4]") + ",\"b\":" + entry("F32", "[1]", "[0,4]") + "}",
                        std::string(4, '\0'))),
             Catch::Contains("begins at byte 0 of the data, the one before ends at 4"));
  CHECK_THAT(error(pack("{\"a\":" + entry("BOOL", "[2]", "[0,2]") + "}", "\x01\x02")),
             Catch::Contains("neither 0 nor 1 at index 1"));
  CHECK_THAT(error(pack("{\"a\":" + entry("F32", "[1]", "[0,4]") + "}", std::string("\x01\x00\x80\x7F", 4))),
             Catch::Contains("not finite at index 0"));
  CHECK_THAT(error(pack("{\"a\":" + entry("F16", "[1]", "[0,2]") + "}", "\x01\x7E")),
             Catch::Contains("tensor 'a' holds a number that is not finite at index 0"));
}

TEST_CASE("limits, each at its edge") {
  const std::string two =
      pack("{\"aa\":" + entry("F32", "[1,0]", "[0,0]") + ",\"b\":" + entry("F32", "[0]", "[0,0]") + "}");
  TensorLimits fits{two.size(), two.size() - 8, 2, 2, 2, true};
  CHECK(error(two, fits) == "no error");
  const auto lower = [&](auto member) {
    return --(fits.*member), error(two, std::exchange(fits, {two.size(), two.size() - 8, 2, 2, 2, true}));
  };
  CHECK_THAT(lower(&TensorLimits::file_bytes), Catch::Contains("holds more than"));
  CHECK_THAT(lower(&TensorLimits::header_bytes), Catch::Contains("are allowed"));
  CHECK_THAT(lower(&TensorLimits::tensors), Catch::Contains("more than 1 tensors"));
  CHECK_THAT(lower(&TensorLimits::rank), Catch::Contains("more than 1 dimensions"));
  CHECK_THAT(lower(&TensorLimits::name_bytes), Catch::Contains("longer than 1 bytes"));
}

TEST_CASE("what cannot be written is an argument error") {
  const auto refuse = [](const Tensor& t) { CHECK_THROWS_AS(format_safetensors({{t}, {}}), std::invalid_argument); };
  for (const char* name : {"__metadata__", "\n", "\xFF"}) refuse({name, "F64", {}, {1}, {}});
  refuse({"a", "F16", {}, {1}, {}});
  refuse({"a", "F64", {2}, {1}, {}});
  refuse({"a", "F32", {}, {1e39}, {}});
  refuse({"a", "I32", {}, {}, {1LL << 31}});
  refuse({"a", "BOOL", {}, {}, {2}});
  refuse({"a", "I64", {1}, {1}, {}});
  CHECK_THROWS_AS(format_safetensors({{{"a", "F64", {}, {1}, {}}, {"a", "F32", {}, {1}, {}}}, {}}),
                  std::invalid_argument);
}

TEST_CASE("every truncation is refused and no mutation crashes") {
  const auto parse = [](const std::string& bytes) { parse_safetensors(bytes, "f"); };
  const std::string whole = format_safetensors(sample());
  CHECK(truncations(whole, parse).refused == int(whole.size()));
  const auto changed = mutations(whole, 20000, parse);
  CHECK(changed.parsed > 500);
  CHECK(changed.refused > 5000);
}

}  // namespace io_safetensors
