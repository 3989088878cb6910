// SPDX-License-Identifier: MIT
// The image density of Wu et al. 2020, arXiv:2002.06707, section 4, on a picture of our own: how far flows of 2 to 16
// couplings stay from it, with and without Metropolis moves between them.
//   snf_image [--steps N] [--samples N] [--seeds N]
//
// Settings of the authors: blocks of two couplings (snf_blocks.hpp), nets [64, 64, 64], splines of 20 bins; trained by
// example on 50000 draws, Adam 1e-3, batch 250, 2000 steps; ten moves of deviation 0.1 behind every block, at lambda =
// i / (blocks - 1), and here on the prior too; KL(picture || draws) of histograms of 50 x 50 cells, that of the picture
// exact, 500000 draws.  Fewer draws raise every KL by about 1250 / draws.
#include <iomanip>
#include <iostream>

#include "../../examples/command_line.hpp"
#include "snf_image/picture.hpp"

int main(int argc, char** argv) {
  snf::Settings s;
  int seeds = 1;
  const bool understood =
      examples::read_options(argc, argv, {{"--steps", &s.steps}, {"--samples", &s.samples}, {"--seeds", &seeds}});
  if (!understood || s.steps < 0 || s.samples < 1 || seeds < 1) {
    std::cerr << "snf_image [--steps N] [--samples N] [--seeds N]\n";
    return 2;
  }
  constexpr int blocks[] = {1, 2, 3, 4, 6, 8};
  const snf::Picture picture;
  const rheo::Noise seed{2002};
  const rheo::Batch<float> data = picture.sample(s.rows, seed.fork(0));
  std::cout << std::fixed << std::setprecision(3) << "KL of " << s.samples
            << " exact draws: " << picture.divergence(picture.sample(s.samples, seed.fork(1))) << '\n'
            << "| couplings | seed | flow | KL | with moves | nats by example | with moves | acceptance | seconds to "
               "train | with moves | to draw | with moves |\n"
            << "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
            << std::flush;
  int lower = 0, pairs = 0;
  for (int k = 0; k < seeds; ++k) {
    for (int n : blocks) {
      for (bool splines : {false, true}) {
        const auto run = splines ? snf::nsf : snf::real_nvp;
        const rheo::Noise noise =
            seed.fork(static_cast<std::uint64_t>(2 + k)).fork(static_cast<std::uint64_t>(2 * n + splines));
        const snf::Row plain = run(n, false, picture, data, noise, s), moved = run(n, true, picture, data, noise, s);
        lower += moved.divergence < plain.divergence, ++pairs;
        std::cout << "| " << 2 * n << " | " << k + 1 << " | " << (splines ? "NSF" : "RNVP");
        for (double snf::Row::*number : {&snf::Row::divergence, &snf::Row::nll})
          std::cout << " | " << plain.*number << " | " << moved.*number;
        std::cout << " | " << moved.acceptance;
        for (double snf::Row::*number : {&snf::Row::train_seconds, &snf::Row::sample_seconds})
          std::cout << " | " << plain.*number << " | " << moved.*number;
        std::cout << " |\n" << std::flush;
      }
    }
  }
  std::cout << "lower with moves in " << lower << " of " << pairs << '\n';
}
