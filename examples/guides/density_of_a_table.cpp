// SPDX-License-Identifier: MIT
// The density of a table: a Gaussian and a spline flow on the same rows, judged by rows that neither has seen.
#include <cstdio>
#include <exception>

#include <rheo/evaluation/metrics.hpp>
#include <rheo/flows/presets/coupling_flows.hpp>
#include <rheo/io/csv.hpp>
#include <rheo/io/plot_corner.hpp>
#include <rheo/training/fit.hpp>
using namespace rheo;

/// Fits a flow, and tells the mean log-density of the rows held out.
template <class F> auto fitted(const char* name, F flow, const Batch<float>& rows, const Batch<float>& held) {
  auto model = make_model<float>(flow, Noise{1});
  const FitResult r = fit(model, rows, {.epochs = 12, .batch = 128, .learning_rate = 3e-3, .noise = Noise{2}});
  const Estimate e = mean_and_error(model.log_prob(held));
  const Batch<float> drawn = model.sample(20'000, Noise{3});
  std::printf("%-9s %6ld parameters, %s; held-out mean log p %.3f +- %.3f; %.2f of the draws have a negative length\n",
              name, static_cast<long>(model.param_count), to_string(r.status), e.value, e.error,
              (drawn.col(0) < 0).cast<double>().mean());
  return model;
}

int main() try {
  const auto table = io::read_csv("../data/magic_gamma.csv", {.columns = {"fLength", "fWidth", "fSize", "fConc"}});
  const Batch<float> all = table.values.cast<float>();  // a shower a row
  const Batch<float> held = all.topRows(2000), rows = all.bottomRows(all.rows() - 2000);

  fitted("Gaussian:", Flow{Standardize<4>{}, FullNormal<4>{}}, rows, held);
  const auto model = fitted("splines:", presets::Nsf<4>{}, rows, held);  // standardises its data first

  const io::Image corner = io::draw_corner(held.cast<double>(), model, {.names = table.names, .first = "held out"});
  io::write_png("density_of_a_table.png", io::thumbnail(corner));
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
