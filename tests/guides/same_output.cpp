// SPDX-License-Identifier: MIT
// The guides' checker finds a changed number, a changed word, a line too many, and what a guide lacks.
#include "guides/same_output.hpp"

#include "catch.hpp"

using guides::difference;

TEST_CASE("a page is held against what was printed, to the word and to 3 % or 0.03") {
  const std::string page = "log Z 10.29 +- 0.010 (exact 10.2935)\nP(x1 > 0) = 0.82, 4% of 1000 rows, -2.00\n";
  const auto printed = [&](const std::string& from, const std::string& to) {
    std::string text = page;
    return text.replace(text.find(from), from.size(), to);
  };
  CHECK(difference(page, page) == "");
  CHECK(difference(page, printed("10.29 ", "10.58 ")) == "");
  CHECK(difference(page, printed("0.82", "0.80")) == "");
  CHECK(difference(page, printed("1000", "  980 ")) == "");
  CHECK(difference(page, printed("10.29 ", "10.69 ")).find("line 1: the page says '10.29'") == 0);
  CHECK(difference(page, printed("0.82", "0.86")).find("line 2") == 0);
  CHECK(difference(page, printed("-2.00", "2.00")).find("the page says '-2.00', printed was '2.00'") != page.npos);
  CHECK(difference(page, printed("1000", "960")).find("'960'") != page.npos);
  CHECK(difference(page, printed("x1", "x2")).find("line 2") == 0);
  CHECK(difference(page, printed("exact", "exactly")).find("'(exactly'") != page.npos);
  CHECK(difference(page, printed("10.2935", "nan")).find("line 1") == 0);
  CHECK(difference(page, page + "more\n") == "line 3: printed and not on the page: more");
  CHECK(difference(page, "") == "line 1: on the page and not printed: log Z 10.29 +- 0.010 (exact 10.2935)");
}

TEST_CASE("a page has one block of output") {
  CHECK(guides::block("# A\n```text\none\ntwo\n```\nmore") == "one\ntwo\n");
  CHECK(guides::block("# A\n```cpp\none\n```\n") == "");
  CHECK(guides::block("# A\n```text\none\n```\n```text\ntwo\n```\n") == "");
}

TEST_CASE("a guide has a short program, a page with a block, a command and a small picture") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "rheo_guides_test";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  const auto faults = [&] { return guides::faults(folder.string(), "a"); };
  const std::string page = "# A\n```\nguide_a\n```\n```text\n1\n```\n![a](a.png)\n";
  write("a.cpp", "int main() {}\n"), write("a.png", "picture"), write("a.md", page);
  CHECK(faults().empty());
  write("a.cpp", std::string(80, '\n'));
  CHECK(faults().size() == 1);
  write("a.cpp", std::string(79, '\n'));
  CHECK(faults().empty());
  write("a.png", std::string(40'001, 'x'));
  CHECK(faults().size() == 1);
  fs::remove(folder / "a.png");
  CHECK(faults().size() == 1);
  write("a.png", "picture"), write("a.md", "# A\n");
  CHECK(faults().size() == 3);
  fs::remove(folder / "a.md");
  CHECK(faults().size() == 1);
  fs::remove_all(folder);
}
