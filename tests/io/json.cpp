// SPDX-License-Identifier: MIT
// JSON strings, integers and UTF-8, at the edges of their rules.
#include "rheo/io/json.hpp"

#include "catch.hpp"

namespace io_json {
using namespace rheo::io;

namespace {

/// The string of a JSON text, or the refusal after "f: ".
std::string string_of(std::string_view text, std::size_t max_bytes = 100) {
  try {
    JsonCursor json(text, "f");
    std::string s = json.string(max_bytes);
    json.end();
    return s;
  } catch (const rheo::FileError& e) { return std::string(e.what()).substr(9); }
}
std::string integer_of(std::string_view text) {
  try {
    JsonCursor json(text, "f", 1000);
    const auto n = json.integer();
    json.end();
    return std::to_string(n);
  } catch (const rheo::FileError& e) { return std::string(e.what()).substr(9); }
}

}  // namespace

TEST_CASE("UTF-8: the first and last character of every length, and what only looks like one") {
  for (const char* s : {"\x01", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(utf8_length(std::string(s) + "x") == std::string(s).size());
    CHECK(is_utf8(std::string("a") + s + s));
    CHECK_FALSE((std::string(s).size() > 1 && is_utf8(std::string(s, std::string(s).size() - 1))));
  }
  for (const char* s :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE1\x80\xC0"}) {
    CHECK(utf8_length(s) == 0);
    CHECK_FALSE(is_utf8(std::string("a") + s));
  }
  CHECK(is_utf8(""));
}

TEST_CASE("strings") {
  CHECK(string_of(R"( "a\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\uDE00"  )") ==
        "a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(string_of("\"\\u0000\"") == std::string(1, '\0'));
  CHECK(string_of("\"1234\"", 4) == "1234");
  CHECK(string_of("\"12345\"", 4) == "byte 6: a string longer than 4 bytes");
  CHECK(string_of("a") == "byte 0: expected '\"'");
  CHECK(string_of("") == "byte 0: expected '\"'");
  CHECK(string_of("\"ab") == "byte 3: the string is never closed");
  CHECK(string_of("\"a\nb\"") == "byte 2: a control character in a string");
  CHECK(string_of("\"a\xC3\"") == "byte 2: not UTF-8");
  CHECK(string_of("\"\\x\"") == "byte 2: an unknown escape");
  CHECK(string_of("\"\\") == "byte 2: an unknown escape");
  CHECK(string_of("\"\\u12") == "byte 3: a cut \\u escape");
  CHECK(string_of("\"\\u12g4\"") == "byte 3: a \\u escape needs four hexadecimal digits");
  CHECK(string_of("\"\\u+123\"") == "byte 3: a \\u escape needs four hexadecimal digits");
  for (const char* s : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800\n")", R"("\ud800x")"})
    CHECK_THAT(string_of(s), Catch::Contains("half a surrogate pair"));
  CHECK(string_of("\"a\" x") == "byte 4: text after the end");
}

TEST_CASE("integers") {
  CHECK(integer_of("0") == "0");
  CHECK(integer_of("\n18446744073709551615 ") == "18446744073709551615");
  CHECK(integer_of("18446744073709551616") == "byte 1000: an integer above 2^64 - 1");
  CHECK(integer_of("00") == "byte 1000: an integer with a leading zero");
  for (const char* s : {"-1", "+1", "", "x", "1.5", "1e3", "1E3", "0x1"})
    CHECK_THAT(integer_of(s), Catch::StartsWith("byte 100"));
}

TEST_CASE("an object is walked, and nothing else passes") {
  JsonCursor json(R"({"a":[1, 2] , "b":[]})", "f");
  std::string seen;
  json.expect('{');
  for (bool first = true; json.more('}', first); first = false) {
    seen += json.string(9) + "=";
    json.expect(':');
    json.expect('[');
    for (bool f = true; json.more(']', f); f = false) seen += std::to_string(json.integer()) + ",";
  }
  json.end();
  CHECK(seen == "a=1,2,b=");
  JsonCursor comma("[1,]", "f");
  comma.expect('[');
  CHECK(comma.more(']', true));
  comma.integer();
  CHECK(comma.more(']', false));
  CHECK_THROWS_WITH(comma.integer(), "rheo: f: byte 3: expected an integer in plain digits");
}

TEST_CASE("every byte that is escaped comes back") {
  std::string all;
  for (char c = 0; c < 127; ++c) all += c;
  all += "\xC3\xA9";
  CHECK(json_escape("a\"\\\n\x1F") == R"("a\"\\\n\u001f")");
  CHECK(string_of(json_escape(all), 200) == all);
}

}  // namespace io_json
