// SPDX-License-Identifier: MIT
#include "rheo/io/csv.hpp"

#include <filesystem>

#include "catch.hpp"

using namespace rheo;

namespace {
io::CsvTable parsed(const std::string& text, io::CsvOptions o = {}) { return io::parse_csv(text, "t.csv", o); }
std::string complaint(const std::string& text, io::CsvOptions o = {}) {
  try {
    parsed(text, o);
  } catch (const FileError& e) {
    return e.what();
  }
  return "none";
}
}  // namespace

TEST_CASE("comments, headers, CRLF, quotes, other delimiters, no final newline") {
  const auto t = parsed("# note\r\nLAT,LON\r\n1.5,-2\r\n+3,\"4e1\"\r\n\r\n 5 , 6");
  REQUIRE(t.values.rows() == 3);
  CHECK(t.names == std::vector<std::string>{"LAT", "LON"});
  CHECK(t.values(0, 0) == 1.5);
  CHECK(t.values(1, 0) == 3);
  CHECK(t.values(1, 1) == 40);
  CHECK(t.values(2, 1) == 6);
  CHECK(parsed("1;2\n3;4").values(1, 1) == 4);
  CHECK(parsed("1\t2\n3\t4").values(1, 0) == 3);
  CHECK(parsed("  1   2\n3 4\n").values(0, 1) == 2);
  CHECK(parsed("1e-400,2\n").values(0, 0) == 0);
  CHECK(parsed("a,b,c\n1,2,3\n", {.columns = {"c", "0"}}).values(0, 0) == 3);
  CHECK(parsed("a,b,c\nx,2,3\n", {.columns = {"c", "b"}}).values(0, 1) == 2);
  CHECK(parsed("x,2,3\ny,4,5\n", {.columns = {"1", "2"}}).values(1, 1) == 5);
}

TEST_CASE("every complaint says file, line and column") {
  CHECK(complaint("a,b\n1,2\n3,x\n") == "rheo: t.csv:3:3: 'x' is not a number");
  CHECK(complaint("1,2\n3,\n") == "rheo: t.csv:2:3: a field is empty");
  CHECK(complaint("1,2\n3,nan\n") == "rheo: t.csv:2:3: 'nan' is not finite");
  CHECK(complaint("1,2\n3,1e400\n") == "rheo: t.csv:2:3: '1e400' is not a number");
  CHECK(complaint("1,2\n3,4,5\n") == "rheo: t.csv:2:6: 3 fields where the first line has 2");
  CHECK(complaint("1,2\n\"3,4\n") == "rheo: t.csv:2:1: a quote is not closed");
  CHECK(complaint("1,2\n\"3\"4,5\n") == "rheo: t.csv:2:4: text behind a closing quote");
  CHECK(complaint("a,b\n1,2\n", {.columns = {"a", "z"}}) == "rheo: t.csv:1:1: there is no column 'z'");
  CHECK(complaint("") == "rheo: t.csv:1:1: no data");
  CHECK(complaint("# only\n") == "rheo: t.csv:1:1: no data");
  CHECK(complaint(std::string("1,2\n3,\0004\n", 9)) == "rheo: t.csv:2:3: a zero byte: this is not text");
  CHECK_THROWS_WITH(io::read_csv("/nowhere/at/all.csv"), Catch::Contains("/nowhere/at/all.csv: cannot be opened"));
  const auto t = parsed("1,2\n3,\n5,inf\n7,8\n", {.drop_missing = true});
  CHECK(t.dropped == 2);
  CHECK(t.values.rows() == 2);
  CHECK(t.values(1, 0) == 7);
}

TEST_CASE("no bytes crash the reader") {
  const std::string good = "# c\na,b\r\n1,2\n\"3\",4e5\n-6,7\n";
  std::uint64_t state = 1;
  auto next = [&] { return state = state * 6364136223846793005u + 1442695040888963407u, static_cast<unsigned>(state >> 33); };
  int fine = 0;
  for (int k = 0; k < 20000; ++k) {
    std::string text = good.substr(0, next() % (good.size() + 1));
    for (unsigned flips = next() % 4; flips-- > 0 && !text.empty();) text[next() % text.size()] = static_cast<char>(next());
    fine += complaint(text) == "none";
  }
  CHECK(fine > 100);
  CHECK(fine < 19000);
}

TEST_CASE("what is written is read again, and a full disk leaves the old file whole") {
  const std::string path = (std::filesystem::temp_directory_path() / "rheo_csv_test.csv").string();
  Batch<double> x(3, 2);
  x << 1.0 / 3, -2e-300, 1e308, 0.1, 12345678.9, 0;
  io::write_csv(path, x, {"u", "v"});
  const auto t = io::read_csv(path);
  CHECK((t.values == x).all());
  CHECK(t.names == std::vector<std::string>{"u", "v"});
  std::filesystem::remove(path);
  CHECK_THROWS_AS(io::write_file("/nowhere/at/all.csv", "x"), FileError);
  if (std::filesystem::exists("/dev/full")) CHECK_FALSE(io::detail::put(std::fopen("/dev/full", "wb"), "abc"));
}
