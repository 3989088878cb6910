// SPDX-License-Identifier: MIT
// 8 x 8 digits of 17 grey levels: dequantization, then a multi-scale flow of couplings; bits per dimension on the test rows, samples as a PNG.
//   digits [--dequantization variational|uniform] [--epochs N] [--seed N] [--data DIR] [--out FILE.png]
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include <rheo/io/csv.hpp>
#include <rheo/io/png.hpp>
#include <rheo/io/progress.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

namespace {

using Net = MlpOf<Silu, 96, 96>;
template <Index C, Index W, Index P> using Checkers = AffineCoupling<C * W * W, Net, 0, BoundedExp, CheckerboardMask<C, W, W, P>>;
template <Index C, Index W, Index P> using Channels = AffineCoupling<C * W * W, Net, 0, BoundedExp, ChannelMask<C, W, W, P>>;
/// Glow's step on C channels of W x W places, both halves of the channels in turn.
template <Index C, Index W> using Step = Chain<ActNorm<C * W * W>, Conv1x1<C, W, W>, Channels<C, W, 0>, Channels<C, W, 1>>;

// Pixels, then 4 channels of 4 x 4, then 16 of 2 x 2; half of the coordinates may leave the flow between two scales.
using Pixels = Chain<ActNorm<64>, Checkers<1, 8, 0>, Checkers<1, 8, 1>>;
using Quarters = Chain<Squeeze<1, 8, 8>, Repeat<3, Step<4, 4>>>;
using Sixteenths = Chain<Squeeze<4, 4, 4>, Repeat<2, Step<16, 2>>>;
template <class Fibre> using Digits = Flow<Dequantize<64, Fibre, 17>, LevelMap<64, 17>, Pixels, Quarters, Sixteenths, StandardNormal<64>>;
using Variational = UnitFibre<4, Mlp<64>>;

struct Options {
  std::string dequantization = "variational", data = RHEO_EXAMPLE_DATA, out = "digits.png";
  int epochs = 80;
  std::uint64_t seed = 0;
};

/// 16 x 10 digits, 6 x 6 dots a pixel, ink on white.
void draw(const Batch<float>& x, const std::string& path) {
  io::Image image(16 * 54 + 6, 10 * 54 + 6);
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < 64; ++j) {
      const auto grey = static_cast<std::uint8_t>(255 - 255 * static_cast<int>(x(i, j)) / 16);
      image.rect(static_cast<int>(6 + i % 16 * 54 + j % 8 * 6), static_cast<int>(6 + i / 16 * 54 + j / 8 * 6), 6, 6, {grey, grey, grey});
    }
  }
  io::write_png(path, image);
}

template <class Fibre> void run(const Options& o) {
  const Batch<float> train = io::read_csv(o.data + "/optdigits_train.csv").values.leftCols(64).cast<float>();
  const Batch<float> test = io::read_csv(o.data + "/optdigits_test.csv").values.leftCols(64).cast<float>();
  auto model = make_model<float>(Digits<Fibre>{}, Noise{o.seed});
  std::cout << model.parameters().size() << " parameters, " << train.rows() << " training rows, " << o.dequantization << " dequantization\n";
  io::Progress progress;
  const auto fitted = fit(model, train, {.epochs = o.epochs, .batch = 128, .learning_rate = 1e-3, .optimizer = adam_w(1.0), .schedule = {Cosine{}},
                                         .noise = Noise{o.seed}.fork(1), .callback = [&](const EpochReport& e) { return progress(e), true; }});
  std::cout << to_string(fitted.status) << ", best epoch " << fitted.best_epoch << ", " << fitted.seconds << " s\n";
  const Estimate bound = bits_per_dimension(model.elbo(test, Noise{o.seed}.fork(2)), 64);
  const Estimate closer = bits_per_dimension(model.log_prob_estimate(test, 20, Noise{o.seed}.fork(3)).value, 64);
  std::cout << "test, " << test.rows() << " rows: at most " << bound.value << " +- " << bound.error << " bits per dimension (elbo), " << closer.value << " +- "
            << closer.error << " with 20 draws a row\n";
  draw(model.sample(160, Noise{o.seed}.fork(4)), o.out);
  std::cout << "160 samples in " << o.out << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--dequantization") o.dequantization = argv[i + 1];
    else if (name == "--epochs") o.epochs = std::atoi(argv[i + 1]);
    else if (name == "--seed") o.seed = static_cast<std::uint64_t>(std::atoll(argv[i + 1]));
    else if (name == "--data") o.data = argv[i + 1];
    else if (name == "--out") o.out = argv[i + 1];
    else argc = 0;
  }
  if (argc % 2 == 0 || (o.dequantization != "variational" && o.dequantization != "uniform")) {
    std::cerr << "digits [--dequantization variational|uniform] [--epochs N] [--seed N] [--data DIR] [--out FILE.png]\n";
    return 2;
  }
  try {
    o.dequantization == "uniform" ? run<Fixed<Uniform>>(o) : run<Variational>(o);
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
