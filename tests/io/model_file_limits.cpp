// SPDX-License-Identifier: MIT
// What save writes, load reads: what load would refuse is refused before the old file is touched; and what float cannot
// hold.
#include "rheo/io/model_file.hpp"

#include "catch.hpp"
#include "io/folder.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace io_model_file_limits {
using namespace rheo;
using rheo_test::Folder;

namespace {
using Small = Flow<Standardize<2>, ActNorm<2>, Permute<2>, StandardNormal<2>>;
using Notes = std::map<std::string, std::string>;

template <class T> Model<Small, T> scaled(double by) {
  auto model = make_model<T>(Small{}, Noise{1});
  Batch<T> x(50, 2);
  Noise{2}.normals(view(x));
  model.initialise(x * T(by));
  return model;
}
/// What f throws, of type E; "" where it does not.
template <class E, class F> std::string refusal(F f) {
  try {
    f();
  } catch (const E& e) { return e.what(); }
  return "";
}
}  // namespace

TEST_CASE("a model that load would refuse does not replace a good file") {
  Folder folder;
  const std::string path = folder / "a";
  const auto good = scaled<double>(1);
  io::save(good, path, {{"data", "good"}});
  const std::string before = io::read_file(path);
  const auto save = [&](const Model<Small, double>& model, const Notes& notes) {
    const std::string said = refusal<std::invalid_argument>([&] { io::save(model, path, notes); });
    CHECK(io::read_file(path) == before);
    CHECK(folder.entries() == 1);
    return said;
  };
  CHECK_THAT(save(good, {{"n", std::string(20000000, 'x')}}),
             Catch::Contains("bytes of names and metadata, a reader allows 16777216"));
  CHECK_THAT(save(good, {{"n", "\xFF"}}), Catch::Contains("'n' is not UTF-8"));
  for (const char* own : {"format", "format_version", "library_version", "flow", "spelled_by"}) {
    CHECK_THAT(save(good, {{own, "x"}}), Catch::Contains("the note '" + std::string(own) + "' is the file's own"));
  }
  for (const double bad : {double(NAN), HUGE_VAL}) {
    auto model = good;
    model.parameters()(1) = bad;
    CHECK_THAT(
        save(model, {}),
        Catch::Contains(
            "tensor 'parameters.1.log_scale' cannot be written: it holds a number that is not finite at index 1"));
    model = good;
    model.buffers()(2) = bad;  // a deviation
    CHECK_THAT(save(model, {}), Catch::Contains("the model's buffers hold numbers that its flow cannot use"));
  }
  auto model = good;
  model.buffers()(2) = 0;
  CHECK_THAT(save(model, {}), Catch::Contains("cannot use"));
}

TEST_CASE("whatever notes save takes come back") {
  Folder folder;
  const std::string path = folder / "a";
  const auto model = scaled<double>(1);
  std::string controls;
  for (char c = 0; c < 32; ++c) controls += c;
  for (const Notes& notes :
       {Notes{}, Notes{{"", ""}},
        Notes{{"__metadata__", "\"}"}, {controls, controls + "\x7F"}, {"\xF0\x9F\x98\x80", "\xC3\xA9"}},
        Notes{{"n", std::string((1 << 24) - 2000, '"')}}, Notes{{"n", std::string((1 << 24) - 2000, 'n')}}}) {
    const std::string said = refusal<std::invalid_argument>([&] { io::save(model, path, notes); });
    if (!said.empty()) {  // quotes need two bytes each
      CHECK(notes.at("n")[0] == '"');
      continue;
    }
    CHECK_NOTHROW(io::load<Model<Small, double>>(path));
    const auto file = io::read_safetensors(path);
    for (const auto& [key, value] : notes) CHECK(file.metadata.at(key) == value);
  }
}

TEST_CASE("a double model is not rounded unasked, nor to infinity or 0") {
  Folder folder;
  const std::string path = folder / "a";
  io::LoadOptions narrow;
  narrow.allow_narrowing = true;
  const auto load = [&](const io::LoadOptions& options) {
    auto model = make_model<float>(Small{}, Noise{3});
    const Column<float> parameters = model.parameters(), buffers = model.buffers();
    const std::string said = refusal<FileError>([&] { io::load_into(model, path, options); });
    if (!said.empty()) CHECK(((model.parameters() == parameters).all() && (model.buffers() == buffers).all()));
    return said;
  };
  io::save(scaled<double>(1), path);
  CHECK(load({}) == "rheo: " + path +
                        ": the file holds F64, the model float: set LoadOptions::allow_narrowing to round the numbers");
  CHECK(load(narrow).empty());
  io::save(scaled<double>(1e44), path);
  CHECK_THAT(load(narrow),
             Catch::Contains("'buffers' holds ") && Catch::Contains("e+43 at index 0, which float cannot"));
  io::save(scaled<double>(1e-60), path);
  CHECK_THAT(load(narrow),
             Catch::Contains("'buffers' holds ") && Catch::Contains("e-61 at index 0, which float cannot"));
  auto large = scaled<double>(1);
  large.parameters()(3) = -1e39;
  io::save(large, path);
  CHECK(load(narrow).ends_with("'parameters.1.shift' holds -9.9999999999999994e+38 at index 1, which float cannot"));
  large.parameters()(3) = 3.4028234e38;
  io::save(large, path);
  CHECK(load(narrow).empty());
}

}  // namespace io_model_file_limits
