// SPDX-License-Identifier: MIT
// What the surjections are worth on 8 x 8 digits: a flow that slices half of its coordinates off between two scales,
// the same nets without the slice, a flow that pools, uniform dequantization, and a mixture of ten factor analysers;
// bits per dimension on the test rows, and the paired difference to the first.
//   digits_study DIR [--seed N] [--epochs N]
#include <chrono>
#include <cstdio>
#include <string>

#include "../../examples/command_line.hpp"
#include "factor_analysers.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/io/progress.hpp"
#include "rheo/rheo.hpp"

namespace {
using namespace rheo;

using Net = MlpOf<Silu, 96, 96>;
template <Index C, Index W, Index P>
using Checkers = AffineCoupling<C * W * W, Net, 0, BoundedExp, CheckerboardMask<C, W, W, P>>;
template <Index C, Index W, Index P>
using Channels = AffineCoupling<C * W * W, Net, 0, BoundedExp, ChannelMask<C, W, W, P>>;
template <Index C, Index W>
using Step = Chain<ActNorm<C * W * W>, Conv1x1<C, W, W>, Channels<C, W, 0>, Channels<C, W, 1>>;
using Pixels = Chain<ActNorm<64>, Checkers<1, 8, 0>, Checkers<1, 8, 1>>;
using Quarters = Chain<Squeeze<1, 8, 8>, Repeat<3, Step<4, 4>>>;
template <Index D, Index C>
using SplineStep = Chain<Coupling<D, RationalQuadraticSpline<6>, Net, C, HalfMask<D>>, Flip<D>>;
template <Index D, Index C>
using Leaving = Flow<Conditional<D, ScaleShift<BoundedExp>, Net, C>, Repeat<2, SplineStep<D, C>>, StandardNormal<D>>;
using Gaps = Given<family::HalfNormal<SoftBound>, Net>;
using Places = Given<family::Categorical<4>, Net>;

template <class Fibre, class... Rest>
using Image = Flow<Dequantize<64, Fibre, 17>, LevelMap<64, 17>, Pixels, Quarters, Rest...>;
template <class Fibre> using Whole = Image<Fibre, Squeeze<4, 4, 4>, Repeat<2, Step<16, 2>>, StandardNormal<64>>;
using LearnedFraction = UnitFibre<4, Mlp<64>>;
using Sliced = Image<LearnedFraction, Slice<64, 32, FlowFibre<Leaving>>, Squeeze<2, 4, 4>, Repeat<2, Step<8, 2>>,
                     StandardNormal<32>>;
/// The nets of Leaving as couplings: the half that Sliced lets go stays, and goes through the steps behind with the
/// other.
template <Index First> struct SixteenFrom {
  static constexpr bool transformed(Index j) { return j >= First && j < First + 16; }
};
template <Index First> using Spline = Coupling<64, RationalQuadraticSpline<6>, Net, 0, SixteenFrom<First>>;
using Coupled = Image<LearnedFraction, AffineCoupling<64, Net>, Spline<48>, Spline<32>, Squeeze<4, 4, 4>,
                      Repeat<2, Step<16, 2>>, StandardNormal<64>>;
/// As many parameters as Sliced: both splines by one net.
using Wide =
    Image<LearnedFraction, AffineCoupling<64, Net>, Coupling<64, RationalQuadraticSpline<6>, Net, 0, HalfMask<64>>,
          Squeeze<4, 4, 4>, Repeat<2, Step<16, 2>>, StandardNormal<64>>;
using Pooled = Image<LearnedFraction, MaxPool2x2<4, 4, 4, Gaps, Places>, Repeat<2, Step<4, 2>>, StandardNormal<16>>;
using Factors = LowRankNormal<64, 8>;
using Analysers = Flow<Dequantize<64>, Mixture<10, Factors>>;

struct Study {
  Batch<float> train, test;
  std::uint64_t seed = 0;
  int epochs = 80;
  Column<float> first{};  // of the sliced flow

