// SPDX-License-Identifier: MIT
// safetensors: the writer refuses what a reader with the same limits would, and nothing else.
#include "catch.hpp"
#include "rheo/io/safetensors.hpp"

namespace io_safetensors_limits {
using namespace rheo::io;

namespace {

TensorFile sample(std::size_t note_bytes, char note = 'n') {
  TensorFile f;
  f.tensors = {{"name", "F64", {1, 2, 1}, {1, -2}, {}}, {"m", "BOOL", {1}, {}, {1}}};
  f.metadata["note"] = std::string(note_bytes, note);
  return f;
}
std::string written(const TensorFile& f, const TensorLimits& limits) {
  try {
    return format_safetensors(f, limits);
  } catch (const std::invalid_argument&) { return ""; }
}
bool is_read(const std::string& bytes, const TensorLimits& limits) {
  try {
    parse_safetensors(bytes, "f", limits);
  } catch (const rheo::FileError&) { return false; }
  return true;
}

}  // namespace

TEST_CASE("writer and reader have the same limits, each at its edge") {
  for (const char note : {'n', '"', '\x01'}) {  // one, two and six bytes in the header
    for (std::size_t n = 0; n < 40; ++n) {
      const TensorFile f = sample(n, note);
      const std::string bytes = format_safetensors(f);
      const std::uint64_t header = detail::load<std::uint64_t>(bytes.data());
      const TensorLimits fits{bytes.size(), header, 2, 3, 4, true};
      REQUIRE(written(f, fits) == bytes);
      REQUIRE(is_read(bytes, fits));
      const TensorLimits tight[] = {{bytes.size() - 1, header, 2, 3, 4, true},
                                    {bytes.size(), header - 1, 2, 3, 4, true},
                                    {bytes.size(), header, 1, 3, 4, true},
                                    {bytes.size(), header, 2, 2, 4, true},
                                    {bytes.size(), header, 2, 3, 3, true}};
      for (const TensorLimits& limits : tight) {
        CHECK_FALSE(is_read(bytes, limits));
        CHECK(written(f, limits).empty());
      }
    }
  }
}

TEST_CASE("numbers that are not finite are written for those who read them") {
  TensorLimits any;
  any.finite = false;
  for (const char* type : {"F64", "F32"}) {
    for (const double bad : {double(NAN), HUGE_VAL, -HUGE_VAL}) {
      const TensorFile f{{{"a", type, {2}, {1, bad}, {}}}, {}};
      CHECK_THROWS_WITH(format_safetensors(f),
                        "rheo: tensor 'a' cannot be written: it holds a number that is not finite at index 1");
      const std::string bytes = written(f, any);
      REQUIRE_FALSE(bytes.empty());
      CHECK_FALSE(is_read(bytes, {}));
      CHECK(is_read(bytes, any));
    }
  }
}

}  // namespace io_safetensors_limits
