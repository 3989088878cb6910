// SPDX-License-Identifier: MIT
#include "rheo/io/model_file.hpp"

#include <filesystem>

#include "catch.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace io_model_file {
using namespace rheo;

namespace {
using Small = Flow<Standardize<3>, Repeat<2, Chain<AffineCoupling<3, Mlp<5>>, Permute<3>>>, NormalMixture<3, 2>>;

template <class T> Model<Small, T> trained() {
  auto model = make_model<T>(Small{}, Noise{1});
  Batch<T> x(50, 3);
  Noise{2}.normals(view(x));
  model.initialise(x * T(3));
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(0.3 * Noise{3}.normal(i, 0));
  return model;
}
std::string folder() {
  const auto path = std::filesystem::temp_directory_path() / "rheo_model_file";
  std::filesystem::create_directories(path);
  return path.string() + "/";
}
template <class F> std::string refusal(F f) {
  try {
    f();
  } catch (const FileError& e) { return e.what(); }
  return "";
}
}  // namespace

TEMPLATE_TEST_CASE("a model comes back with the same bits, and equal models give equal files", "", float, double) {
  using T = TestType;
  const auto model = trained<T>();
  const std::string path = folder() + "a.safetensors", again = folder() + "b.safetensors";
  io::save(model, path, {{"data", "fifty rows"}});
  const auto back = io::load<Model<Small, T>>(path);
  CHECK((back.parameters() == model.parameters()).all());
  CHECK((back.buffers() == model.buffers()).all());
  const auto x = model.sample(20, Noise{4});
  CHECK((back.log_prob(x) == model.log_prob(x)).all());
  io::save(back, again, {{"data", "fifty rows"}});
  CHECK(io::read_file(path) == io::read_file(again));
  const auto file = io::read_safetensors(path);
  CHECK(file.metadata.at("data") == "fifty rows");
  REQUIRE(file.find("parameters.1.0.0.net.0.weight"));
  CHECK(file.find("parameters.1.0.0.net.0.weight")->shape == std::vector<std::uint64_t>{5, 1});
}

