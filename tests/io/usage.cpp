// SPDX-License-Identifier: MIT
// What the examples say of options that will not do.
#include <sstream>

#include "../examples/command_line.hpp"
#include "catch.hpp"

namespace io_usage {

namespace {

struct Options {
  int epochs = 7;
  Eigen::Index samples = 8;
  std::uint64_t seed = 9;
  std::string out = "x";
  bool operator==(const Options&) const = default;
};
/// What is said of these words, "" where they are understood.
std::string said(std::vector<std::string> words, Options& o) {
  words.insert(words.begin(), "program");
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  std::ostringstream text;
  std::streambuf* const own = std::cerr.rdbuf(text.rdbuf());
  const bool understood = examples::read_options(
      int(argv.size()), argv.data(),
      {{"--epochs", &o.epochs}, {"--samples", &o.samples}, {"--seed", &o.seed}, {"--out", &o.out}});
  std::cerr.rdbuf(own);
  CHECK(understood == text.str().empty());
  return text.str();
}

}  // namespace

TEST_CASE("options that are understood") {
  Options o;
  CHECK(said({"--epochs", "2147483647", "--seed", "18446744073709551615", "--out", "-", "--samples", "0"}, o).empty());
  CHECK(o == Options{2147483647, 0, 18446744073709551615u, "-"});
  CHECK(said({}, o).empty());
}

TEST_CASE("options that are not understood are named, and nothing is set") {
  Options o;
  CHECK(said({"--epoch", "1"}, o) == "unknown option '--epoch'; is '--epochs' meant?\n");
  CHECK(said({"-seed", "1"}, o) == "unknown option '-seed'; is '--seed' meant?\n");
  CHECK(said({"--frobnicate", "1"}, o) == "unknown option '--frobnicate'\n");
  CHECK(said({"5"}, o) == "unknown option '5'\n");
  CHECK(said({"--epochs", "5", "--seed"}, o) == "--seed wants a value\n");
  for (const char* bad : {"", "x", "-1", "1.5", "1e3", " 1", "1 ", "+1", "2147483648"})
    CHECK(said({"--samples", "1", "--epochs", bad}, o) ==
          "'" + std::string(bad) + "' will not do for --epochs: a whole number from 0 to 2147483647\n");
  CHECK(said({"--seed", "18446744073709551616"}, o) ==
        "'18446744073709551616' will not do for --seed: a whole number from 0 to 18446744073709551615\n");
  CHECK(o == Options{});
}

}  // namespace io_usage