  template <class F> void print(const char* name, const Model<F, float>& model, double seconds) {
    const Estimate bound = bits_per_dimension(model.elbo(test, Noise{seed}.fork(2)), 64);
    const Column<float> closer = model.log_prob_estimate(test, 20, Noise{seed}.fork(3)).value;
    if (first.size() == 0) first = closer;
    const Estimate e = bits_per_dimension(closer, 64), above = bits_per_dimension(Column<float>(closer - first), 64);
    std::printf("%-42s %.4f +- %.4f   %.4f +- %.4f   %+.4f +- %.4f %8ld %6.0f\n", name, bound.value, bound.error,
                e.value, e.error, above.value + 0.0, above.error, static_cast<long>(F::param_count), seconds);
    std::fflush(stdout);
  }
  template <class F> void flow(const char* name) {
    auto model = make_model<float>(F{}, Noise{seed});
    io::Progress progress;
    const auto fitted = fit(model, train,
                            {.epochs = epochs,
                             .batch = 128,
                             .learning_rate = 1e-3,
                             .optimizer = adam_w(1.0),
                             .schedule = {Cosine{}},
                             .noise = Noise{seed}.fork(1),
                             .callback = std::ref(progress)});
    progress.finish();
    print(name, model, fitted.seconds);
  }
  /// The best of three starts on a held tenth of the rows, every row dequantized three times.  No variance is below 1 /
  /// 12, that of the dequantization.
  void analysers() {
    const auto begin = std::chrono::steady_clock::now();
    const auto order = Noise{seed}.permutation(train.rows());
    const Index held = train.rows() / 10, kept = train.rows() - held;
    Batch<double> x(3 * kept, 64), check(3 * held, 64);
    for (Index i = 0; i < 3 * train.rows(); ++i) {
      const Index row = i / 3;
      for (Index j = 0; j < 64; ++j) {
        const double u =
            static_cast<double>(train(order[static_cast<std::size_t>(row)], j)) + Noise{seed}.fork(4).uniform(i, j);
        (row < kept ? x(i, j) : check(i - 3 * kept, j)) = u;
      }
    }
    std::vector<bench::FactorAnalyser> best;
    double top = 0;
    for (std::uint64_t start = 0; start < 3; ++start) {
      double score;
      auto parts = bench::factor_analysers(x, check, 10, 8, 1.0 / 12, Noise{seed}.fork(5).fork(start), score);
      if (start == 0 || score > top) best = std::move(parts), top = score;
    }
    auto model = make_model<float>(Analysers{}, Noise{seed});
    auto [logits, components] = Mixture<10, Factors>::unpack(model.theta());
    for (Index k = 0; k < 10; ++k) {
      const auto& part = best[static_cast<std::size_t>(k)];
      auto [mean, log_scale, U] =
          Factors::unpack(Params<float>(components.data() + k * Factors::param_count, Factors::param_count));
      logits(k) = static_cast<float>(std::log(part.weight));
      mean = part.mean.transpose().array().cast<float>();
      log_scale = (0.5 * part.psi.log()).cast<float>();
      U = (part.psi.rsqrt().matrix().asDiagonal() * part.loadings).array().cast<float>();
    }
    print("10 factor analysers of rank 8, uniform", model,
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
};

}  // namespace

int main(int count, char** words) {
  std::string data;
  Study s;
  if (!examples::read_options(count, words, {{"--data", &data}, {"--seed", &s.seed}, {"--epochs", &s.epochs}}))
    return 2;
  if (data.empty()) {
    std::fprintf(stderr, "usage: digits_study --data DIR [--seed N] [--epochs N]\n");
    return 2;
  }
  s.train = io::read_csv(data + "/optdigits_train.csv").values.leftCols(64).cast<float>();
  s.test = io::read_csv(data + "/optdigits_test.csv").values.leftCols(64).cast<float>();
  std::printf("%-42s %-16s   %-16s   %-17s %8s %6s\n", "bits per dimension, 1797 test rows", "elbo", "20 draws a row",
              "above the first", "params", "s");
  s.flow<Sliced>("sliced, the slice's law a flow of splines");
  s.flow<Coupled>("not sliced, the law's nets as couplings");
  s.flow<Wide>("not sliced, as many parameters as sliced");
  s.flow<Whole<LearnedFraction>>("neither");
  s.flow<Whole<Fixed<Uniform>>>("neither, uniform dequantization");
  s.flow<Pooled>("max-pooled, half-normal gaps");
  s.analysers();
}
