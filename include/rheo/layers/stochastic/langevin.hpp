// SPDX-License-Identifier: MIT
// Langevin: overdamped Langevin moves without an accept test; V carries what they are off.
//   Ermak and Yeh 1974; as a layer: Wu et al. 2020, arXiv:2002.06707, eqs. 14-16.
#pragma once

#include "rheo/math/kernel.hpp"

namespace rheo {

/// Steps moves y' = y - h u'(y) + sqrt(2h) eta, both ways;  V = +-sum (|eta|^2 - |eta_r|^2) / 2, + for encode, where
/// eta_r = (y - y' + h u'(y')) / sqrt(2h) is the noise of the move back.  Exact for any h; alone it leaves exp(-u) with
/// a bias of order h.
///
/// A row whose path leaves the finite numbers (h beyond the stability of the step) is put back where it began, its v is
/// -inf in encode, +inf in decode (weight 0), its pull 0, and it counts as `invalid`.  NaN in, NaN out.
template <Energy E, Index Steps = 1, Learned Train = Learned::none>
class Langevin : public Kernel<Langevin<E, Steps, Train>, E, E::dim, Train> {
  static_assert(Steps > 0, "rheo: Langevin wants at least one step");
  using Base = Kernel<Langevin, E, E::dim, Train>;
  friend Base;
  static constexpr Index D = E::dim, width = (D + 1) / 2 * 2;

 public:
  static constexpr bool smooth = true;  ///< where the energy is
  static constexpr Index draws = Steps * width;
  static constexpr Index encode_passes = Steps + 1, decode_passes = encode_passes;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  template <class T> struct Cache {
    math::PathWorkspace<E, T> energy;
    Buffer<T> y, g,
        reverse;  // states and u' before each move and after the last, n x D (Steps + 1); eta_r, n x D Steps
    Buffer<unsigned char> lost;
  };

  /// step: h.
  explicit Langevin(E e, double h = 0.01) : Base(std::move(e), h) {}

  /// v += V of pairs, n x dim each: a single move is known from its ends.
  template <class T>
  void weigh(CView<T> x, CView<T> z, ColView<T> v, Params<const T> theta) const requires(Steps == 1) {
    math::PathWorkspace<E, T> w;
    const Index n = x.rows();
    Batch<T> g_x(n, D), g_z(n, D);
    Column<T> u(n);
    const T h = this->step_of(theta);
    const auto field = this->energy_at(theta, w);
    field.gradient(x, ColView<T>(u.data(), n), view(g_x));
    field.gradient(z, ColView<T>(u.data(), n), view(g_z));
    for (Index j = 0; j < D; ++j) {
      v +=
          (column(z, j) - column(x, j) + (g_x.col(j) - g_z.col(j)) * (T(0.5) * h)) * (g_x.col(j) + g_z.col(j)) * T(0.5);
    }
  }

  /// The draws, n x `draws`, with which the other direction goes this call's path back.
  template <class T> void reverse_draws(const Pass<T, Cache<T>>& p, View<T> table) const {
    View<T> reverse = p.cache.reverse.view(p.in.rows(), Steps * D);
    for (Index k = 0; k < Steps; ++k) copy(columns(reverse, k * D, D), columns(table, (Steps - 1 - k) * width, D));
  }

 private:
  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    using std::sqrt;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T h = this->step_of(p.theta), c = sqrt(T(2) * h);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    View<T> path = p.cache.y.view(n, (Steps + 1) * D), gradients = p.cache.g.view(n, (Steps + 1) * D),
            reverse = p.cache.reverse.view(n, Steps * D);
    ColView<T> u = p.scratch.template column<T>(n), gained = p.scratch.template column<T>(n);
    View<T> eta = p.scratch.template take<T>(n, D);
    gained.setZero();
    copy(p.in, columns(path, 0, D));
    field.gradient(p.in, u, columns(gradients, 0, D));
    for (Index k = 0; k < Steps; ++k) {
      View<T> y = columns(path, k * D, D), y_next = columns(path, (k + 1) * D, D), g = columns(gradients, k * D, D),
              g_next = columns(gradients, (k + 1) * D, D), eta_r = columns(reverse, k * D, D);
      p.noise.normals(eta, k * width);
      for (Index j = 0; j < D; ++j) column(y_next, j) = column(y, j) - column(g, j) * h + column(eta, j) * c;
      field.gradient(read(y_next), u, g_next);
      for (Index j = 0; j < D; ++j) {
        ColView<T> push = column(eta_r, j);  // eta + eta_r: the difference of their squares would cancel at small steps
        push = (column(g, j) + column(g_next, j)) * (T(0.5) * c);
        gained += push * (column(eta, j) - push * T(0.5));
        push -= column(eta, j);
      }
    }
    copy(columns(path, Steps * D, D), p.out);
    math::settle<Encode, T>(p, gained, p.cache.lost.view(n, 1));
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    using std::sqrt;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T h = this->step_of(p.theta), c = sqrt(T(2) * h);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto lost = p.cache.lost.view(n, 1);
    View<T> path = p.cache.y.view(n, (Steps + 1) * D), gradients = p.cache.g.view(n, (Steps + 1) * D),
            reverse = p.cache.reverse.view(n, Steps * D);
    View<T> eta = p.scratch.template take<T>(n, D), g_g = p.scratch.template take<T>(n, D);
    T g_log_h(0), g_lambda(0);
    copy(p.g_out, p.g_in);
    for (Index j = 0; j < D; ++j) column(g_g, j).setZero();
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; lost(i, 0) && j < D; ++j) p.g_in(i, j) = T(0);
    }
    for (Index k = Steps; k-- > 0;) {
      View<T> g = columns(gradients, k * D, D), g_next = columns(gradients, (k + 1) * D, D),
              eta_r = columns(reverse, k * D, D);
      p.noise.normals(eta, k * width);
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < n; ++i) {
          if (!lost(i, 0))
            g_g(i, j) -=
                T(0.5 * math::ledger_sign<Encode>) * c * p.g_v(i) * eta_r(i, j);  // of u'(y_(k+1)), through eta_r
        }
      }
      field.gradient_pull(read(columns(path, (k + 1) * D, D)), read(g_g), p.g_in, g_lambda);
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < n; ++i) {
          if (lost(i, 0)) continue;
          const T a = -T(math::ledger_sign<Encode>) * p.g_v(i) * eta_r(i, j), G = p.g_in(i, j);
          g_g(i, j) = T(0.5) * c * a - h * G;
          g_log_h += T(0.25) * c * a * (g(i, j) + g_next(i, j)) + G * (T(0.5) * c * eta(i, j) - h * g(i, j));
        }
      }
    }
    field.gradient_pull(p.in, read(g_g), p.g_in, g_lambda);
    this->add_gradients(p.g_theta, g_log_h, g_lambda);
  }
};

}  // namespace rheo
