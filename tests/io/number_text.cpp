// SPDX-License-Identifier: MIT
// The two ways to read a number are one, in every locale that is installed: what is taken, where it ends, what is out
// of range; and the two to write one.
#include "rheo/platform/number_text.hpp"

#include <clocale>
#include <cmath>
#include <cstring>
#include <string>

#include "catch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/io/text.hpp"

namespace io_number_text {

#if defined(__cpp_lib_to_chars)  // libraries that read no double have nothing to be held against
namespace {
struct Read {
  std::ptrdiff_t length;
  std::errc error;
  double value;
  bool operator==(const Read& o) const {
    return length == o.length && error == o.error && std::memcmp(&value, &o.value, sizeof value) == 0;
  }
};
template <class Parse> Read read(const std::string& s, Parse parse) {
  double value = 7.25;  // kept where nothing is read
  const auto r = parse(s.data(), s.data() + s.size(), value);
  return {r.ptr - s.data(), r.ec, std::isnan(value) ? std::copysign(1.0, value) : value};
}
void same(const std::string& s) {
  INFO("'" << s << "'");
  const Read one = read(s, [](const char* a, const char* b, double& v) { return std::from_chars(a, b, v); });
  const Read two = read(s, rheo::platform::parse_number_by_strtod);
  INFO(one.length << " " << one.value << ", " << two.length << " " << two.value);
  CHECK(one == two);
}
}  // namespace

TEST_CASE("strtod, kept to what from_chars reads, reads the same") {
  for (const char* locale : {"C", "de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (!std::setlocale(LC_NUMERIC, locale)) continue;
    for (const char* s : {"",
                          "-",
                          "+1",
                          " 1",
                          ".",
                          "-.",
                          ".5",
                          "5.",
                          "-.5e3",
                          "1e",
                          "1e+",
                          "1e-x",
                          "1E5",
                          "1e5.5",
                          "1.5.5",
                          "1,5",
                          "0x10",
                          "-0x10",
                          "0",
                          "-0",
                          "-0.0e9",
                          "00012",
                          "inf",
                          "-inf",
                          "INFINITY",
                          "infinit",
                          "nan",
                          "-nan",
                          "NaN(12)",
                          "nan(",
                          "in",
                          "n",
                          "ix",
                          "jam",
                          "lx",
                          "1e400",
                          "-1e400",
                          "1e-400",
                          "0e-400",
                          "0.000e999",
                          "4.9e-324",
                          "2e-324",
                          "2.4703282292062327e-324",
                          "1.7976931348623157e308",
                          "1.7976931348623159e308",
                          "1d5",
                          "123456789.123456789",
                          "9007199254740993",
                          "1e22",
                          "1e23",
                          "8.5e-7abc",
                          "e5",
                          "1_000",
                          "1 000"}) {
      same(s);
    }
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const double v = rheo::Noise{3}.normal(static_cast<rheo::Index>(i), 0) *
                       std::pow(10, 600 * rheo::Noise{4}.uniform(static_cast<rheo::Index>(i), 0) - 300);
      char text[64];
      const auto end =
          std::to_chars(text, text + 64, v, i % 2 ? std::chars_format::scientific : std::chars_format::general).ptr;
      same(std::string(text, end));
    }
  }
  std::setlocale(LC_NUMERIC, "C");
}

#endif

TEST_CASE("a number that is written is read again to the bit") {
  for (std::uint64_t i = 0; i < 500; ++i) {
    const double v = rheo::Noise{5}.normal(static_cast<rheo::Index>(i), 0) *
                     std::pow(10, 600 * rheo::Noise{6}.uniform(static_cast<rheo::Index>(i), 0) - 300);
    char text[64];
    const char* end = rheo::platform::format_number(text, text + 64, v, false, 17);
    double back = 0;
    const auto [stop, error] = rheo::platform::parse_number(text, end, back);
    CHECK((error == std::errc() && stop == end));
    CHECK(back == v);
  }
}

TEST_CASE("printf writes what to_chars writes") {
  for (const char* locale : {"C", "de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (!std::setlocale(LC_NUMERIC, locale)) continue;
    for (const double v : {0.0, -0.0, 1.0, 0.1, 1234567.0, 1e-5, 123456.5, 0.5, 1.5, 2.5, -1e300, 4.9e-324, 1e22,
                           HUGE_VAL, -HUGE_VAL, std::nan("")}) {
      for (int digits = 0; digits <= 17; ++digits) {
        for (const bool fixed : {false, true}) {
          char one[512], two[512];
          const auto format = fixed ? std::chars_format::fixed : std::chars_format::general;
          const std::string a(one, std::to_chars(one, one + 512, v, format, digits).ptr),
              b(two, rheo::platform::format_number_by_printf(two, two + 512, v, fixed, digits));
          CHECK(a == b);
        }
      }
    }
  }
  std::setlocale(LC_NUMERIC, "C");
}

TEST_CASE("numbers in words: decimals as asked, huge numbers by their exponent, no minus before nothing") {
  using rheo::io::detail::fixed;
  CHECK(fixed(1234.5, 2) == "1234.50");
  CHECK(fixed(-0.004, 2) == "0.00");
  CHECK(fixed(1e21, 2) == "1000000000000000000000.00");
  CHECK(fixed(1e22, 2) == "1e+22");
  CHECK(fixed(-1.5e300, 0) == "-1.5e+300");
}

}  // namespace io_number_text
