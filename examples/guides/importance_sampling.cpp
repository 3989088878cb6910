// SPDX-License-Identifier: MIT
// The integral of a function of both signs over the unit cube: plain Monte Carlo, VEGAS's grid and a flow that is
// fitted to its modulus, at as many calls each; and what unweighting would keep of the draws.
#include <cmath>
#include <cstdio>

#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>

#include "vegas.hpp"
using namespace rheo;

constexpr Index D = 3, calls = 200'000, training = 110'000;  // of them

/// A resonance in x + y, which no axis sees, and an interference that is negative below it; z makes a peak at 0.
double f(double x, double y, double z) {
  const double m = (x + y - 0.8) / 0.02;
  return (1 + 0.5 * m) / (1 + m * m) / (0.02 + z);
}
Column<double> values(const Batch<double>& x) {
  Column<double> out(x.rows());
  for (Index i = 0; i < x.rows(); ++i) out(i) = f(x(i, 0), x(i, 1), x(i, 2));
  return out;
}
/// u = -log |f|: all that training asks for.
struct Modulus {
  static constexpr Index dim = D;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i)
      u(i) = -std::log(std::fabs(f(double(x(i, 0)), double(x(i, 1)), double(x(i, 2)))));
  }
};
/// x + y = s has the density 1 - |s - 1|; the rest is a sum over s, and a logarithm.
double exact() {
  double sum = 0;
  for (double s = 5e-6; s < 2; s += 1e-5) {
    const double m = (s - 0.8) / 0.02;
    sum += 1e-5 * (1 - std::fabs(s - 1)) * (1 + 0.5 * m) / (1 + m * m);
  }
  return sum * std::log(1.02 / 0.02);
}

void tell(const char* name, const Batch<double>& x, const Column<double>& log_prob) {
  const Column<double> fx = values(x), w = fx / log_prob.exp();
  const Estimate e = integral(fx.sign(), w.abs().log());
  const Unweighting largest = unweighting(w.abs().log()), most = unweighting(w.abs().log(), 0.999);
  std::printf("%-8s %8.4f +- %.4f   %8.3f  %8.3f  %9.4f  %8.3f\n", name, e.value, e.error, largest.efficiency,
              most.efficiency, most.excess, (w < 0).cast<double>().mean());
}

int main() {
  std::printf("exact    %8.4f\n%-8s %18s   %8s  %8s  %9s  %8s\n", exact(), "by", "integral", "kept", "at 0.999",
              "excess", "negative");
  Batch<double> uniform(calls, D);
  Noise{1}.uniforms(view(uniform));
  tell("uniform", uniform, Column<double>::Zero(calls));

  examples::Vegas<D> vegas;
  for (std::uint64_t k = 0; k < 15; ++k) {
    const auto d = vegas.sample(training / 15, Noise{2}.fork(k));
    vegas.refine(d, values(d.x) / d.log_prob.exp());
  }
  const auto v = vegas.sample(calls - training, Noise{3});
  tell("VEGAS", v.x, v.log_prob);

  using Spline = Coupling<D, IntervalRationalQuadraticSpline<16>, Mlp<24, 24>>;  // of [0, 1] onto itself
  auto model = make_model<double>(Flow{Couplings<D, 6, Spline>{}, Uniform<D>{}}, Noise{4});
  fit_energy(model, alpha_divergence<Estimator::weights>(Modulus{}, 1.0),
             {.steps = 400, .batch = 256, .learning_rate = 5e-3, .schedule = {Cosine{}}, .check_every = 100});
  const auto s = model.sample_and_log_prob(calls - training, Noise{5});
  tell("flow", s.x, s.log_prob);

  const io::Image image = io::draw_panels({io::Panel::scatter("VEGAS", v.x.topRows(2500).leftCols(2)),
                                           io::Panel::scatter("flow", s.x.topRows(2500).leftCols(2))},
                                          {0, 1, 0, 1});
  io::write_png("importance_sampling.png", io::thumbnail(image));
}
