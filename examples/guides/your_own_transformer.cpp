// SPDX-License-Identifier: MIT
// An elementwise map of one's own in a coupling: a slope on either side, for errors that are not symmetric, written as
// one lambda; held to the laws of layers, then fitted beside affine couplings.
#include <cmath>
#include <cstdio>
#include <iostream>

#include <rheo/evaluation/certify.hpp>
#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

/// Slope exp(2 tanh(a0 / 2)) far left, exp(2 tanh(a1 / 2)) far right: it increases for every a, and is x where all are
/// 0.
constexpr auto two_slopes = [](auto x, const auto& a) {
  using std::exp, std::log, std::tanh;
  const auto right = x > 0 ? x + 0.1 * log(1 + exp(-10 * x)) : 0.1 * log(1 + exp(10 * x));  // about max(x, 0)
  return exp(2 * tanh(0.5 * a[0])) * (x - right) + exp(2 * tanh(0.5 * a[1])) * right + a[2];
};
using TwoSlopes = Custom<3, decltype(two_slopes)>;

/// A measurement x2 of 0 whose errors downwards and upwards, exp(+-0.7 x1), go with x1: 2.838 nats of entropy.
Batch<double> measured(Index n, Noise noise) {
  Batch<double> x(n, 2);
  noise.normals(view(x));
  x.col(1) *= (x.col(1) < 0).select(0.7 * x.col(0), -0.7 * x.col(0)).exp();
  return x;
}

template <class Layer> Batch<double> fitted(const char* name, const Batch<double>& train, const Batch<double>& fresh) {
  auto model = make_model<double>(Flow{Repeat<2, Chain<Layer, Flip<2>>>{}, StandardNormal<2>{}}, Noise{3});
  fit(model, train, {.epochs = 10, .batch = 256, .learning_rate = 1e-2, .schedule = {Cosine{}}});
  std::printf("%-10s mean log p of fresh rows %.3f, at most -2.838\n", name, model.log_prob(fresh).mean());
  return model.sample(3000, Noise{4});
}

int main() {
  std::size_t kept = 0;
  const auto laws = certify(Elementwise<1, TwoSlopes>{});
  for (const Finding& f : laws) kept += f.passed();
  if (kept < laws.size()) std::cout << laws;
  std::printf("laws kept: %zu of %zu\n", kept, laws.size());

  const auto train = measured(8000, Noise{1}), fresh = measured(20'000, Noise{2});
  const auto ours = fitted<Coupling<2, TwoSlopes, Mlp<16, 16>>>("two slopes", train, fresh);
  const auto affine = fitted<AffineCoupling<2, Mlp<16, 16>>>("affine", train, fresh);
  using io::Panel;
  const io::Image image = io::draw_panels({Panel::scatter("data", fresh.topRows(3000)),
                                           Panel::scatter("two slopes", ours), Panel::scatter("affine", affine)},
                                          {-4, 4, -4, 4});
  io::write_png("your_own_transformer.png", io::thumbnail(image));
}
