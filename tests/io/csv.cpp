// SPDX-License-Identifier: MIT
// Tables as text: what is understood, value by value, and every refusal with its place.
#include "rheo/io/csv.hpp"

#include <filesystem>

#include "catch.hpp"
#include "io/csv_text.hpp"
#include "io/damage.hpp"

namespace io_csv {
using rheo::Batch;
using rheo::io::CsvOptions;
using rheo::io::parse_csv;
using rheo_test::Names, rheo_test::values;
constexpr auto take = rheo_test::wanting;

namespace {

std::string error(const std::string& text, const CsvOptions& options = {}) {
  const std::string said = rheo_test::values_or_error(text, options);
  return said.substr(0, 2) == "t:" ? said : "no error: " + said;
}

}  // namespace

TEST_CASE("plain tables, in every delimiter") {
  for (const char* text :
       {"1,2\n3,-4.5e1\n", "1;2\n3;-4.5e1", "1\t2\r\n3\t-4.5e1\r\n", "  1   2 \n 3 \t -4.5e1", "1 , 2\n+3,-4.5e1\r",
        "\"1\",\"2\"\n3,\"-4.5e1\"\n", "\xEF\xBB\xBF# no, numbers; here\n\n1,2\n  # x\n \n3,-4.5e1\n\n"}) {
    CAPTURE(text);
    CHECK(values(text) == "1 2|3 -45|");
  }
  CsvOptions bar;
  bar.delimiter = '|';
  CHECK(values("1|2\n", bar) == "1 2|");
  CHECK(values("7\n8\n") == "7|8|");
  CHECK(parse_csv("7,8", "t").names == Names{"x0", "x1"});
}

TEST_CASE("headers are found, and columns by name, number and range") {
  const std::string text = "kind,a,\"b \"\"x\"\", m\",c\nred,1,2,3\n\"blue, dark\nor so\",4,5,6\n";
  CHECK(values(text, take({"c", "1"})) == "3 1|6 4|");
  CHECK(values(text, take({"1-3"})) == "1 2 3|4 5 6|");
  CHECK(parse_csv(text, "t", take({"1-2"})).names == Names{"a", "b \"x\", m"});
  CHECK(values("1,2,g\n3,4,h\n", take({"0", "1"})) == "1 2|3 4|");  // text in an unwanted column is no header
  CHECK(values("a,b\n") == "");
  CHECK(parse_csv("a,b\n", "t").values.cols() == 2);
  CsvOptions yes;
  yes.header = CsvOptions::Header::yes;
  CHECK(values("2019,2020\n1,2\n", yes) == "1 2|");
  CHECK(error(text) == "t:2:1: 'red' is not a number");
  CHECK(error(text, take({"d"})) == "t:1:1: no column 'd' among 4: kind, a, b \"x\", m, c");
  CHECK(error(text, take({"4"})).find("no column '4'") != std::string::npos);
  CHECK(error(text, take({"3-1"})).find("no column '3-1'") != std::string::npos);
  CHECK(error("a,a\n1,2\n", take({"a"})) == "t:1:1: two columns are named 'a': ask by number");
}

TEST_CASE("every error names line and column") {
  CHECK(error("") == "t:1:1: no rows");
  CHECK(error("# only\n \r\n") == "t:1:1: no rows");
  CHECK(error("a,b\n1,2\n3,4x\n") == "t:3:3: '4x' is not a number");
  CHECK(error("\xC3\xA9t\xC3\xA9,b\n\xC3\xA9\xC3\xA9,2\n", take({"b", "0"})) ==
        "t:2:1: '\xC3\xA9\xC3\xA9' is not a number");
  CHECK(error("a,b\n\"\xC3\xA9\",0x1\n", take({"b"})) == "t:2:5: '0x1' is not a number");
  CHECK(error("a,b\n\"1\n\n\",z\n", take({"b"})) == "t:4:3: 'z' is not a number");
  for (const char* bad : {"+-1", "- 1", "--1", "1e", "e5", ".", "+", "1 2", "1e5x", "True"})
    CHECK(error("a,b\n1," + std::string(bad) + "\n") == "t:2:3: '" + std::string(bad) + "' is not a number");
  CHECK(error("a,b\n1,2,3\n") == "t:2:5: this row has 3 fields, the first has 2");
  CHECK(error("1,2\n3\n") == "t:2:1: this row has 1 field, the first has 2");
  CHECK(error("1,2\n3,4,\n") ==
        "t:2:5: this row has 3 fields, the last of them empty behind a delimiter, the first has 2");
  CHECK(error("1,2\n3,\"4\n") == "t:2:3: the quote is never closed");
  CHECK(error("1,2\n3,\"4\"5\n") == "t:2:3: text after the closing quote");
  CHECK(error(std::string("1,2\n3,\0\n", 8)).substr(0, 6) == "t:2:3:");
  CsvOptions small;
  small.max_bytes = 3;
  CHECK(error("1,2\n", small) == "t: holds more than the 3 bytes allowed");
  CsvOptions quote;
  quote.delimiter = '"';
  CHECK_THROWS_AS(parse_csv("1", "t", quote), std::invalid_argument);
}

TEST_CASE("missing and non-finite fields are refused with their count, or dropped") {
  const std::string text = "a,b,c\n1,2,3\n,5,6\n7,nan,9\n10,11,-inf\n12,NA,13\n14,15,+16";
  CHECK(error(text) ==
        "t:3:1: a number of column 'a' is missing or not finite (4 rows like this one): CsvOptions::drop_missing "
        "leaves them out");
  CHECK(error(text, take({"c"})) ==
        "t:5:7: a number of column 'c' is missing or not finite (1 row like this one): CsvOptions::drop_missing leaves "
        "them out");
  CsvOptions drop;
  drop.drop_missing = true;
  CHECK(values(text, drop) == "1 2 3|14 15 16|");
  CHECK(parse_csv(text, "t", drop).dropped == 4);
  CHECK(error("a\tb\n1\t2\n\t\n") ==
        "t:3:1: a number of column 'a' is missing or not finite (1 row like this one): CsvOptions::drop_missing leaves "
        "them out");
  CHECK(error("1,\n2,3\n") ==
        "t:1:3: a number of column 'x1' is missing or not finite (1 row like this one): CsvOptions::drop_missing "
        "leaves them out");  // no header
}

TEST_CASE("the ends of the number line") {
  const auto v = parse_csv(
                     "1e-400,-1e-400,5e-324,1.7976931348623157e308,0.00000001e-320,1e-99999999999999999999,000.1,"
                     "100000000000e-330\n",
                     "t")
                     .values;
  CHECK(
      (v.row(0) == (Eigen::Array<double, 1, 8>() << 0, 0, 5e-324, 1.7976931348623157e308, 0, 0, 0.1, 1e-319).finished())
          .all());
  for (const char* big : {"1e400", "-1e400", "1.8e308", "0.0000001e320", "1e99999999999999999999"})
    CHECK(error("1," + std::string(big)) == "t:1:3: '" + std::string(big) + "' is too large for a double");
  CHECK(error(std::string(400, '9')).find("too large") != std::string::npos);
}

TEST_CASE("what is written is read back to the last bit") {
  Batch<double> x(50, 3);
  rheo::Noise{7}.normals(rheo::view(x));
  x(0, 0) = 5e-324;
  x(1, 1) = -1.7976931348623157e308;
  const Names names = {"a", "b, \"c\"", "#d"};
  const auto path = (std::filesystem::temp_directory_path() / ("rheo-csv-" + std::to_string(::getpid()))).string();
  rheo::io::write_csv(path, x, names);
  const auto back = rheo::io::read_csv(path);
  std::filesystem::remove(path);
  CHECK(back.names == names);
  CHECK((back.values == x).all());
  CHECK(rheo::io::format_csv(x.topRows(0), names) == "a,\"b, \"\"c\"\"\",\"#d\"\n");
  CHECK(rheo::io::format_csv((Batch<double>(1, 2) << 0.1, -2).finished()) == "0.10000000000000001,-2\n");
  CHECK_THROWS_AS(rheo::io::format_csv(x, {"a"}), std::invalid_argument);
}

TEST_CASE("no text crashes the reader") {
  const std::string seed = "k,a,\"b\"\n# c\nx,1.5,\"2\"\r\n\"y\"\"z\",-3e2,4\n";
  bool finite = true;
  const auto parse = [&](const std::string& text) { finite &= parse_csv(text, "t", take({"1-2"})).values.allFinite(); };
  const auto cut = truncations(seed, parse), changed = mutations(seed, 20000, parse);
  CHECK(cut.parsed + cut.refused == int(seed.size()));
  CHECK(changed.parsed > 1000);
  CHECK(changed.refused > 1000);
  CHECK(finite);
}

}  // namespace io_csv
