// SPDX-License-Identifier: MIT
// What importers say of state dicts that are not those of the flow's type: every tensor that does not fit, which file,
// and what was expected.
#include <bit>
#include <cmath>
#include <limits>

#include "rheo/io/import/nflows.hpp"
#include "rheo/io/import/zuko.hpp"
#include "../parity/parity.hpp"
#include "damage.hpp"
#include "folder.hpp"

namespace io_import_errors {

namespace {
using namespace rheo_test;
using Maf = io::zuko::Maf<5, 0, 3, 32, 32>;
using Nflows = io::nflows::MaskedAutoregressiveFlow<2, 32, 3>;

io::TensorFile maf() { return state_dict("zuko_maf_D5"); }
io::Tensor& at(io::TensorFile& file, const std::string& name) {
  for (io::Tensor& t : file.tensors) {
    if (t.name == name) return t;
  }
  throw std::runtime_error("no tensor " + name);
}
template <class Import> std::string message(Import import) {
  try {
    import();
  } catch (const FileError& e) { return e.what(); }
  return "no error";
}
template <class F> std::string refusal(const io::TensorFile& file) {
  return message([&] { io::from_zuko<F>(file, "maf.safetensors"); });
}
const std::string weight = "transform.transforms.1.hyper.2.weight", bias = "transform.transforms.1.hyper.2.bias";
}  // namespace

TEST_CASE("a tensor that is missing is named with what was expected") {
  io::TensorFile file = maf();
  std::erase_if(file.tensors, [](const io::Tensor& t) { return t.name == bias; });
  CHECK(refusal<Maf>(file) == "rheo: maf.safetensors: '" + bias + "' is missing, expected F64 or F32 of shape (32)");
}
TEST_CASE("a tensor that no layer takes is named") {
  io::TensorFile file = maf();
  file.tensors.push_back({"embedding.weight", "F32", {2, 3}, std::vector<double>(6, 0), {}});
  CHECK(refusal<Maf>(file) ==
        "rheo: maf.safetensors: 'embedding.weight' (2, 3) is left over: no layer of the flow takes it");
}
TEST_CASE("a tensor of another shape is named with both shapes") {
  io::TensorFile file = maf();
  at(file, weight).shape = {64, 16};
  CHECK(refusal<Maf>(file) == "rheo: maf.safetensors: '" + weight + "' has shape (64, 16), expected (32, 32)");
}
TEST_CASE("numbers that are not finite are named, weights and buffers") {
  io::TensorFile file = maf();
  at(file, weight).values[7] = std::numeric_limits<double>::quiet_NaN();
  at(file, "base.scale").values[2] = std::numeric_limits<double>::infinity();
  const std::string text = refusal<Maf>(file);
  CHECK_THAT(text, Catch::Contains("'" + weight + "' holds nan at index 7, expected finite numbers"));
  CHECK_THAT(text, Catch::Contains("'base.scale' holds inf at index 2"));
}
TEST_CASE("half precision and bfloat16 are named, not widened") {
  for (const char* type : {"F16", "BF16"}) {
    io::TensorFile file = maf();
    at(file, weight).dtype = type;
    CHECK(refusal<Maf>(file) == "rheo: maf.safetensors: '" + weight + "' holds " + type +
                                    ", expected F64 or F32: widen the model before it is saved, model.float()");
  }
  io::TensorFile file = maf();
  io::Tensor& t = at(file, bias);
  t.dtype = "I64";
  t.integers.assign(t.values.size(), 1);
  t.values.clear();
  CHECK(refusal<Maf>(file) == "rheo: maf.safetensors: '" + bias + "' holds I64, expected F64 or F32");
}
TEST_CASE(
    "a wrong architecture is told: another transformer, other widths, other features, another context, more layers, "
    "fewer") {
  CHECK_THAT((refusal<io::zuko::Nsf<5, 0, 3, 8, 32, 32>>(maf())),
             Catch::Contains("'transform.transforms.2.hyper.4.bias' has shape (10), expected (115)"));
  CHECK_THAT((refusal<io::zuko::Maf<5, 0, 3, 32, 16>>(maf())),
             Catch::Contains("'transform.transforms.0.hyper.2.weight' has shape (32, 32), expected (16, 32)"));
  CHECK_THAT((refusal<io::zuko::Maf<4, 0, 3, 32, 32>>(maf())),
             Catch::Contains("'base.loc' has shape (5), expected (4)"));
  CHECK_THAT((refusal<io::zuko::Maf<5, 2, 3, 32, 32>>(maf())),
             Catch::Contains("'transform.transforms.0.hyper.0.weight' has shape (32, 5), expected (32, 7)"));
  CHECK_THAT((refusal<io::zuko::Maf<5, 0, 4, 32, 32>>(maf())),
             Catch::Contains("'transform.transforms.3.order' is missing, expected whole numbers of shape (5)"));
  CHECK_THAT((refusal<io::zuko::Maf<5, 0, 2, 32, 32>>(maf())),
             Catch::Contains("'transform.transforms.2.hyper.0.weight' (32, 5) is left over"));
  CHECK_THAT((refusal<io::zuko::Nice<5, 0, 3, 32, 32>>(maf())),
             Catch::Contains("'transform.transforms.0.mask' is missing"));
  const std::string other = message([] { io::from_nflows<Nflows>(maf(), "maf.safetensors"); });
  CHECK_THAT(other, Catch::Contains("'_transform._transforms.1.autoregressive_net.initial_layer.weight' is missing"));
  CHECK_THAT(other, Catch::Contains(" more"));  // a list has its bounds
  CHECK(other.size() < 8000);
}
TEST_CASE("an order or a mask that is not the flow's is told, since it determines what the weights mean") {
  using Layer = Autoregressive<5, io::zuko::Affine, DealtMade<32, 32>>;
  CHECK(refusal<Flow<Layer, Layer, Layer, StandardNormal<5>>>(maf()).find(
            "'transform.transforms.1.order' is (4, 3, 2, 1, 0), expected (0, 1, 2, 3, 4) by the flow's type") !=
        std::string::npos);
  io::TensorFile file = maf();
  at(file, "transform.transforms.0.hyper.2.mask").integers[3] ^= 1;
  CHECK_THAT(refusal<Maf>(file), Catch::Contains("'transform.transforms.0.hyper.2.mask' is "));
  CHECK_THAT(refusal<Maf>(file), Catch::Contains(" at index 3, expected "));
  file = maf();
  at(file, "base.scale").values[1] = 2;
  CHECK(refusal<Maf>(file) == "rheo: maf.safetensors: 'base.scale' holds 2 at index 1, expected 1 by the flow's type");
  io::TensorFile nflows = state_dict("nflows_maf_D2");
  at(nflows, "_transform._transforms.3.autoregressive_net.final_layer.degrees").integers[1] = 2;
  at(nflows, "_transform._transforms.2._permutation").integers = {0, 1};
  const std::string text = message([&] { io::from_nflows<Nflows>(nflows, "maf.safetensors"); });
  CHECK_THAT(
      text,
      Catch::Contains(
          "'_transform._transforms.3.autoregressive_net.final_layer.degrees' is (1, 2, 2, 2), expected (1, 1, 2, 2)"));
  CHECK_THAT(text, Catch::Contains("'_transform._transforms.2._permutation' is (0, 1), expected (1, 0)"));
  nflows = state_dict("nflows_maf_D2");
  at(nflows, "_transform._transforms.2._permutation").integers = {0, 0};
  using Free = Flow<Repeat<3, Chain<io::nflows::Permutation<2>, io::nflows::MaskedAffine<2, 32>>>, StandardNormal<2>>;
  CHECK_THAT(message([&] { io::from_nflows<Free>(nflows, "maf.safetensors"); }),
             Catch::Contains("'_transform._transforms.2._permutation' is no permutation of 0 .. 1"));
}
TEST_CASE("a diagonal normal as the base takes its means and deviations, which must be positive") {
  using Diagonal = Flow<Autoregressive<5, io::zuko::Affine, DealtMade<32, 32>, 0, NaturalOrder>,
                        Autoregressive<5, io::zuko::Affine, DealtMade<32, 32>, 0, ReversedOrder>,
                        Autoregressive<5, io::zuko::Affine, DealtMade<32, 32>, 0, NaturalOrder>, DiagonalNormal<5>>;
  io::TensorFile file = maf();
  const auto standard = io::from_zuko<Maf>(file, "maf.safetensors");
  auto& loc = at(file, "base.loc").values;
  auto& scale = at(file, "base.scale").values;
  loc = {0.5, -1, 2, 0, 3}, scale = {2, 0.25, 1, 3, 0.5};
  const Batch<double> x = Reference("zuko_maf_D5").batch("x"), z = standard.encode(x);
  Column<double> truth = standard.log_prob(x);
  for (Index j = 0; j < 5; ++j) {
    const auto k = static_cast<std::size_t>(j);
    truth += 0.5 * z.col(j).square() - 0.5 * ((z.col(j) - loc[k]) / scale[k]).square() - std::log(scale[k]);
  }
  const auto model = io::from_zuko<Diagonal>(file, "maf.safetensors");
  CHECK((model.log_prob(x) - truth).abs().maxCoeff() < 1e-12 * (1 + truth.abs().maxCoeff()));
  for (const double no : {0.0, -0.25}) {
    scale[1] = no;
    CHECK(refusal<Diagonal>(file) ==
          "rheo: maf.safetensors: 'base.scale' holds numbers that are not positive, expected deviations");
  }
}
TEST_CASE("a flow that was a module's member is found behind its name, and one among other tensors is told") {
  io::TensorFile file = maf();
  for (io::Tensor& t : file.tensors) t.name = "model.flow." + t.name;
  const Batch<double> x = Reference("zuko_maf_D5").batch("x");
  CHECK((io::from_zuko<Maf>(file, "memory").log_prob(x) == io::from_zuko<Maf>(maf(), "memory").log_prob(x)).all());
  at(file, "model.flow." + weight).shape = {64, 16};
  CHECK(refusal<Maf>(file) ==
        "rheo: maf.safetensors: behind 'model.flow.': '" + weight + "' has shape (64, 16), expected (32, 32)");
  file.tensors.push_back({"encoder.weight", "F32", {2, 3}, std::vector<double>(6, 0), {}});
  CHECK_THAT(refusal<Maf>(file),
             Catch::Contains("a flow stands behind 'model.flow.', and 'encoder.weight' is no part of it"));
  io::TensorFile named = maf();  // the member has the name that zuko's own begin with
  for (io::Tensor& t : named.tensors) t.name = "transform." + t.name;
  CHECK((io::from_zuko<Maf>(named, "memory").log_prob(x) == io::from_zuko<Maf>(maf(), "memory").log_prob(x)).all());
}
TEST_CASE("a file of another library is told, with the importer that reads it, by importers and by io::load") {
  CHECK_THAT(message([] { io::from_nflows<Nflows>(maf(), "maf.safetensors"); }),
             Catch::Contains("is a name of zuko's, whose files io::from_zuko<F>(path) of rheo/io/import/zuko.hpp"));
  const Folder folder;
  const std::string path = folder / "theirs.safetensors";
  for (const auto& [name, library] : {std::pair{"zuko_maf_D5", "zuko"},
                                      {"nflows_maf_D2", "nflows"},
                                      {"survae_affine_D5", "survae"},
                                      {"normflows_realnvp_D2", "normflows"},
                                      {"flowjax_coupling_D2", "flowjax"}}) {
    for (const char* prefix : {"", "flow."}) {
      io::TensorFile file = state_dict(name);
      for (io::Tensor& t : file.tensors) t.name = prefix + t.name;
      io::write_safetensors(path, file);
      CHECK_THAT(message([&] { io::load<Model<Maf, double>>(path); }),
                 Catch::Contains("is no model of rheo: its metadata lack format = rheo; '") &&
                     Catch::Contains(std::string("io::from_") + library + "<F>(path)"));
    }
  }
}
TEST_CASE("what does not fit is told all at once") {
  io::TensorFile file = maf();
  at(file, weight).shape = {1024};
  at(file, bias).name = "other";
  const std::string text = refusal<Maf>(file);
  CHECK_THAT(text, Catch::Contains("maf.safetensors: 3 faults\n  '"));
  for (const char* part : {"has shape (1024), expected (32, 32)", "bias' is missing", "'other' (32) is left over"})
    CHECK_THAT(text, Catch::Contains(part));
  using Other = io::zuko::Maf<5, 0, 3, 16, 16>;
  CHECK_THAT(refusal<Other>(maf()), Catch::Contains("widths, bins or layers than Python did"));
}
TEST_CASE("files: the path is named, damaged bytes are a model or a FileError, and nothing else") {
  const Folder folder;
  io::TensorFile file = maf();
  io::write_safetensors(folder / "good.safetensors", file);
  const Batch<double> x = Reference("zuko_maf_D5").batch("x");
  CHECK((io::from_zuko<Maf>(folder / "good.safetensors").log_prob(x) == io::from_zuko<Maf>(file, "memory").log_prob(x))
            .all());
  at(file, bias).values[0] = std::numeric_limits<double>::quiet_NaN();
  io::TensorLimits any;
  any.finite = false;
  io::write_safetensors(folder / "nan.safetensors", file, any);
  CHECK(message([&] { io::from_zuko<Maf>(folder / "nan.safetensors"); }) ==
        "rheo: " + folder / "nan.safetensors" + ": '" + bias + "' holds nan at index 0, expected finite numbers");
  CHECK_THAT(message([&] { io::from_zuko<Maf>(folder / "none.safetensors"); }), Catch::Contains("none.safetensors"));
  io::TensorLimits small;
  small.file_bytes = 1000;
  CHECK_THAT(message([&] { io::from_zuko<Maf>(folder / "good.safetensors", {}, small); }),
             Catch::Contains("1000 bytes allowed"));
  const std::string bytes = io::format_safetensors(maf());
  const Outcome o = mutations(bytes, 300, [](const std::string& damaged) {
    io::from_zuko<Maf>(io::parse_safetensors(damaged, "damaged"), "damaged");
  });
  CHECK(o.parsed + o.refused == 300);
  CHECK(o.refused > 0);
}
TEST_CASE("F32 is widened exactly, and a model goes to float and back into files of our own") {
  io::TensorFile file = maf();
  for (io::Tensor& t : file.tensors) {
    if (t.dtype == "F64") t.dtype = "F32";
    for (double& v : t.values) v = static_cast<float>(v);
  }
  const auto model = io::from_zuko<Maf>(file, "maf.safetensors");
  const Batch<double> x = Reference("zuko_maf_D5").batch("x");
  CHECK((model.parameters() == model.parameters().cast<float>().cast<double>()).all());
  CHECK((model.cast<float>().log_prob(x.cast<float>()).cast<double>() - model.log_prob(x)).abs().maxCoeff() < 1e-3);
  const Folder folder;
  const auto nflows = io::from_nflows<Nflows>(state_dict("nflows_maf_D2"), "nflows");
  io::save(nflows, folder / "model.safetensors");
  CHECK((io::load<std::remove_const_t<decltype(nflows)>>(folder / "model.safetensors").parameters() ==
         nflows.parameters())
            .all());
}

}  // namespace io_import_errors
