// SPDX-License-Identifier: MIT
// p(y | context): a reading y whose mean follows the temperature and whose spread the pressure, with skew noise.
#include <cmath>
#include <cstdio>
#include <exception>

#include <rheo/evaluation/metrics.hpp>
#include <rheo/distributions/normal.hpp>
#include <rheo/io/plot_curves.hpp>
#include <rheo/layers/bijections/elementwise.hpp>
#include <rheo/layers/bijections/standardize.hpp>
#include <rheo/training/fit.hpp>
#include <rheo/transformers/rational_quadratic_spline.hpp>
using namespace rheo;

/// The truth, a Gumbel law: T in K, P in Pa.
double middle(double T) { return 20 + 8 * std::sin((T - 280) / 12); }
double width(double P) { return 0.5 + 3e-5 * (P - 5e4); }
double quantile(double q, double T, double P) { return middle(T) - width(P) * std::log(-std::log(q)); }
double log_density(double y, double T, double P) {
  const double e = (y - middle(T)) / width(P);
  return -std::log(width(P)) - e - std::exp(-e);
}

struct Rows {
  Batch<double> y, context;
};
Rows draw(Index n, Noise noise) {
  Rows r{Batch<double>(n, 1), Batch<double>(n, 2)};
  for (Index i = 0; i < n; ++i) {
    r.context(i, 0) = 280 + 80 * noise.uniform(i, 0);
    r.context(i, 1) = 5e4 + 1e5 * noise.uniform(i, 1);
    r.y(i, 0) = quantile(noise.uniform(i, 2), r.context(i, 0), r.context(i, 1));
  }
  return r;
}

int main() try {
  const Rows train = draw(10'000, Noise{1}), fresh = draw(10'000, Noise{2});
  const Flow flow{Standardize<1>{}, Conditional<1, RationalQuadraticSpline<8>, MlpOf<Silu, 64, 64>, 2>{},
                  StandardNormal<1>{}};
  const FitOptions options{.epochs = 30, .batch = 128, .learning_rate = 3e-3, .schedule = {Cosine{0.01}}};

  auto model = make_model<double>(flow, Noise{3}), raw = make_model<double>(flow, Noise{3});
  fit(model, train.y, train.context, options);
  FitOptions as_they_are = options;
  as_they_are.standardize_context = false;
  fit(raw, train.y, train.context, as_they_are);

  Column<double> truth(fresh.y.rows());
  for (Index i = 0; i < truth.size(); ++i)
    truth(i) = log_density(fresh.y(i, 0), fresh.context(i, 0), fresh.context(i, 1));
  std::printf("mean log p(y | c) of 10000 fresh rows: truth %.3f, model %.3f, contexts in K and Pa as they are %.2f\n",
              truth.mean(), model.log_prob(fresh.y, fresh.context).mean(), raw.log_prob(fresh.y, fresh.context).mean());

  // One number through an increasing map: the base's quantile is decoded to the model's.
  const double levels[] = {0.05, 0.25, 0.5, 0.75, 0.95}, normal[] = {-1.6449, -0.6745, 0, 0.6745, 1.6449};
  const Batch<double> z = model.encode(fresh.y, {}, fresh.context);
  Batch<double> at(161, 2), bands(3 * 162, 2), exact_bands(3 * 162, 2);  // curves, parted by rows that are not finite
  for (Index i = 0; i < at.rows(); ++i) at.row(i) << 280 + 0.5 * static_cast<double>(i), 1.2e5;
  bands.setConstant(std::nan("")), exact_bands.setConstant(std::nan(""));
  for (int k = 0; k < 5; ++k) {
    const Batch<double> y = model.decode(Batch<double>::Constant(at.rows(), 1, normal[k]), {}, at);
    const Column<double> exact = at.col(0).unaryExpr([&](double T) { return quantile(levels[k], T, 1.2e5); });
    std::printf("fresh rows below the model's %2.0f %% quantile: %.3f; %.2f widths off the exact one at 1.2e5 Pa\n",
                100 * levels[k], (z < normal[k]).cast<double>().mean(), (y.col(0) - exact).abs().mean() / width(1.2e5));
    if (k % 2 == 1) continue;
    bands.middleRows(81 * k, 161) << at.col(0), y;
    exact_bands.middleRows(81 * k, 161) << at.col(0), exact;
  }
  const io::Image picture =
      io::draw_curves({io::Curve::line("exact 5, 50, 95 %", exact_bands), io::Curve::line("model", bands)},
                      {.x = "temperature in K, at 1.2e5 Pa", .y = "y"});
  io::write_png("conditional_density.png", io::fewer_colours(picture));
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
