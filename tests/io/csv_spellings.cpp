// SPDX-License-Identifier: MIT
// Tables as instruments, spreadsheets and old programs write them: read, or refused by name.
#include "catch.hpp"
#include "io/csv_text.hpp"
#include "io/damage.hpp"

namespace io_csv_spellings {
using namespace rheo_test;
using namespace std::string_literals;

namespace {

/// `s` in UTF-16, ASCII and U+2212 only.
std::string utf16(const std::string& s, bool big, bool mark) {
  std::string out;
  const auto unit = [&](unsigned u) {
    const char high = static_cast<char>(u >> 8), low = static_cast<char>(u & 255);
    out += big ? high : low;
    out += big ? low : high;
  };
  if (mark) unit(0xFEFF);
  for (std::size_t k = 0; k < s.size(); ++k) {
    const bool minus = s.compare(k, 3, "\xE2\x88\x92") == 0;
    unit(minus ? 0x2212 : static_cast<unsigned char>(s[k]));
    k += minus ? 2 : 0;
  }
  return out;
}
/// What becomes of one field of a one-column table, after the file's name and place.
std::string field(const std::string& s, const std::string& name = "a\n") {
  const std::string text = name + "\"" + s + "\"\n", said = values_or_error(text);
  return said.substr(0, 2) == "t:" ? said.substr(said.find(' ') + 1) : said;
}

}  // namespace

TEST_CASE("lines end with LF, CR or CRLF, or with each in turn") {
  for (const char* text : {"a,b\n1,2\n3,4\n", "a,b\r1,2\r3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\n3,4\r\n",
                           "a,b\n\r1,2\r\r3,4\r", "# x\ra,b\r1,2\r# y, z\r3,4", "\"a\",b\r\"1\",2\r3,\"4\"\r"}) {
    CAPTURE(text);
    CHECK(values_or_error(text) == "1 2|3 4|");
    CHECK(rheo::io::parse_csv(text, "t").names == Names{"a", "b"});
  }
  CHECK(values_or_error("a,b\r1,2\r3,x\r") == "t:3:3: 'x' is not a number");
  CHECK(values_or_error("a,b\r\n1,2\r\n3,x\r\n") == "t:3:3: 'x' is not a number");
  CHECK(values_or_error("a,b\r1,2\n\r3,x\r\n") == "t:4:3: 'x' is not a number");
  CHECK(values_or_error("\"a\r\nb\rc\nd\",b\r1,x\r") == "t:5:3: 'x' is not a number");
}

TEST_CASE("UTF-16 of both orders, with its mark and without; other encodings are named") {
  const std::string text =
      "a,b\r\n1,\xE2\x88\x92"
      "2\r\n3,4\r\n";
  for (const bool big : {false, true}) {
    for (const bool mark : {false, true}) {
      CHECK(values_or_error(utf16(text, big, mark)) == "1 -2|3 4|");
      CHECK(values_or_error(utf16("a,b\n1,x\n", big, mark)) == "t:2:3: 'x' is not a number");
    }
    CHECK(values_or_error(utf16(text, big, true) + "0") == "t: byte 34: the UTF-16 text ends within a character");
    CHECK(values_or_error(utf16("1", big, true) + (big ? "\xD8\0"s : "\0\xD8"s)) ==
          "t: byte 4: half a surrogate pair in a UTF-16 text");
  }
  CHECK(values_or_error("\xFF\xFE\0\0"
                        "1\0\0\0"s) == "t: is UTF-32, which is not read: UTF-8 and UTF-16 are");
  CHECK(values_or_error("\0\0\xFE\xFF\0\0\0"
                        "1"s) == "t: is UTF-32, which is not read: UTF-8 and UTF-16 are");
  CHECK(values_or_error("a,b\n1,2\r\n3,\0"s) == "t:3:3: a NUL byte: this is no text");
  for (const bool big : {false, true})  // zeros in both places, and so in neither order
    CHECK(values_or_error(utf16("a,b\n1,2\n3,\0"s, big, false)) ==
          (big ? "t:1:1" : "t:1:2") + ": a NUL byte: this is no text"s);
  CHECK(values_or_error("\xEF\xBB\xBF"
                        "a,b\n1,2\n") == "1 2|");
  CHECK(values_or_error("a,b\n1,\xFF\x01\n") == "t:2:3: '\\xFF\\x01' is not a number");  // Latin-1 and the like
}

TEST_CASE("a header is a row of text in every wanted column; no other row is lost") {
  for (const char* first : {"1,?", "N/A,2", "NULL,NULL", "1,null", ",2", "NA,1e5", "#N/A,1", "#DIV/0!,1", "1,1.#QNAN",
                            "-1.#IND,1", "\xE2\x88\x92inf,1"}) {
    CAPTURE(first);
    CHECK(values_or_error(first + "\n1,2\n"s) ==
          "t:1:" + (first[0] == '1' ? "3"s : "1"s) + ": a number of column 'x" + (first[0] == '1' ? "1" : "0") +
              "' is missing or not finite (1 row like this one): CsvOptions::drop_missing leaves them out");
    CHECK(values_or_error(first + "\n1,2\n"s, dropping()) == "1 2|");
    CHECK(values_or_error("a,b\n1,2\n"s + first + "\n", dropping()) == "1 2|");
  }
  CHECK(values_or_error("1.5D+03,2\n3,4\n") == "1500 2|3 4|");
  CHECK(values_or_error("x,2019\n1,2\n") ==
        "t:1:1: 'x' is not a number, and no name of a column beside '2019': for a header that it may be, choose "
        "Header::yes");
  CHECK(
      values_or_error(",b\n1,2\n") ==
      "t:1:2: 'b' is not a number, and no name of a column beside '': for a header that it may be, choose Header::yes");
  CHECK(values_or_error("12%,b\n1,2\n") == "t:1:1: '12%' is a percentage: write it as a fraction");
  CHECK(values_or_error("x,2019\n1,2\n", wanting({"x"})) == "1|");
  CHECK(values_or_error("x,2019\n1,2\n", wanting({"0"})) == "1|");
}

TEST_CASE("numbers of Fortran, of spreadsheets and with signs and blanks of print") {
  for (const char* s :
       {"1.5D+03", "1.5d3", "1.5E3", "1.5e+003", "1.5+003", "+1.5Q3", "1500", "1500.", "+1500", "  1500\t",
        "\xC2\xA0"
        "1500",
        "1500\xE2\x80\xAF", "1.5E03"}) {
    CAPTURE(s);
    CHECK(field(s) == "1500|");
  }
  for (const char* s : {"-.5", "-0.5", "\xE2\x88\x92.5", "-5.d-1",
                        "-5.E\xE2\x88\x92"
                        "1",
                        "-.5+000"})
    CHECK(field(s) == "-0.5|");
  CHECK(field("1.5-103") == "1.5e-103|");
  CHECK(field("9.9+308") == "'9.9+308' is too large for a double");
  CHECK(field("1.5D-400") == "0|");
  for (const char* s : {"1-103", "1.5+10", "1.5+1030", "D5", "1.5D", "1.5D+", "1.5DD3", "2019-10-01", "1.5.5", "0x1F",
                        "12:30", "$5", ".D1", "\xE2\x88\x92",
                        "-\xE2\x88\x92"
                        "1"})
    CHECK(field(s) == "'" + std::string(s) + "' is not a number");
  for (const char* s : {"****", "*"})
    CHECK(field(s) == "'" + std::string(s) + "' stands for a number that was wider than its Fortran field");
}

TEST_CASE("decimal commas where semicolons part the fields; separators of thousands never") {
  CHECK(values_or_error("a;b\n1,5;-2\n\xE2\x88\x92,5;1,5D2\n") == "1.5 -2|-0.5 150|");
  CHECK(values_or_error("1,234;2\n") == "1.234 2|");
  CHECK(values_or_error("a;b\n1,5;2\n3;2.5\n") == "t:3:3: '2.5' has a decimal point, '1,5' in line 2 a decimal comma");
  CHECK(values_or_error("a;b\n1.234;2\n3;2,5\n") ==
        "t:3:3: '2,5' has a decimal comma, '1.234' in line 2 a decimal point");
  CHECK(values_or_error("a;b\n1.234,5;2\n") == "t:2:1: '1.234,5' has separators of thousands: write it without them");
  for (const char* s : {"1,5", "1,234", "-0,25", "1234,5"})
    CHECK(field(s) ==
          "'" + std::string(s) + "' has a comma in a number: a decimal comma is read where semicolons part the fields");
  for (const char* s : {"1,234.5", "1,234,567", "-12,345.", "1.234.567", "1.234,5", "1 234", "1 234,5",
                        "1\xC2\xA0"
                        "234",
                        "1'234.5", "1_000_000",
                        "1\xE2\x80\x89"
                        "234"})
    CHECK(field(s) == "'" + std::string(s) + "' has separators of thousands: write it without them");
  for (const char* s : {"12%", "-1.5 %", "0,5%"})
    CHECK(field(s) == "'" + std::string(s) + "' is a percentage: write it as a fraction");
}

TEST_CASE("a first line sep= names what parts the fields") {
  for (const char* text : {"sep=;\na;b\n1;2\n", "SEP=;\r\na;b\r\n1;2", "sep=|\ra|b\r1|2\r",
                           "\xEF\xBB\xBFsep=\t\na\tb\n1\t2\n", "sep=,\na,b\n1,2\n"})
    CHECK(values_or_error(text) == "1 2|");
  CHECK(values_or_error("sep=;\na;b\n1;x\n") == "t:3:3: 'x' is not a number");
  CHECK(values_or_error("sep=\"\n1\n") == "1|");  // no such line, but a header
  CHECK(values_or_error("sep=;") == "t:1:1: no rows");
}

TEST_CASE("every name that is written is read as a name, and others are not written") {
  for (const char* name : {"a b", " x ", "sep=;", "sep=", "\"", "#", "#N/A x", "\xC3\xA9", "\xEF\xBB\xBFz", "\xFF\xFE",
                           "a\rb", "a\r\nb", "1st", "a;b", "a\tb", "x,y", "\xC2\xA0n"}) {
    CAPTURE(name);
    for (const Names& names : {Names{name}, Names{name, "b"}, Names{"b", name}}) {
      for (const rheo::Index rows : {0, 1, 3}) {
        const rheo::Batch<double> x =
            rheo::Batch<double>::Constant(rows, static_cast<rheo::Index>(names.size()), -1.5e-7);
        const auto back = rheo::io::parse_csv(rheo::io::format_csv(x, names), "t");
        CHECK(back.names == names);
        CHECK((back.values.rows() == rows && back.values.cols() == x.cols() && (back.values == x).all()));
      }
    }
  }
  for (const std::string& name : {"2019"s, ""s, " "s, "NA"s, "?"s, "1,5"s, "nan"s, "12%"s, "***"s, "a\0"s})
    CHECK_THROWS_AS(rheo::io::format_csv(rheo::Batch<double>::Zero(1, 2), {"a", name}), std::invalid_argument);
}

TEST_CASE("no text of these crashes the reader, and none gives a number that is not finite") {
  bool finite = true;
  const auto parse = [&](const std::string& text) { finite &= rheo::io::parse_csv(text, "t").values.allFinite(); };
  const std::string plain =
      "sep=;\ra;\"b\"\r\n1,5;\xE2\x88\x92"
      "2D+03\n1.5-103;\"\xC2\xA0"
      "7\"\r#N/A;?\n";
  for (const std::string& seed :
       {plain, utf16("a,b\r\n1,-2\r\n3,4e5\r\n", false, true), utf16("a,b\r1,-2\r", true, false)}) {
    const auto cut = truncations(seed, parse), changed = mutations(seed, 20000, parse);
    CHECK(cut.parsed + cut.refused == int(seed.size()));
    CHECK(changed.refused > 1000);
  }
  CHECK(finite);
}

}  // namespace io_csv_spellings
