// SPDX-License-Identifier: MIT
// A variational autoencoder on 8 x 8 digits of black and white: bounds on the log-probability of the test rows; digits,
// what their codes decode to, and new ones, as a PNG.
//   vae [--epochs N] [--seed N] [--data DIR] [--out FILE.png]
#include <iostream>
#include <string>

#include <rheo/io/csv.hpp>
#include <rheo/io/png.hpp>
#include <rheo/io/progress.hpp>
#include <rheo/rheo.hpp>

#include "command_line.hpp"
using namespace rheo;

namespace {

constexpr Index latents = 10, across = 20;
using Digits = presets::BitVae<64, latents, MlpOf<Silu, 128, 128>>;

Batch<float> bits(const std::string& path) { return (io::read_csv(path).values.leftCols(64) >= 8).cast<float>(); }

/// The mean of what codes decode to: the decoder's probabilities, up to 1 / 16.
Batch<float> shades(const Model<Digits, float>& model, const Batch<float>& z, Noise noise) {
  Batch<float> mean = Batch<float>::Zero(z.rows(), 64);
  for (std::uint64_t k = 0; k < 256; ++k) mean += model.decode(z, noise.fork(k)) / 256;
  return mean;
}

void run(int epochs, Noise noise, const std::string& data, const std::string& out) {
  const Batch<float> train = bits(data + "/optdigits_train.csv"), test = bits(data + "/optdigits_test.csv");
  auto model = make_model<float>(Digits{}, noise.fork(0));
  io::Progress progress;
  const auto fitted = fit(model, train,
                          {.epochs = epochs,
                           .batch = 128,
                           .learning_rate = 2e-3,
                           .schedule = {Cosine{}},
                           .noise = noise.fork(1),
                           .callback = [&](const EpochReport& e) { return progress(e), true; }});
  progress.finish();
  const Estimate elbo = mean_and_error(model.elbo(test, noise.fork(2))),
                 closer = mean_and_error(model.log_prob_estimate(test, 100, noise.fork(3)).value);
  std::cout << to_string(fitted.status) << " after " << fitted.seconds << " s; mean log p of " << test.rows()
            << " test rows, in nats: at least " << elbo.value << " +- " << elbo.error << " (elbo), " << closer.value
            << " +- " << closer.error << " (100 draws a row)\n";

  Batch<float> z(4 * across, latents);
  noise.fork(4).normals(view(z));
  const Batch<float> shown = test.topRows(2 * across),
                     again = shades(model, model.encode(shown, noise.fork(5)), noise.fork(6)),
                     fresh = shades(model, z, noise.fork(7));
  io::Image image(across * 54 + 6, 8 * 54 + 6);
  for (Index i = 0; i < 8 * across;
       ++i) {  // two rows of digits, each with what became of it below, then four of new ones
    const Index line = i / across, k = line / 2 * across + i % across;
    const auto digit = line >= 4 ? fresh.row(i - 4 * across) : line % 2 ? again.row(k) : shown.row(k);
    for (Index j = 0; j < 64; ++j) {
      const auto grey = static_cast<std::uint8_t>(255 - 255 * digit(j));
      image.rect(static_cast<int>(6 + i % across * 54 + j % 8 * 6), static_cast<int>(6 + line * 54 + j / 8 * 6), 6, 6,
                 {grey, grey, grey});
    }
  }
  io::write_png(out, image);
  std::cout << "digits, reconstructions, new digits in " << out << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  std::string data = RHEO_EXAMPLE_DATA, out = "vae.png";
  int epochs = 150;
  std::uint64_t seed = 0;
  if (!examples::read_options(argc, argv,
                              {{"--epochs", &epochs}, {"--seed", &seed}, {"--data", &data}, {"--out", &out}}))
    return std::cerr << "vae [--epochs N] [--seed N] [--data DIR] [--out FILE.png]\n", 2;
  return examples::guarded([&] { run(epochs, Noise{seed}, data, out); });
}
