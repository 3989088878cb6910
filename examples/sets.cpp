// SPDX-License-Identifier: MIT
// Sets of six points in the plane, whose order means nothing: a flow behind SortPoints (exact) and one behind
// StochasticPermutation (a bound, and its estimates with K draws), against the exact log-density; nats per point on
// fresh sets, and a picture.
//   sets [epochs] [directory] [sets to fit]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <rheo/io/plot.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

namespace {

constexpr Index N = 6, D = 2 * N;  // a row is x1 y1 x2 y2 ..
double normal(double e, double deviation) {
  return -0.5 * e * e / (deviation * deviation) - std::log(deviation) - half_log_two_pi;
}

/// Independent points, each from one of three normals of deviation 0.4 on a circle of radius 2.
struct Mixture3 {
  static constexpr const char* name = "mixture";
  static double centre(Index k, Index j) {
    return 2 * (j == 0 ? std::cos(2.0944 * static_cast<double>(k)) : std::sin(2.0944 * static_cast<double>(k)));
  }
  static double draw(Noise noise, Index i, Index point, Index j) {
    return centre(noise.index(i, 3 * point, 3), j) + 0.4 * noise.normal(i, 24 + 2 * point + j);
  }
  template <class Row> static double log_prob(const Row& x) {
    double total = 0;
    for (Index p = 0; p < N; ++p) {
      double sum = 0;
      for (Index k = 0; k < 3; ++k)
        sum += std::exp(normal(x(2 * p) - centre(k, 0), 0.4) + normal(x(2 * p + 1) - centre(k, 1), 0.4)) / 3;
      total += std::log(sum);
    }
    return total;
  }
};
/// Points of deviation 0.4 about a centre of their set, itself normal of deviation 1.5: exchangeable, not independent.
struct Shared {
  static constexpr const char* name = "shared_centre";
  static double draw(Noise noise, Index i, Index point, Index j) {
    return 1.5 * noise.normal(i, j) + 0.4 * noise.normal(i, 24 + 2 * point + j);
  }
  template <class Row> static double log_prob(const Row& x) {  // along the mean, and across it
    double total = 0;
    for (Index j = 0; j < 2; ++j) {
      double mean = 0;
      for (Index p = 0; p < N; ++p) mean += x(2 * p + j) / N;
      for (Index p = 0; p < N; ++p) total += normal(x(2 * p + j) - mean, 0.4);
      total += normal(mean * std::sqrt(N), std::sqrt(0.4 * 0.4 + N * 1.5 * 1.5)) - normal(0, 0.4);
    }
    return total;
  }
};

template <class S> Batch<double> draw(Index n, Noise noise) {
  Batch<double> x(n, D);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < D; ++j) x(i, j) = S::draw(noise, i, j / 2, j % 2);
  }
  return x;
}

// One coordinate of the points given the other, then half of the points given the other half.
template <class M> using Spline = Coupling<D, RationalQuadraticSpline<8>, Mlp<64, 64>, 0, M>;
using Body =
    Chain<Standardize<D>,
          Repeat<3, Chain<Spline<AlternatingMask<D, 0>>, Spline<AlternatingMask<D, 1>>, Spline<HalfMask<D>>, Flip<D>>>>;
using SortFlow = Flow<SortPoints<N, 2>, OrderedPoints<N, 2>, Body, StandardNormal<D>>;
using PermuteFlow = Flow<StochasticPermutation<N, 2>, Body, StandardNormal<D>>;

Estimate per_point(const Column<double>& log_prob) { return mean_and_error(Column<double>(-log_prob / N)); }
void line(const char* what, Estimate e) { std::printf("  %-34s %.4f +- %.4f\n", what, e.value, e.error); }
/// All the points of some sets, and how they lie about the mean of their set.
Batch<double> points(const Batch<double>& sets, bool centred) {
  Batch<double> x(sets.rows() * N, 2);
  for (Index p = 0; p < N; ++p) {
    for (Index j = 0; j < 2; ++j) x.col(j).segment(p * sets.rows(), sets.rows()) = sets.col(2 * p + j);
  }
  for (Index k = 0; centred && k < x.size(); ++k)
    x.data()[k] -= sets.row(k % sets.rows()).reshaped(2, N).row(k / x.rows()).mean();
  return x;
}

template <class S> void study(int epochs, const std::string& directory, Index count) {
  const Batch<float> train = draw<S>(count, Noise{1}).template cast<float>();
  const Batch<double> test = draw<S>(count / 25, Noise{2});
  const auto fitted = [&](auto flow) {
    auto model = make_model<float>(flow, Noise{3});
    fit(model, train,
        {.epochs = epochs, .batch = 256, .learning_rate = 2e-3, .schedule = {Cosine{0.01}, 100}, .noise = Noise{4}});
    return model.template cast<double>();
  };
  const auto sorted = fitted(SortFlow{});
  const auto permuted = fitted(PermuteFlow{});
  Column<double> exact(test.rows());
  for (Index i = 0; i < test.rows(); ++i) exact(i) = S::log_prob(test.row(i));
  std::printf("%s: nats per point on %d fresh sets\n", S::name, static_cast<int>(test.rows()));
  line("exact", per_point(exact));
  const Column<double> by_sorting = sorted.log_prob(test);
  line("SortFlow, exact", per_point(by_sorting));
  line("  less the exact", per_point(by_sorting - exact));
  for (Index K : {1, 10, 100})
    line(("PermuteFlow, at most, K = " + std::to_string(K)).c_str(),
         per_point(permuted.log_prob_estimate(test, K, Noise{6}).value));
  line("  less the exact", per_point(permuted.log_prob_estimate(test, 100, Noise{6}).value - exact));

  Batch<double> turned(test.rows(), D);  // every point one place on
  turned << test.rightCols(2), test.leftCols(D - 2);
  const double moved = (sorted.log_prob(turned) - by_sorting).abs().maxCoeff();
  std::printf(
      "  another order moves SortFlow by %g, the flow behind the permutation by %.3f (mean)\n", moved,
      (permuted.log_prob_estimate(turned, 1, Noise{6}).value - permuted.log_prob_estimate(test, 1, Noise{6}).value)
          .abs()
          .mean());
  const Batch<double> data = test.topRows(std::min<Index>(1500, test.rows())), a = sorted.sample(1500, Noise{5}),
                      b = permuted.sample(1500, Noise{5});
  std::vector<std::vector<io::Panel>> rows(2);
  for (bool centred : {false, true}) {
    const std::string about = centred ? ", about the mean" : "";
    rows[centred] = {io::Panel::scatter("points" + about, points(data, centred)),
                     io::Panel::scatter("SortFlow" + about, points(a, centred)),
                     io::Panel::scatter("PermuteFlow" + about, points(b, centred))};
  }
  io::write_png(directory + "/sets_" + S::name + ".png", io::draw_rows(rows, {-4, 4, -4, 4}));
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  const int epochs = count > 1 ? std::atoi(words[1]) : 8;
  const std::string directory = count > 2 ? words[2] : ".";
  const Index sets = count > 3 ? std::atoi(words[3]) : 100'000;
  try {
    study<Mixture3>(epochs, directory, sets);
    study<Shared>(epochs, directory, sets);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
