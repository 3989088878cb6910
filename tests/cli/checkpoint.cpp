// SPDX-License-Identifier: MIT
// checkpoint array|source FILE: a fit with a checkpoint before every step, or without one where FILE is "-", of rows in
// memory or of a source whose broken rows are counted; says the bits it ends with.  checkpoint --whole FILE: whether
// the file, if there, is a whole state.
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>

#include "banana.hpp"
#include "listed_rows.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/io/checkpoint.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit_source.hpp"

int main(int count, char** words) {
  using namespace rheo;
  try {
    if (count == 3 && std::string(words[1]) == "--whole") {
      TrainerState state;
      io::CheckpointFile(words[2]).load(state);
      return 0;
    }
    using Small = Flow<Standardize<2>, Repeat<4, Chain<AffineCoupling<2, Mlp<64, 64>>, Flip<2>>>, StandardNormal<2>>;
    auto model = make_model<float>(Small{}, Noise{2});
    FitOptions options{.epochs = 12, .batch = 64, .average = 0.99, .noise = Noise{3}};
    if (std::string(words[2]) != "-") options.checkpoint = io::checkpoint(words[2], 0);
    auto rows = rheo_test::banana<float>(1000, 1);
    const bool by_source = std::string(words[1]) == "source";
    for (const Index i : {300, 310, 990}) rows(i, 0) = by_source ? std::numeric_limits<float>::quiet_NaN() : rows(i, 0);
    const auto r =
        by_source ? fit(model, rheo_test::Listed<float>(rows), options, {.window = 150, .on_broken = OnBroken::count})
                  : fit(model, rows, options);
    detail::BitHash bits;
    for (Index i = 0; i < model.parameters().size(); ++i) bits.add(static_cast<double>(model.parameters()(i)));
    for (const EpochReport& e : r.history) bits.add(e.train_loss), bits.add(e.validation_loss);
    bits.add(static_cast<double>(r.broken_rows));
    std::printf("%s %s %d\n", bits.text().c_str(), to_string(r.status), r.best_epoch);
    return r.checkpoint_error.empty() ? 0 : 4;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 3;
  }
}
