// SPDX-License-Identifier: MIT
// Anomalies among the records of a Cherenkov telescope: a flow fitted to good records alone scores new ones by -log p,
// beside a Gaussian's; the anomalies are records of which one half belongs to another shower.
#include <cstdio>
#include <exception>

#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

constexpr Index D = 10;

/// Records that the event builder mixed up: the last five columns are those of the record behind.
Batch<double> mixed_up(Batch<double> x) {
  const Batch<double> tail = x.rightCols(5);
  for (Index i = 0; i < x.rows(); ++i) x.block(i, 5, 1, 5) = tail.row((i + 1) % x.rows());
  return x;
}

/// What a score tells, in a line, and its curve.
Batch<double> tell(const char* name, const Column<double>& background, const Column<double>& signal) {
  const Estimate area = roc_area(background, signal);
  const Batch<double> roc = roc_curve(background, signal);
  double found = 0;
  for (Index i = 0; i < roc.rows() && roc(i, 0) <= 0.01; ++i) found = roc(i, 1);
  std::printf("%-9s area %.3f +- %.3f   found at 1 %% false alarms %.3f\n", name, area.value, area.error, found);
  return roc;
}

int main() try {
  Batch<double> x = io::read_csv("../data/magic_gamma.csv").values;
  Batch<double> shuffled(x.rows(), D);
  const auto order = Noise{2}.permutation(x.rows());
  for (Index i = 0; i < x.rows(); ++i) shuffled.row(i) = x.row(order[std::size_t(i)]);
  const Batch<double> good = shuffled.topRows(8000), fresh = shuffled.middleRows(8000, 2000),
                      bad = mixed_up(shuffled.bottomRows(2000));

  const Row<double> mean = good.colwise().mean();
  const Batch<double> off = good.rowwise() - mean;
  const targets::GaussianEnergy<D> gauss(mean, (off.matrix().transpose() * off.matrix() / double(off.rows())).array());
  const auto gaussian = tell("Gaussian", energy_values(gauss, fresh), energy_values(gauss, bad));

  auto model = make_model<float>(presets::Nsf<D, 4, Mlp<32, 32>>{}, Noise{1});
  fit(model, good.cast<float>(), {.epochs = 10, .batch = 128, .learning_rate = 5e-3, .schedule = {Cosine{}}});
  const auto score = [&](const Batch<double>& rows) -> Column<double> {
    return -model.log_prob(rows.cast<float>()).cast<double>();
  };
  const auto flow = tell("flow", score(fresh), score(bad));
  const io::Image image = io::draw_curves({io::Curve::line("Gaussian", gaussian), io::Curve::line("flow", flow)},
                                          {.x = "false alarms", .y = "anomalies found"});
  io::write_png("anomaly_scores.png", io::thumbnail(image));
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
