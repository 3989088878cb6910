// SPDX-License-Identifier: MIT
// MAGIC gamma showers, 10 dimensions: test log-likelihood, in nats and the data's own units, of one Gaussian, of 20,
// and of spline flows. Usage: magic --csv FILE.  Rows are shuffled by seed 0; the first tenth is the test, the next
// tenth chooses the epoch, the rest is fitted.
#include <cstdio>
#include <numeric>

#include "../../examples/command_line.hpp"
#include "em.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/io/progress.hpp"
#include "rheo/rheo.hpp"

namespace {
using namespace rheo;

void print(const char* name, const Column<double>& lp, const Column<double>& reference, Index parameters,
           double seconds) {
  const double n = static_cast<double>(lp.size());
  const auto error = [&](const Column<double>& x) { return std::sqrt((x - x.mean()).square().sum() / (n - 1) / n); };
  std::printf("%-44s %9.3f +- %.3f   %+7.3f +- %.3f %10ld %8.0f\n", name, lp.mean(), error(lp), (lp - reference).mean(),
              error(lp - reference), static_cast<long>(parameters), seconds);
  std::fflush(stdout);
}

/// Fits a flow and prints its row; the epoch is chosen by fit()'s own validation part.
template <class F>
void study(const char* name, const Batch<double>& rest, const Batch<double>& test, const Column<double>& reference) {
  auto model = make_model<float>(F{}, Noise{2});
  io::Progress progress;
  FitOptions o{.epochs = 150,
               .batch = 256,
               .learning_rate = 1e-3,
               .validation = 1.0 / 9,
               .patience = 25,
               .optimizer = adam_w(1e-3),
               .schedule = {Cosine{0.01}, 200},
               .noise = Noise{3}};
  o.callback = std::ref(progress);
  const auto fitted = fit(model, rest.cast<float>(), o);
  progress.finish();
  print(name, model.log_prob(test.cast<float>()).template cast<double>(), reference, F::param_count, fitted.seconds);
}
using Spline = Chain<Coupling<10, RationalQuadraticSpline<8>, Mlp<64, 64>, 0, HalfMask<10>>, Flip<10>, LuLinear<10>>;
using Tamed = Flow<Standardize<10>, ArcsinhMap<10>, ActNorm<10>, Repeat<6, Spline>, StandardNormal<10>>;
}  // namespace

int main(int count, char** words) {
  std::string data;
  if (!examples::read_options(count, words, {{"--csv", &data}})) return 2;
  if (data.empty()) {
    std::fprintf(stderr, "usage: magic --csv FILE\n");
    return 2;
  }
  const Batch<double> all = io::read_csv(data).values;
  const auto order = Noise{0}.permutation(all.rows());
  Batch<double> x(all.rows(), all.cols());
  for (Index i = 0; i < x.rows(); ++i) x.row(i) = all.row(order[static_cast<std::size_t>(i)]);
  const Index tenth = x.rows() / 10;
  const Batch<double> test = x.topRows(tenth),
                      rest = x.bottomRows(x.rows() - tenth);  // fit() takes its validation part from the rest
  std::printf("%ld rows to fit and choose with, %ld to test\n%-44s %20s   %18s %10s %8s\n",
              static_cast<long>(rest.rows()), static_cast<long>(test.rows()), "model", "log-likelihood",
              "above 20 Gaussians", "parameters", "seconds");
  const bench::GaussianMixture one(rest, 1, Noise{1}), twenty(rest, 20, Noise{1});
  const Column<double> reference = twenty.log_prob(test);
  print("1 Gaussian, full covariance", one.log_prob(test), reference, 65, 0);
  print("20 Gaussians, full covariance, by EM", reference, reference, 20 * 66 - 1, 0);
  study<presets::Nsf<10, 6>>("Nsf, 6 couplings, nets 5-64-64-115", rest, test, reference);
  study<Tamed>("the same behind an arcsinh that tames the tails", rest, test, reference);
}
