// SPDX-License-Identifier: MIT
// What long work shows: the time left of a fit and a sampler, the losses as a picture, samples against the data.
#include <iostream>
#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

using Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>;

int main() {
  io::Progress progress;  // on a terminal one line, in a log the first, the last and one each ten seconds
  auto data = targets::moons<double>(10'000, Noise{1});
  auto model = make_model<double>(Flow{Standardize<2>{}, Repeat<8, Step>{}, StandardNormal<2>{}}, Noise{2});
  auto fitted = fit(model, data, {.epochs = 20, .batch = 512, .learning_rate = 4e-3, .callback = std::ref(progress)});
  progress.finish();
  io::plot_fit("fit.png", fitted);

  Batch<double> samples(40'000, 2);
  io::Progress sampling("sampling", samples.rows());
  for (Index i = 0; i < samples.rows(); i += 1000) {
    samples.middleRows(i, 1000) = model.sample(1000, Noise{3}.from_row(i));
    sampling.tick(1000);
  }
  io::plot_corner("corner.png", data, samples, {.names = {"x", "y"}, .first = "moons"});
  std::cout << "fit.png, corner.png\n";
}
