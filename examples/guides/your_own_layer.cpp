// SPDX-License-Identifier: MIT
// A surjection of your own: the plane folded N times about the origin, as in a crystal, certified and put into a flow.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>
#include <sstream>

#include <rheo/evaluation/certify.hpp>
#include <rheo/evaluation/metrics.hpp>
#include <rheo/flows/presets/coupling_flows.hpp>
#include <rheo/io/plot.hpp>
#include <rheo/layers/bijections/on.hpp>
#include <rheo/targets/table.hpp>
#include <rheo/training/fit.hpp>
#include <rheo/transformers/range.hpp>
using namespace rheo;

/// z = (radius squared, place within its sector); which of the N equal sectors it was is dropped, and drawn again with
/// probability 1/N each.  V = -log N + log abs det dz/dx = -log N + log(N / pi) = -log pi, exact.
template <int N> struct Rotations {
  static constexpr Index x_dim = 2, z_dim = 2, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::inference_surjection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<2> x_support = all_of<2>(Support::real), z_support{Support::positive, Support::unit};
  template <class T> using Cache = NoCache;
  static constexpr double sector = 2 * std::numbers::pi / N;

  template <class T> void encode(Pass<T, NoCache> p) const {
    using std::atan2, std::floor;
    for (Index i = 0; i < p.in.rows(); ++i) {
      const T x = p.in(i, 0), y = p.in(i, 1), turns = atan2(y, x) * T(1 / sector);
      p.out(i, 0) = x * x + y * y;
      p.out(i, 1) = turns - T(floor(autodiff::value_of(turns)));
      p.v(i) -= T(std::log(std::numbers::pi));
    }
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    for (Index i = 0; i < p.in.rows(); ++i) {
      const T x = p.in(i, 0), y = p.in(i, 1), g = T(2) * p.g_out(i, 0),
              g_angle = p.g_out(i, 1) / (T(sector) * (x * x + y * y));
      p.g_in(i, 0) = g * x - g_angle * y, p.g_in(i, 1) = g * y + g_angle * x;
    }
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    using std::cos, std::sin, std::sqrt;
    for (Index i = 0; i < p.in.rows(); ++i) {
      const T square = p.in(i, 0), place = p.in(i, 1), r = sqrt(square < T(0) ? T(0) : square);
      const T angle = (place + T(static_cast<double>(p.noise.index(i, 0, N)))) * T(sector);
      p.out(i, 0) = r * cos(angle), p.out(i, 1) = r * sin(angle);
      const bool inside = !(square < T(0)) && !(place < T(0)) && !(place > T(1));
      p.v(i) += inside ? T(-std::log(std::numbers::pi)) : T(-HUGE_VAL);
    }
  }
};

template <class F> io::Panel study(const char* name, F flow) {
  const auto& target = targets::find("eight_gaussians");
  auto model = make_model<float>(flow, Noise{1});
  fit(model, targets::eight_gaussians<float>(4000, Noise{2}), {.epochs = 15, .batch = 128, .learning_rate = 4e-3});
  const Estimate gap =
      gap_to_entropy(model.log_prob(targets::eight_gaussians<float>(20'000, Noise{3})), *target.entropy);
  std::cout << name << ": gap to the exact entropy " << gap.value << '\n';
  const Batch<float> x = io::grid_points({-6, 6, -6, 6}, 150, 150).cast<float>();
  return io::Panel::heat_map(name, model.log_prob(x).exp().template cast<double>().reshaped(150, 150));
}

int main() {
  std::ostringstream findings;  // std::cout << certify(...) prints them all, the last line says how many were kept
  findings << certify(Rotations<8>{});
  std::cout << findings.str().substr(findings.str().rfind('\n', findings.str().size() - 2) + 1);
  std::cout.precision(3);
  using Body = Couplings<2, 4, AffineCoupling<2, Mlp<32, 32>>>;
  using ToLine = Chain<On<2, Mask<1, 0>, range::Log>, On<2, Mask<0, 1>, range::Logit>>;
  const auto plain = study("RealNvp", Flow{Standardize<2>{}, Body{}, StandardNormal<2>{}});
  const auto folded =
      study("Rotations<8>", Flow{Rotations<8>{}, ToLine{}, Standardize<2>{}, Body{}, StandardNormal<2>{}});
  io::write_png("your_own_layer.png", io::thumbnail(io::draw_panels({plain, folded}, {-6, 6, -6, 6})));
}
