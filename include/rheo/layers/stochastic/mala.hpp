// SPDX-License-Identifier: MIT
// Mala: Langevin proposals with the accept test, in detailed balance with exp(-u).
//   Roberts and Tweedie 1996, Exponential convergence of Langevin distributions; as a layer: Hagemann et al. 2022,
//     arXiv:2109.11375,
//   section 4.
#pragma once

#include "rheo/math/kernel.hpp"

namespace rheo {

/// Steps moves y' = y - h u'(y) + sqrt(2h) eta, each accepted with probability min(1, exp(u(y) - u(y') + (|eta|^2 -
/// |eta_r|^2) / 2)), where eta_r is the noise of the move back;  V = u(z) - u(x).
///
/// Infinite and undefined energies, the report and the bias of the pull are as for Metropolis.
template <Energy E, Index Steps = 1, Learned Train = Learned::none>
class Mala : public Kernel<Mala<E, Steps, Train>, E, E::dim, Train> {
  static_assert(Steps > 0, "rheo: Mala wants at least one step");
  using Base = Kernel<Mala, E, E::dim, Train>;
  friend Base;
  static constexpr Index D = E::dim, uniform_at = (D + 1) / 2 * 2, width = uniform_at + 2;

 public:
  static constexpr bool biased_pulls = true;
  static constexpr Index draws = Steps * width;
  static constexpr Index encode_passes = Steps + 1, decode_passes = encode_passes;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  template <class T> struct Cache {
    math::PathWorkspace<E, T> energy;
    Buffer<unsigned char> accepted;  // n x Steps
    Buffer<T> y, reverse;            // before each move, and its eta_r, n x D Steps
  };

  /// step: h.
  explicit Mala(E e, double h = 0.05) : Base(std::move(e), h) {}

  template <class T> void weigh(CView<T> x, CView<T> z, ColView<T> v, Params<const T> theta) const {
    this->balance_pair(x, z, v, theta);
  }

  /// The draws, n x `draws`, with which the other direction goes this call's path back.
  template <class T> void reverse_draws(const Pass<T, Cache<T>>& p, View<T> table) const {
    const Index n = p.in.rows();
    View<T> reverse = p.cache.reverse.view(n, Steps * D);
    this->template reverse_moves<D>(p, p.cache.accepted.view(n, Steps), width, uniform_at, table,
                                    [&](Index i, Index k, Index j, T) { return reverse(i, k * D + j); });
  }

 private:
  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    using std::sqrt;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T h = this->step_of(p.theta), c = sqrt(T(2) * h);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto bits = p.cache.accepted.view(n, Steps);
    View<T> path = p.cache.y.view(n, Steps * D), reverse = p.cache.reverse.view(n, Steps * D);
    ColView<T> u_in = p.scratch.template column<T>(n), u = p.scratch.template column<T>(n),
               u_new = p.scratch.template column<T>(n);
    View<T> g = p.scratch.template take<T>(n, D), g_new = p.scratch.template take<T>(n, D),
            eta = p.scratch.template take<T>(n, D), y = p.scratch.template take<T>(n, D);
    View<T> out = p.out;
    copy(p.in, out);
    field.gradient(p.in, u, g);
    u_in = u;
    for (Index k = 0; k < Steps; ++k) {
      View<T> eta_r = columns(reverse, k * D, D);
      copy(out, columns(path, k * D, D));
      p.noise.normals(eta, k * width);
      for (Index j = 0; j < D; ++j) column(y, j) = column(out, j) - column(g, j) * h + column(eta, j) * c;
      field.gradient(read(y), u_new, g_new);
      for (Index j = 0; j < D; ++j)
        column(eta_r, j) = (column(g, j) + column(g_new, j)) * (T(0.5) * c) - column(eta, j);
      const auto log_ratio = [&](Index i) {
        T r = u(i) - u_new(i);
        for (Index j = 0; j < D; ++j) r += T(0.5) * (eta(i, j) - eta_r(i, j)) * (eta(i, j) + eta_r(i, j));
        return r;
      };
      this->choose(p, u, u_new, columns(bits, k, 1), k * width + uniform_at, log_ratio,
                   [&](Index i) { out.row(i) = y.row(i), g.row(i) = g_new.row(i); });
    }
    this->template balance<Encode, T>(p, u_in, u);
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    using std::sqrt;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T h = this->step_of(p.theta), c = sqrt(T(2) * h);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto bits = p.cache.accepted.view(n, Steps);
    const CView<T> path = read(p.cache.y.view(n, Steps * D));
    ColView<T> g_u = p.scratch.template column<T>(n);
    View<T> eta = p.scratch.template take<T>(n, D), g_g = p.scratch.template take<T>(n, D);
    T g_log_h(0), g_lambda(0);
    copy(p.g_out, p.g_in);
    g_u = p.g_v * T(math::ledger_sign<Encode>);
    field.value_pull(p.out, read(g_u), p.g_in, g_lambda, p.scratch);
    for (Index k = Steps; k-- > 0;) {
      const CView<T> y = columns(path, k * D, D), next = k + 1 < Steps ? columns(path, (k + 1) * D, D) : p.out;
      p.noise.normals(eta, k * width);
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < n; ++i) {
          g_g(i, j) = bits(i, k) ? -h * p.g_in(i, j) : T(0);
          if (bits(i, k))
            g_log_h += p.g_in(i, j) * (next(i, j) - y(i, j) - T(0.5) * c * eta(i, j));  // h d/dh of -h u' + c eta
        }
      }
      field.gradient_pull(y, read(g_g), p.g_in, g_lambda);
    }
    g_u = -g_u;
    field.value_pull(p.in, read(g_u), p.g_in, g_lambda, p.scratch);
    this->add_gradients(p.g_theta, g_log_h, g_lambda);
  }
};

}  // namespace rheo
