// SPDX-License-Identifier: MIT
// Presets beyond the plane: divergences from the true densities, in nats, of four structures in 3 to 20 coordinates,
// beside nflows and zuko (wirings.py) at equal steps, batch and rate and about equal parameters.  Coordinate k is
// normal or f_k(x_p) + 0.3 n with p its parent, f_k(y) = 0.7 y^2 - 0.7 for odd k, sin(2 y) for even: a chain (p = k -
// 1), the same in another order, a star (p = 0), blocks of two.  Float, 20 000 rows, a tenth of them to choose the
// epoch, 20 000 fresh ones to test, 30 epochs of batches of 512, Adam at 2e-3.
// Usage: wirings --out FILE.jsonl [--seeds A,B,...]: a row a line; what FILE has already is left out.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numbers>
#include <string>
#include <vector>

#include "../../examples/command_line.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/training/fit.hpp"

namespace {
using namespace rheo;

constexpr double spread = 0.3;
/// Which coordinate number k is made from; -1: none, it is normal.
Index parent(const std::string& target, Index k) {
  if (k == 0 || (target == "blocks" && k % 2 == 0)) return -1;
  return target == "star" ? 0 : k - 1;
}
/// The coordinate that stands in column j.
template <Index D> Index coordinate_of(const std::string& target, Index j) {
  return target == "permuted" ? (j * (D < 8 ? 2 : D < 20 ? 3 : 7) + 1) % D : j;
}
template <Index D> Batch<float> draw(const std::string& target, Index n, Noise noise) {
  Batch<double> x(n, D);
  noise.normals(view(x));
  for (Index k = 0; k < D; ++k) {
    const Index p = parent(target, k);
    if (p < 0) continue;
    const Column<double> y = x.col(p);
    if (k % 2 == 1) x.col(k) = 0.7 * y.square() - 0.7 + spread * x.col(k);
    else x.col(k) = (2 * y).sin() + spread * x.col(k);
  }
  Batch<float> out(n, D);
  for (Index k = 0; k < D; ++k) out.col(k) = x.col(coordinate_of<D>(target, k)).template cast<float>();
  return out;
}
/// The true log-densities of the rows of draw(target).
template <Index D> Column<double> log_prob(const std::string& target, const Batch<float>& rows) {
  Column<double> sum =
      Column<double>::Constant(rows.rows(), -0.5 * static_cast<double>(D) * std::log(2 * std::numbers::pi));
  Batch<double> x(rows.rows(), D);
  for (Index j = 0; j < D; ++j) x.col(coordinate_of<D>(target, j)) = rows.col(j).template cast<double>();
  for (Index k = 0; k < D; ++k) {
    const Index p = parent(target, k);
    Column<double> noise = x.col(k);
    if (p >= 0) {
      const Column<double> y = x.col(p);
      noise = (noise - (k % 2 == 1 ? Column<double>(0.7 * y.square() - 0.7) : Column<double>((2 * y).sin()))) / spread;
      sum -= std::log(spread);
    }
    sum -= 0.5 * noise.square();
  }
  return sum;
}

struct Table {
  std::string path, done;  ///< what the file holds
  std::vector<std::uint64_t> seeds;

  template <Index D, class F> void row(const char* name) const {
    for (const std::uint64_t seed : seeds) {
      for (const std::string target : {"chain", "permuted", "star", "blocks"}) {
        const std::string key = std::string("{\"model\": \"") + name + "\", \"target\": \"" + target +
                                "\", \"D\": " + std::to_string(D) + ", \"seed\": " + std::to_string(seed) + ",";
        if (done.find(key) != std::string::npos) continue;
        const Noise noise{seed};
        auto model = make_model<float>(F{}, noise.fork(0));
        const auto fitted =
            fit(model, draw<D>(target, 20000, noise.fork(1)),
                {.epochs = 30, .batch = 512, .learning_rate = 2e-3, .patience = 0, .noise = noise.fork(2)});
        const Batch<float> fresh = draw<D>(target, 20000, noise.fork(3));
        const double gap = (log_prob<D>(target, fresh) - model.log_prob(fresh).template cast<double>())
                               .mean();  // row by row: the sample's own entropy is not in it
        char rest[128];
        std::snprintf(rest, sizeof rest, " \"gap\": %.4f, \"parameters\": %ld, \"seconds\": %.1f}", gap,
                      static_cast<long>(F::param_count), fitted.seconds);
        std::ofstream(path, std::ios::app) << key << rest << '\n';
        std::printf("%s%s\n", key.c_str(), rest);
        std::fflush(stdout);
      }
    }
  }
  template <Index D> void rows() const {
    row<D, presets::Nice<D>>("Nice");
    row<D, presets::RealNvp<D>>("RealNvp");
    row<D, presets::Glow<D>>("Glow");
    row<D, presets::Nsf<D>>("Nsf");
    row<D, presets::Maf<D>>("Maf");
    row<D, presets::NsfAutoregressive<D>>("NsfAutoregressive");
  }
};
}  // namespace

int main(int count, char** words) {
  Table table;
  std::vector<std::string> seeds{"1", "2", "3"};
  if (!examples::read_options(count, words, {{"--out", &table.path}, {"--seeds", &seeds}})) return 2;
  if (table.path.empty()) return std::fprintf(stderr, "usage: wirings --out FILE.jsonl [--seeds A,B,...]\n"), 2;
  std::ifstream in(table.path);
  table.done.assign(std::istreambuf_iterator<char>(in), {});
  for (const std::string& seed : seeds) {
    table.seeds.emplace_back();
    if (!examples::read_number(seed, table.seeds.back()))
      return std::fprintf(stderr, "wirings: '%s' is no seed\n", seed.c_str()), 2;
  }
  table.rows<3>();
  table.rows<5>();
  table.rows<8>();
  table.rows<20>();
}
