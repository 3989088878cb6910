// SPDX-License-Identifier: MIT
// Metropolis: random-walk moves with the accept test, in detailed balance with exp(-u).
//   Metropolis et al. 1953, Equation of state calculations; as a layer: Wu et al. 2020, arXiv:2002.06707, eq. 13.
#pragma once

#include "rheo/math/kernel.hpp"

namespace rheo {

/// Steps moves y' = y + step * N(0, I), each accepted with probability min(1, exp(u(y) - u(y'))), both ways;  V = u(z)
/// - u(x), whatever the path between, for any energy and any step.  u needs values alone, for pulls its gradient too.
///
/// A proposal of infinite or undefined energy is rejected; from u = +inf every finite one is accepted, and the path
/// weighs 0.  A row that begins at an energy of NaN or -inf stays, has v = NaN and counts as `invalid`.  The report has
/// the moves proposed and accepted. The pull holds the accept bits constant: exact for the numbers at frozen noise, but
/// biased as an estimate of the gradient of a mean.
template <ValueEnergy E, Index Steps = 1, Learned Train = Learned::none>
class Metropolis : public Kernel<Metropolis<E, Steps, Train>, E, E::dim, Train> {
  static_assert(Steps > 0, "rheo: Metropolis wants at least one step");
  using Base = Kernel<Metropolis, E, E::dim, Train>;
  friend Base;
  static constexpr Index D = E::dim, uniform_at = (D + 1) / 2 * 2,
                         width = uniform_at + 2;  // a uniform in a block of its own

 public:
  static constexpr bool biased_pulls = true;
  static constexpr Index draws = Steps * width;  ///< columns of noise that a row reads
  static constexpr Index encode_passes = Steps + 1, decode_passes = encode_passes;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  template <class T> struct Cache {
    math::PathWorkspace<E, T> energy;
    Buffer<unsigned char> accepted;  // n x Steps
  };

  /// step: the deviation of a proposal, a coordinate.
  explicit Metropolis(E e, double deviation = 0.25) : Base(std::move(e), deviation) {}

  /// v += V of pairs, n x dim each.
  template <class T> void weigh(CView<T> x, CView<T> z, ColView<T> v, Params<const T> theta) const {
    this->balance_pair(x, z, v, theta);
  }

  /// The draws, n x `draws`, with which the other direction goes this call's path back.
  template <class T> void reverse_draws(const Pass<T, Cache<T>>& p, View<T> table) const {
    this->template reverse_moves<D>(p, p.cache.accepted.view(p.in.rows(), Steps), width, uniform_at, table,
                                    [](Index, Index, Index, T drawn) { return -drawn; });
  }

 private:
  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T deviation = this->step_of(p.theta);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto bits = p.cache.accepted.view(n, Steps);
    ColView<T> u_in = p.scratch.template column<T>(n), u = p.scratch.template column<T>(n),
               u_new = p.scratch.template column<T>(n);
    View<T> y = p.scratch.template take<T>(n, D);
    View<T> out = p.out;
    copy(p.in, out);
    field.value(p.in, u);
    u_in = u;
    for (Index k = 0; k < Steps; ++k) {
      p.noise.normals(y, k * width);
      for (Index j = 0; j < D; ++j) column(y, j) = column(y, j) * deviation + column(out, j);
      field.value(read(y), u_new);
      this->choose(
          p, u, u_new, columns(bits, k, 1), k * width + uniform_at, [&](Index i) { return u(i) - u_new(i); },
          [&](Index i) { out.row(i) = y.row(i); });
    }
    this->template balance<Encode, T>(p, u_in, u);
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T deviation = this->step_of(p.theta);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto bits = p.cache.accepted.view(n, Steps);
    ColView<T> g_u = p.scratch.template column<T>(n);
    View<T> eta = p.scratch.template take<T>(n, D);
    T g_step(0), g_lambda(0);
    copy(p.g_out, p.g_in);
    g_u = p.g_v * T(math::ledger_sign<Encode>);
    field.value_pull(p.out, read(g_u), p.g_in, g_lambda, p.scratch);
    for (Index k = 0; learns_step(Train) && k < Steps; ++k) {
      p.noise.normals(eta, k * width);
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < n; ++i) g_step += bits(i, k) ? p.g_in(i, j) * eta(i, j) : T(0);
      }
    }
    g_u = -g_u;
    field.value_pull(p.in, read(g_u), p.g_in, g_lambda, p.scratch);
    this->add_gradients(p.g_theta, T(g_step * deviation), g_lambda);
  }
};

}  // namespace rheo
