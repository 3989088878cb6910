// SPDX-License-Identifier: MIT
// Presets beyond the plane: divergences from the true densities, in nats, of four structures (structures.hpp) in 3 to
// 20 coordinates, beside nflows and zuko (wirings.py) at equal steps, batch and rate and about equal parameters. Float,
// 20 000 rows, a tenth of them to choose the
// epoch, 20 000 fresh ones to test, 30 epochs of batches of 512, Adam at 2e-3.
// Usage: wirings --out FILE.jsonl [--seeds A,B,...]: a row a line; what FILE has already is left out.
#include <cstdio>
#include <string>

#include "journal.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/training/fit.hpp"
#include "structures.hpp"

namespace {
using namespace rheo;
using structures::draw;
using structures::log_prob;

struct Table {
  study::Journal journal;

  template <Index D, class F> void row(const char* name) const {
    for (const std::uint64_t seed : journal.seeds) {
      for (const std::string target : {"chain", "permuted", "star", "blocks"}) {
        const std::string key = std::string("{\"model\": \"") + name + "\", \"target\": \"" + target +
                                "\", \"D\": " + std::to_string(D) + ", \"seed\": " + std::to_string(seed) + ",";
        if (journal.has(key)) continue;
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
        journal.add(key + rest);
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
  if (!table.journal.read("wirings", count, words)) return 2;
  table.rows<3>();
  table.rows<5>();
  table.rows<8>();
  table.rows<20>();
}