TEST_CASE("the context's means and deviations are saved; a file without them is refused, or taken at its word") {
  using Conditional = Flow<Standardize<2>, AffineCoupling<2, Mlp<5>, 1>, StandardNormal<2>>;
  auto model = make_model<double>(Conditional{}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{3}.normal(i, 0);
  Batch<double> x(50, 2), c(50, 1);
  Noise{2}.normals(view(x));
  Noise{4}.normals(view(c));
  auto plain = model;
  model.initialise(x, 1000 * c + 500);
  plain.initialise(x, c, {.standardize_context = false});
  const std::string path = folder() + "context.safetensors", old = folder() + "old.safetensors";
  io::save(model, path);
  CHECK((io::load<Model<Conditional, double>>(path).log_prob(x, c) == model.log_prob(x, c)).all());
  auto file = io::read_safetensors(path);
  for (auto& t : file.tensors) {
    if (t.name == "buffers") t.values.resize(t.values.size() - 3), t.shape = {t.values.size()};
  }
  io::write_safetensors(old, file);
  CHECK_THAT(refusal([&] { io::load<Model<Conditional, double>>(old); }),
             Catch::Contains("lack the context's means and deviations") && Catch::Contains("plain_context"));
  auto back = io::load<Model<Conditional, double>>(old, {}, {.plain_context = true});
  CHECK((back.log_prob(x, c) == plain.log_prob(x, c)).all());
  back.initialise(x, 1000 * c);
  CHECK((back.log_prob(x, c) == plain.log_prob(x, c)).all());
  const auto whole = io::read_safetensors(path);
  const auto with_buffer = [&](std::size_t from_end, double value) {
    auto damaged = whole;
    for (auto& t : damaged.tensors) {
      if (t.name == "buffers") t.values[t.values.size() - from_end] = value;
    }
    io::write_safetensors(old, damaged);
    return refusal([&] { io::load<Model<Conditional, double>>(old); });
  };
  CHECK(with_buffer(2, 1000).empty());
  CHECK_THAT(with_buffer(2, 0),
             Catch::Contains("hold numbers that the flow cannot use"));  // a deviation of the context
  CHECK_THAT(with_buffer(6, -1), Catch::Contains("hold numbers that the flow cannot use"));  // one of Standardize
}

TEST_CASE("a file that does not fit is refused, with every difference, and the model stays as it was") {
  const auto model = trained<double>();
  const std::string path = folder() + "c.safetensors";
  io::save(model, path);
  using Wider = Flow<Standardize<3>, Repeat<2, Chain<AffineCoupling<3, Mlp<6>>, Permute<3>>>, NormalMixture<3, 2>>;
  auto other = make_model<double>(Wider{}, Noise{9});
  const Column<double> before = other.parameters();
  const std::string said = refusal([&] { io::load_into(other, path); });
  CHECK(said.find("'parameters.1.0.0.net.0.weight' has shape (5, 1), not (6, 1)") != std::string::npos);
  CHECK(said.find("'parameters.1.1.0.net.0.weight' has shape (5, 1), not (6, 1)") != std::string::npos);
  CHECK(said.find("the program's is") != std::string::npos);
  CHECK((other.parameters() == before).all());

  auto single = make_model<float>(Small{}, Noise{9});
  CHECK(refusal([&] { io::load_into(single, path); }).find("holds F64") != std::string::npos);
  io::LoadOptions narrow;
  narrow.allow_narrowing = true;
  io::load_into(single, path, narrow);
  CHECK((single.parameters() == model.parameters().cast<float>()).all());

  auto file = io::read_safetensors(path);
  file.tensors.front().name = "stranger";
  io::write_safetensors(path, file);
  const std::string two = refusal([&] { io::load<Model<Small, double>>(path); });
  CHECK(two.find("is missing") != std::string::npos);
  CHECK(two.find("'stranger' is unexpected") != std::string::npos);
  file.metadata["format_version"] = "2";
  io::write_safetensors(path, file);
  CHECK(refusal([&] { io::load<Model<Small, double>>(path); }).find("made by a later rheo") != std::string::npos);
  file.metadata.clear();
  io::write_safetensors(path, file);
  CHECK(refusal([&] { io::load<Model<Small, double>>(path); }).find("is no model of rheo") != std::string::npos);
}

TEST_CASE("another flow with the same shapes is refused by its type, unless that is not wanted") {
  using Other =
      Flow<Standardize<3>, Repeat<2, Chain<AffineCoupling<3, MlpOf<Tanh, 5>>, Permute<3>>>, NormalMixture<3, 2>>;
  const auto model = trained<double>();
  const std::string path = folder() + "d.safetensors";
  io::save(model, path);
  CHECK(refusal([&] { io::load<Model<Other, double>>(path); }).find("Relu") != std::string::npos);
  io::LoadOptions any;
  any.same_type = false;
  CHECK((io::load<Model<Other, double>>(path, {}, any).parameters() == model.parameters()).all());
  auto file = io::read_safetensors(path);
  file.metadata["spelled_by"] = "another compiler";
  io::write_safetensors(path, file);
  CHECK_NOTHROW(io::load<Model<Other, double>>(path));
}

TEST_CASE("buffers that are no permutation are refused: they would be used as indices") {
  const auto model = trained<double>();
  const std::string path = folder() + "e.safetensors";
  for (double bad : {5e9, -1.0, 0.5, 1.0}) {  // the last one comes twice
    io::save(model, path);
    auto file = io::read_safetensors(path);
    for (auto& t : file.tensors) {
      if (t.name == "buffers") t.values.back() = bad == 1.0 ? t.values[t.values.size() - 2] : bad;
    }
    io::write_safetensors(path, file);
    CHECK(refusal([&] { io::load<Model<Small, double>>(path); }).find("cannot use") != std::string::npos);
  }
}

TEST_CASE("a model that has been moved from is neither saved nor loaded into") {
  const std::string good = folder() + "/moved_good", bad = folder() + "/moved_bad";
  auto model = rheo::make_model<double>(rheo::Flow{rheo::AffineCoupling<2, rheo::Mlp<8>>{}, rheo::StandardNormal<2>{}},
                                        rheo::Noise{1});
  rheo::io::save(model, good);
  const auto other = std::move(model);
  CHECK_THROWS_WITH(rheo::io::save(model, bad), Catch::Contains("moved from"));
  CHECK_THROWS_WITH(rheo::io::load_into(model, good), Catch::Contains("moved from"));
  CHECK(other.log_prob(rheo::Batch<double>::Zero(1, 2)).allFinite());
}

}  // namespace io_model_file
