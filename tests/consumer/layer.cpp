// SPDX-License-Identifier: MIT
// A user's layer among the library's, from rheo/core/layer.hpp alone: sampled, scored, differentiated and trained.
#include <cmath>
#include <cstdio>
#include <rheo/rheo.hpp>

using namespace rheo;

/// Drops the last coordinate, whose conditional is N(m, e^2r): an inference surjection from D to D - 1 coordinates.
template <Index D> struct DropLast {
  static constexpr Index x_dim = D, z_dim = D - 1, context_dim = 0, param_count = 2, buffer_count = 0;
  static constexpr Kind kind = Kind::inference_surjection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<x_dim> x_support = all_of<x_dim>(Support::real);
  static constexpr Supports<z_dim> z_support = all_of<z_dim>(Support::real);
  template <class T> using Cache = NoCache;
  template <class P> static auto unpack(P p) { return p.vector(2, "mean_and_log_scale"); }

  template <class T> void encode(Pass<T, NoCache> p) const {
    copy(columns(p.in, 0, z_dim), p.out);
    add_v(column(p.in, z_dim), p.v, unpack(p.theta));
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    using std::exp;
    const auto a = unpack(p.theta);
    auto g_a = unpack(p.g_theta);
    const T shrink = exp(-a(1));
    const Column<T> e = (column(p.in, z_dim) - a(0)) * shrink;
    copy(p.g_out, columns(p.g_in, 0, z_dim));
    column(p.g_in, z_dim) = -e * shrink * p.g_v;
    g_a(0) += (e * p.g_v).sum() * shrink;
    g_a(1) += ((e.square() - T(1)) * p.g_v).sum();
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    using std::exp;
    const auto a = unpack(p.theta);
    copy(p.in, columns(p.out, 0, z_dim));
    p.noise.normals(columns(p.out, z_dim, 1));
    column(p.out, z_dim) = a(0) + column(p.out, z_dim) * T(exp(a(1)));
    add_v(read(column(p.out, z_dim)), p.v, a);
  }

 private:
  template <class T, class A> static void add_v(CColView<T> x, ColView<T> v, const A& a) {
    using std::exp;
    v -= T(0.5) * ((x - a(0)) * T(exp(-a(1)))).square() + (a(1) + T(half_log_two_pi));
  }
};

int check(bool right, const char* what) {
  if (!right) std::printf("wrong: %s\n", what);
  return right ? 0 : 1;
}

int main() {
  int faults = 0;
  auto model = make_model<double>(Flow{AffineCoupling<3, Mlp<8>>{}, DropLast<3>{}, StandardNormal<2>{}}, Noise{2});
  model.parameters() += 0.1;

  // What sampling says of its draws is what log_prob says, and the score is the slope of log_prob.
  const auto drawn = model.sample_and_log_prob(20, Noise{3});
  faults += check((model.log_prob(drawn.x) - drawn.log_prob).abs().maxCoeff() < 1e-12, "log_prob of samples");
  const double h = 1e-5;
  Batch<double> above = drawn.x, below = drawn.x;
  above.col(2) += h;
  below.col(2) -= h;
  const Column<double> slope = (model.log_prob(above) - model.log_prob(below)) / (2 * h);
  faults += check((model.score(drawn.x).col(2) - slope).abs().maxCoeff() < 1e-7, "score");
  const auto fitted = fit(model, drawn.x, {.epochs = 2, .batch = 10});
  faults += check(fitted.history.size() == 2, "fit");
  return faults;
}
