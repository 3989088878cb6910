// SPDX-License-Identifier: MIT
// Two uniform squares: a flow, which leaves a bridge between them, and the same flow continuously indexed.  Leaks,
// bounds, and a picture.
//   indexed [--epochs N] [--seed N] [--out FILE.png]
#include <iostream>
#include <string>
#include <vector>

#include <rheo/io/plot.hpp>
#include <rheo/io/progress.hpp>
#include <rheo/rheo.hpp>

#include "command_line.hpp"
using namespace rheo;

namespace {

using RealNvp = presets::RealNvp<2, 8>;
using Cif = presets::Cif<presets::RealNvp<2, 5>>;  // as many parameters
constexpr io::Box box{-2.5, 2.5, -2.5, 2.5};

/// The bound of an indexed flow is noisy, and Adam's steps are short under noise: it wants five times the rate.
template <class F> void run(const char* name, int epochs, double rate, Noise noise, std::vector<io::Panel>& panels) {
  using Target = targets::TwoUniforms;
  const Batch<float> data = Target::sample<float>(50000, noise.fork(0)),
                     test = Target::sample<float>(5000, noise.fork(1));
  auto model = make_model<float>(F{}, noise.fork(2));
  io::Progress progress;
  const auto fitted = fit(model, data,
                          {.epochs = epochs,
                           .batch = 512,
                           .learning_rate = rate,
                           .patience = 0,
                           .schedule = {Cosine{}, 100},
                           .noise = noise.fork(3),
                           .callback = [&](const EpochReport& e) { return progress(e), true; }});
  progress.finish();
  const auto log_p = [&](const Batch<float>& x, Index draws) -> Column<float> {
    if constexpr (is_exact_v<F>) return model.log_prob(x);
    else return model.log_prob_estimate(x, draws, noise.fork(4)).value;
  };
  const Batch<float> drawn = model.sample(100000, noise.fork(5));
  const Estimate leak = support_leak(drawn, Target{}, 1e-6),
                 bridge = mass_where(drawn, [](double x1, double) { return std::abs(x1) < 1; });
  std::cout << name << ": " << F::param_count << " parameters, " << fitted.seconds << " s; NLL - H "
            << (is_exact_v<F> ? "= " : "< ") << gap_to_entropy(log_p(test, 100), Target::entropy()).value
            << "; mass off the squares " << leak.value << " +- " << leak.error << ", between them " << bridge.value
            << " +- " << bridge.error << '\n';
  const Column<float> log_density = log_p(io::grid_points(box, 120, 120).cast<float>(), 20);
  const Column<double> p = log_density.exp().cast<double>();
  const Batch<double> density = p.reshaped(120, 120);
  panels.push_back(io::Panel::heat_map(name, density, 0.4));
  panels.push_back(io::Panel::scatter(std::string(name) + ", samples", drawn.topRows(8000).cast<double>()));
}

}  // namespace

int main(int argc, char** argv) {
  std::string out = "indexed.png";
  int epochs = 120;
  std::uint64_t seed = 0;
  if (!examples::read_options(argc, argv, {{"--epochs", &epochs}, {"--seed", &seed}, {"--out", &out}}))
    return std::cerr << "indexed [--epochs N] [--seed N] [--out FILE.png]\n", 2;
  return examples::guarded([&] {
    std::vector<io::Panel> panels;
    run<RealNvp>("RealNVP", epochs, 2e-3, Noise{seed}, panels);
    run<Cif>("CIF-RealNVP", epochs, 1e-2, Noise{seed}, panels);
    io::plot_panels(out, panels, box);
    std::cout << "densities and samples in " << out << '\n';
  });
}
