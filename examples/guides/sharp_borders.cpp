// SPDX-License-Identifier: MIT
// A density with sharp borders and a symmetry: a strict flow, the right fold, and a fold that claims too much.
#include <cstdio>
#include <exception>

#include <rheo/evaluation/metrics.hpp>
#include <rheo/flows/presets/coupling_flows.hpp>
#include <rheo/flows/presets/surjective_flows.hpp>
#include <rheo/io/plot.hpp>
#include <rheo/targets/table.hpp>
#include <rheo/training/fit.hpp>
using namespace rheo;

/// Fits a flow, tells its gap and its leak, and shows its density.
template <class F> io::Panel study(const char* name, F flow, const targets::Target& target, int epochs) {
  const auto rows = targets::checkerboard<float>(20'000, Noise{1}),
             fresh = targets::checkerboard<float>(20'000, Noise{2});
  auto model = make_model<float>(flow, Noise{3});
  if (model.param_count > 0) {
    fit(model, rows,
        {.epochs = epochs, .batch = 256, .learning_rate = 5e-3, .schedule = {Cosine{0.01}, 100}, .noise = Noise{4}});
  }
  const Estimate gap = gap_to_entropy(model.log_prob(fresh), *target.entropy);
  const Estimate leak = support_leak(model.sample(20'000, Noise{5}), target, 1e-6);
  std::printf("%-28s %6ld parameters, gap %.3f +- %.3f, leak %.3f\n", name, static_cast<long>(model.param_count),
              gap.value, gap.error, leak.value);
  const Batch<double> density =
      model.log_prob(io::grid_points({-4.5, 4.5, -4.5, 4.5}, 150, 150).cast<float>()).template cast<double>().exp();
  return io::Panel::heat_map(name, density.reshaped(150, 150), 0.06);
}

int main() try {
  const targets::Target& target = targets::find("checkerboard");  // mirrored in x1, its squares are its gaps
  std::printf("checkerboard, exact entropy %.4f nats\n", *target.entropy);

  using Plus = Mask<1, 0>;  // x1 is folded, x2 passes
  Flow coin{Abs<2, FairSigns, Plus>{}, On<2, Plus, range::RescalePositive>{range::RescalePositive{0, 4}},
            On<2, Mask<0, 1>, range::Rescale>{range::Rescale{-4, 4}}, Uniform<2>{}};
  const auto strict = study("strict: splines", presets::Nsf<2>{}, target, 12);
  const auto folded = study("|x1|, its sign by a net", presets::AbsUniform<2>{4}, target, 30);
  study("|x1|, its sign by a coin", coin, target, 0);

  const io::Image picture = io::draw_panels({strict, folded}, {-4.5, 4.5, -4.5, 4.5});
  io::write_png("sharp_borders.png", io::thumbnail(picture));
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
