// SPDX-License-Identifier: MIT
// 8 x 8 digits of 17 grey levels: variational dequantization, then a multi-scale flow: couplings, squeezes, 1 x 1
// convolutions, and a slice that takes half of the coordinates out.  Bits per dimension on the test rows, samples as a
// PNG.  With `--conditional yes` the flow is given the digit: samples then come a row a digit, and a nearest neighbour
// among the training rows says how many of them look like it.
//   digits [--conditional yes|no] [--epochs N] [--seed N] [--data DIR] [--out FILE.png]
#include <iostream>
#include <string>

#include <rheo/io/csv.hpp>
#include <rheo/io/png.hpp>
#include <rheo/io/progress.hpp>
#include <rheo/rheo.hpp>

#include "command_line.hpp"
using namespace rheo;

namespace {

using Net = MlpOf<Silu, 96, 96>;
/// The flow on 64 pixels, given Given numbers: 10 for a digit, one hot, 0 for nothing.
template <Index Given> struct Layers {
  template <Index C, Index W, Index P>
  using Checkers = AffineCoupling<C * W * W, Net, Given, BoundedExp, CheckerboardMask<C, W, W, P>>;
  template <Index C, Index W, Index P>
  using Channels = AffineCoupling<C * W * W, Net, Given, BoundedExp, ChannelMask<C, W, W, P>>;
  /// Glow's step on C channels of W x W places, both halves of the channels in turn.
  template <Index C, Index W>
  using Step = Chain<ActNorm<C * W * W>, Conv1x1<C, W, W>, Channels<C, W, 0>, Channels<C, W, 1>>;
  /// The law of D coordinates that leave, given the C that stay: splines to normals, whose knots a net makes from what
  /// stays and half of what leaves.
  template <Index D, Index C>
  using Leaving =
      Flow<Conditional<D, ScaleShift<BoundedExp>, Net, C>,
           Repeat<2, Chain<Coupling<D, RationalQuadraticSpline<6>, Net, C, HalfMask<D>>, Flip<D>>>, StandardNormal<D>>;

  // Pixels, then 4 channels of 4 x 4, of which 2 leave, then 8 channels of 2 x 2.
  using Pixels = Chain<Dequantize<64, UnitFibre<4, Mlp<64>>, 17, Given>, LevelMap<64, 17>, ActNorm<64>,
                       Checkers<1, 8, 0>, Checkers<1, 8, 1>>;
  using Quarters = Chain<Squeeze<1, 8, 8>, Repeat<3, Step<4, 4>>, Slice<64, 32, FlowFibre<Leaving>, Given>>;
  using Sixteenths = Chain<Squeeze<2, 4, 4>, Repeat<2, Step<8, 2>>>;
  using Digits = Flow<Pixels, Quarters, Sixteenths, StandardNormal<32>>;
};

struct Options {
  std::string conditional = "no", data = RHEO_EXAMPLE_DATA, out = "digits.png";
  int epochs = 80;
  std::uint64_t seed = 0;
};

/// 16 x 10 digits, 6 x 6 dots a pixel, ink on white.
void draw(const Batch<float>& x, const std::string& path) {
  io::Image image(16 * 54 + 6, 10 * 54 + 6);
  for (Index i = 0; i < 160; ++i) {
    for (Index j = 0; j < 64; ++j) {
      const auto grey = static_cast<std::uint8_t>(255 - 255 * static_cast<int>(x(i, j)) / 16);
      image.rect(static_cast<int>(6 + i % 16 * 54 + j % 8 * 6), static_cast<int>(6 + i / 16 * 54 + j / 8 * 6), 6, 6,
                 {grey, grey, grey});
    }
  }
  io::write_png(path, image);
}

/// Digits as the flow is given them: one hot, or nothing.
template <Index Given> Batch<float> context(const Column<float>& digit) {
  Batch<float> c = Batch<float>::Zero(digit.size(), Given);
  for (Index i = 0; i < c.rows() && Given > 0; ++i) c(i, static_cast<Index>(digit(i))) = 1;
  return c;
}

template <Index Given> void run(const Options& o) {
  const Batch<float> train = io::read_csv(o.data + "/optdigits_train.csv").values.cast<float>(),
                     pixels = train.leftCols(64);
  const Batch<float> test = io::read_csv(o.data + "/optdigits_test.csv").values.cast<float>(),
                     test_pixels = test.leftCols(64);
  const Batch<float> given = context<Given>(test.col(64));
  auto model = make_model<float>(typename Layers<Given>::Digits{}, Noise{o.seed});
  std::cout << model.parameters().size() << " parameters, " << train.rows() << " training rows\n";
  io::Progress progress;
  const auto fitted = fit(model, pixels, context<Given>(train.col(64)),
                          {.epochs = o.epochs,
                           .batch = 128,
                           .learning_rate = 1e-3,
                           .optimizer = adam_w(1.0),
                           .schedule = {Cosine{}},
                           .noise = Noise{o.seed}.fork(1),
                           .callback = [&](const EpochReport& e) { return progress(e), true; }});
  std::cout << to_string(fitted.status) << ", best epoch " << fitted.best_epoch << ", " << fitted.seconds << " s\n";
  const Estimate bound = bits_per_dimension(model.elbo(test_pixels, Noise{o.seed}.fork(2), given), 64);
  const Estimate closer =
      bits_per_dimension(model.log_prob_estimate(test_pixels, 20, Noise{o.seed}.fork(3), given).value, 64);
  std::cout << "test, " << test.rows() << " rows: at most " << bound.value << " +- " << bound.error
            << " bits per dimension (elbo), " << closer.value << " +- " << closer.error << " with 20 draws a row\n";

  const Index n = 1600;  // 160 of each digit in turn, 16 at a time
  Column<float> digit(n), right = Column<float>::Zero(n);
  for (Index i = 0; i < n; ++i) digit(i) = static_cast<float>(i / 16 % 10);
  const Batch<float> x = model.sample(n, Noise{o.seed}.fork(4), context<Given>(digit));
  draw(x, o.out);
  std::cout << "160 samples in " << o.out << '\n';
  if (Given == 0) return;
  for (Index i = 0; i < n; ++i) {
    Index nearest;
    (pixels.rowwise() - x.row(i)).square().rowwise().sum().minCoeff(&nearest);
    right(i) = train(nearest, 64) == digit(i) ? 1.0f : 0.0f;
  }
  const Estimate share = mean_and_error(right);
  std::cout << share.value << " +- " << share.error << " of " << n
            << " samples have a training row of their digit nearest\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  const bool understood = examples::read_options(argc, argv,
                                                 {{"--conditional", &o.conditional},
                                                  {"--epochs", &o.epochs},
                                                  {"--seed", &o.seed},
                                                  {"--data", &o.data},
                                                  {"--out", &o.out}});
  if (!understood || (o.conditional != "yes" && o.conditional != "no"))
    return std::cerr << "digits [--conditional yes|no] [--epochs N] [--seed N] [--data DIR] [--out FILE.png]\n", 2;
  return examples::guarded([&] { o.conditional == "yes" ? run<10>(o) : run<0>(o); });
}
