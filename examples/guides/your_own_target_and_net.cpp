// SPDX-License-Identifier: MIT
// A target and a net of one's own: a particle in a ring-shaped trap under a tilt, energy and gradient by hand, and a
// flow whose couplings take their parameters from a net of fixed bumps, values and pulls by hand.
#include <cmath>
#include <cstdio>

#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

/// u(x) = (|x|^2 - 4)^2 / 2 + tilt x1.
struct RingTrap {
  static constexpr Index dim = 2;
  template <class T> using Workspace = NoWorkspace;
  double tilt = 0.5;

  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    u = T(0.5) * (x.square().rowwise().sum() - T(4)).square() + T(tilt) * x.col(0);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index j = 0; j < 2; ++j) g.col(j) = T(2) * (x.square().rowwise().sum() - T(4)) * x.col(j) + T(j ? 0 : tilt);
  }
};

/// out = b + sum over inputs and centres of W exp(-t^2 / 2), t = in / spacing - centre: linear in what it learns.
template <Index Centres> struct Bumps {
  template <Index In, Index Out, Index C = 0> struct net {
    static constexpr Index width = In * Centres, param_count = (width + 1) * Out;
    static constexpr bool smooth = true;
    static constexpr double spacing = 6.0 / (Centres - 1), first = -3 / spacing;  // from -3 to 3
    template <class T> struct Cache { Buffer<T> t, bumps; };                      // n x width each, for the pull

    template <class P> static auto unpack(P p) { return std::pair{p.matrix(width, Out, "W"), p.vector(Out, "b")}; }
    template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }
    template <class T> void map(NetPass<T, Cache<T>> p) const {
      const auto [W, b] = unpack(p.theta);
      View<T> t = p.cache.t.view(p.in.rows(), width), h = p.cache.bumps.view(p.in.rows(), width);
      for (Index k = 0; k < width; ++k) t.col(k) = p.in.col(k % In) / T(spacing) - T(first + double(k / In));
      h = (T(-0.5) * t.square()).exp();
      p.out.matrix().noalias() = h.matrix() * W.matrix();
      for (Index j = 0; j < Out; ++j) p.out.col(j) += b(j);
    }
    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      const auto W = unpack(p.theta).first;
      auto [g_W, g_b] = unpack(p.g_theta);
      const View<T> t = p.cache.t.view(p.in.rows(), width), h = p.cache.bumps.view(p.in.rows(), width);
      g_W.matrix().noalias() += h.matrix().transpose() * p.g_out.matrix();
      for (Index j = 0; j < Out; ++j) g_b(j) += p.g_out.col(j).sum();
      Arena::Scope scope(p.scratch);
      View<T> g_h = p.scratch.template take<T>(p.in.rows(), width);
      g_h.matrix().noalias() = p.g_out.matrix() * W.matrix().transpose();
      p.g_in.setZero();
      for (Index k = 0; k < width; ++k) p.g_in.col(k % In) -= g_h.col(k) * h.col(k) * t.col(k) / T(spacing);
    }
  };
};

int main() {
  const RingTrap trap;
  using Step = Chain<Coupling<2, RationalQuadraticSpline<8>, Bumps<9>>, Flip<2>>;
  auto model = make_model<double>(Flow{Repeat<6, Step>{}, StandardNormal<2>{}}, Noise{1});
  fit_energy(model, trap, {.steps = 600, .batch = 256, .learning_rate = 2e-2, .schedule = {Cosine{}}});

  const io::Box box{-3.6, 3.6, -3.6, 3.6};
  const auto grid = io::grid_points(box, 120, 120);
  const Column<double> density = (-energy_values(trap, grid)).exp();
  const double z = density.sum() * (7.2 / 120) * (7.2 / 120);
  const auto s = weighted_sample(model, trap, 20'000, Noise{2});
  const Estimate estimate = log_z(s.log_w), mean = expectation(s.x.col(0), s.log_w);
  const double exact = (density * grid.col(0)).sum() / density.sum();
  std::printf("effective share of the draws %.2f\n", effective_sample_size(s.log_w) / 20'000);
  std::printf("log Z %.3f +- %.3f, by a grid %.3f\n", estimate.value, estimate.error, std::log(z));
  std::printf("mean x1 %.2f +- %.2f, by a grid %.2f\n", mean.value, mean.error, exact);
  const auto panel = [](auto name, const Column<double>& p) { return io::Panel::heat_map(name, p.reshaped(120, 120)); };
  const io::Image image =
      io::draw_panels({panel("the trap", density / z), panel("the flow", model.log_prob(grid).exp())}, box);
  io::write_png("your_own_target_and_net.png", io::thumbnail(image));
}
