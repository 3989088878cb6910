// SPDX-License-Identifier: MIT
// A flow that zuko trained in Python (../import/save_zuko.py), in C++: its log-density to twelve digits, its samples,
// and a picture of it at three radii.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <rheo/io/import/zuko.hpp>
#include <rheo/io/plot.hpp>
using namespace rheo;

using Ring = io::zuko::Nsf<2, 1>;  // zuko.flows.NSF(features=2, context=1)

int main(int count, char** words) try {
  const auto model = io::from_zuko<Ring>(count > 1 ? words[1] : "../data/zuko_ring.safetensors");
  const Batch<double> x = (Batch<double>(1, 2) << 0.6, 0.8).finished();
  const auto radius = [](double r) -> Batch<double> { return Batch<double>::Constant(1, 1, r); };
  std::printf("log p(0.6, 0.8 given 1) = %.12f\n", model.log_prob(x, radius(1))(0));

  const io::Box box{-1.8, 1.8, -1.8, 1.8};
  std::vector<io::Panel> panels;
  for (const double r : {0.6, 1.0, 1.4}) {
    const auto draws = model.sample(10'000, Noise{1}, radius(r));
    std::printf("given %.1f: mean radius of 10000 draws %.3f\n", r, draws.square().rowwise().sum().sqrt().mean());
    const auto p = model.log_prob(io::grid_points(box, 90, 90), radius(r)).exp().eval();
    panels.push_back(io::Panel::heat_map("radius " + std::to_string(r).substr(0, 3), p.reshaped(90, 90)));
  }
  io::write_png("python_to_cpp.png", io::thumbnail(io::draw_panels(panels, box)));
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
