// SPDX-License-Identifier: MIT
// Numbers that every platform must give alike: log-densities of seven flows and a short fit in double, a model's file
// to the byte, numbers as text, samples that do not depend on the threads.  Ends with 0 if they are those of
// golden.hpp; with the argument --print writes that file.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "rheo/io/io.hpp"
#include "rheo/rheo.hpp"

using namespace rheo;

namespace {
#include "golden.hpp"

int at = 0, wrong = 0;
bool print = false;
double worst = 0;

/// The next number of the list, to 1e-12 of its size (or `within`): sums differ by what a platform contracts into fused
/// multiply-adds.
void number(double is, double within = 1e-12) {
  if (print) {
    std::printf("    %.17g,\n", is);
    return;
  }
  const double should = golden[at++], error = std::abs(is - should) / (1 + std::abs(should));
  worst = error / within > worst ? error / within : worst;
  if (!(error <= within)) std::printf("number %d is %.17g and should be %.17g\n", at - 1, is, should), ++wrong;
}
void check(bool good, const char* what) {
  if (!good) std::printf("%s\n", what), ++wrong;
}
Batch<double> rows(Index d) {
  Batch<double> x(40, d);
  Noise{7}.normals(view(x));
  return x * 0.8;
}
template <class F> auto shaken(F flow) {
  auto model = make_model<double>(std::move(flow), Noise{3});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.2 * Noise{5}.normal(i, 0);
  return model;
}
template <class F> void densities(F flow) {
  const auto model = shaken(std::move(flow));
  const Column<double> p = model.log_prob(rows(F::x_dim));
  for (Index i = 0; i < p.size(); i += 13) number(p(i));
  number(model.sample(3, Noise{9}).sum(), 1e-10);
}
std::uint64_t hash(std::string_view bytes) {  // FNV-1a
  std::uint64_t h = 14695981039346656037u;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return h;
}
}  // namespace

/// What is read must be what was written, and what is written must be the same bytes on every platform.
void files() {
  const io::TensorFile file{{{"w", "F32", {2, 2}, {1, -2.5, 3, 4}, {}},
                             {"b", "F64", {}, {1e-310}, {}},
                             {"i", "I64", {2}, {}, {-(1LL << 53) - 1, 7}}},
                            {{"note", "e\u0301"}}};
  io::write_safetensors("golden.safetensors", file);
  const std::string bytes = io::read_file("golden.safetensors");
  check(hash(bytes) == hash(io::format_safetensors(file)), "a file is not what was written to it");
  number(static_cast<double>(hash(bytes) >> 12), 0);
  const io::TensorFile back = io::read_safetensors("golden.safetensors");
  for (const io::Tensor& saved : file.tensors) {
    const io::Tensor* found = back.find(saved.name);
    check(found && found->values == saved.values && found->integers == saved.integers,
          "a tensor is not what was saved");
  }

  const auto model = shaken(presets::RealNvp<2, 2, Mlp<8>>{});
  io::save(model, "golden.safetensors");
  io::check_writable("golden.safetensors");
  io::save(model, "golden.safetensors");  // over the old one
  const auto other = io::load<std::remove_const_t<decltype(model)>>("golden.safetensors");
  check((other.log_prob(rows(2)) == model.log_prob(rows(2))).all(),
        "a model that was saved is not the one that is loaded");
  std::remove("golden.safetensors");

  const auto table = io::parse_csv("a,b\n1.5,2e3\n-7,1e-310\n0.1,123456789.123456789\n", "table");
  for (double v : table.values.reshaped()) number(v, 0);
  number(static_cast<double>(hash(io::format_csv(table.values)) >> 12), 0);
  number(static_cast<double>(hash(io::format_npy(table.values)) >> 12), 0);
#if defined(__cpp_exceptions)
  try {
    io::read_file("no such folder/no such file");
    check(false, "a file that is not there was read");
  } catch (const FileError& e) {
    check(std::string_view(e.what()).find("cannot open") != std::string_view::npos, e.what());
  }
#endif
}

int main(int count, char** words) {
  print = count > 1 && std::strcmp(words[1], "--print") == 0;
  if (print) std::printf("// SPDX-License-Identifier: MIT\n// What golden --print wrote.\nconst double golden[] = {\n");
  using Net = Mlp<16, 16>;
  densities(presets::RealNvp<2, 4, Net>{});
  densities(presets::Nsf<3, 3, Net>{});
  densities(presets::Maf<3, 3, Made<16, 16>>{});
  densities(presets::PlanarFlow<2, 4>{});
  densities(presets::AbsFlow<2, 3, Net>{});
  densities(presets::Glow<4, 2, Net>{});
  densities(presets::BernsteinFlow<2, 2, Made<16>>{});

  auto fitted = make_model<double>(presets::RealNvp<2, 4, Net>{}, Noise{3});
  const auto moons = targets::moons<double>(1000, Noise{1});
  fit(fitted, moons, {.epochs = 3, .batch = 100, .threads = 2});
  number(fitted.log_prob(moons).mean(), 1e-9);
  auto one = fitted.workspace(1), two = fitted.workspace(2);
  check((fitted.log_prob(moons, {}, one) == fitted.log_prob(moons, {}, two)).all(),
        "two threads give other bits than one");
  const auto alone = make_model<float>(presets::RealNvp<2, 4, Net>{}, Noise{3});
  number(alone.log_prob(moons.cast<float>()).mean(), 1e-5);
  files();
  if (print) std::printf("};\n");
  if (!print) std::printf("%d numbers, %d wrong, the worst %.2g of its bound\n", at, wrong, worst);
  return wrong > 0;
}
