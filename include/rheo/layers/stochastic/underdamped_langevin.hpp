// SPDX-License-Identifier: MIT
// UnderdampedLangevin: positions and velocities under a force, friction and noise, without an accept test; V carries
// what they are off.
//   Brünger, Brooks and Karplus 1984; as a layer: Wu et al. 2020, arXiv:2002.06707, eqs. 17-20 and appendix (mass and
//     temperature 1).
#pragma once

#include "rheo/math/kernel.hpp"
#include "rheo/math/leapfrog.hpp"

namespace rheo {

/// Rows are (q, v), 2 dim columns.  decode makes Steps steps of rheo/math/leapfrog.hpp, encode the same with the
/// velocities turned round before and after;  V = +-sum (|e1|^2 + |e2|^2 - |r1|^2 - |r2|^2) / 2, + for encode, where r1
/// = e2 - r v' and r2 = e1 - r v are the noises of the step back.  Exact for any h; alone it leaves exp(-u(q) - |v|^2 /
/// 2) with a bias of order h^2.
///
/// Augment and Slice by StandardNormal<dim> lay velocities beside positions and take them off (rheo/flows/moves.hpp).
/// Rows that leave the finite numbers are as for Langevin.
template <Energy E, Index Steps = 1, Learned Train = Learned::none>
class UnderdampedLangevin : public Kernel<UnderdampedLangevin<E, Steps, Train>, E, 2 * E::dim, Train> {
  static_assert(Steps > 0, "rheo: UnderdampedLangevin wants at least one step");
  using Base = Kernel<UnderdampedLangevin, E, 2 * E::dim, Train>;
  friend Base;
  static constexpr Index D = E::dim, even = (D + 1) / 2 * 2, width = 2 * even;

 public:
  static constexpr bool smooth = true;
  static constexpr Index draws = Steps * width;
  static constexpr Index encode_passes = Steps + 1, decode_passes = encode_passes;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  template <class T> struct Cache {
    math::PathWorkspace<E, T> energy;
    Buffer<T> q, v, g, reverse;  // before each step and after the last, n x D (Steps + 1); r1 and r2, n x 2 D Steps
    Buffer<unsigned char> lost;
  };
  double friction;

  /// step: h, friction in 1 / time.  Throws std::invalid_argument for a friction that is not positive.
  explicit UnderdampedLangevin(E e, double h = 0.1, double gamma = 1.0) : Base(std::move(e), h), friction(gamma) {
    if (!(gamma > 0) || !std::isfinite(gamma))
      detail::fail("UnderdampedLangevin: friction must be positive and finite");
  }

  /// The draws, n x `draws`, with which the other direction goes this call's path back.
  template <class T> void reverse_draws(const Pass<T, Cache<T>>& p, View<T> table) const {
    View<T> reverse = p.cache.reverse.view(p.in.rows(), Steps * 2 * D);
    for (Index k = 0; k < Steps; ++k) {
      for (Index half = 0; half < 2; ++half)
        copy(columns(reverse, (2 * k + half) * D, D), columns(table, (Steps - 1 - k) * width + half * even, D));
    }
  }

 private:
  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T turn = Encode ? T(-1) : T(1);
    const math::Leapfrog<T> leap(this->step_of(p.theta), friction);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    View<T> qs = p.cache.q.view(n, (Steps + 1) * D), vs = p.cache.v.view(n, (Steps + 1) * D),
            gs = p.cache.g.view(n, (Steps + 1) * D), reverse = p.cache.reverse.view(n, Steps * 2 * D);
    ColView<T> u = p.scratch.template column<T>(n), gained = p.scratch.template column<T>(n);
    View<T> e1 = p.scratch.template take<T>(n, D), e2 = p.scratch.template take<T>(n, D);
    gained.setZero();
    copy(columns(p.in, 0, D), columns(qs, 0, D));
    for (Index j = 0; j < D; ++j) column(vs, j) = column(p.in, D + j) * turn;
    field.gradient(columns(p.in, 0, D), u, columns(gs, 0, D));
    for (Index k = 0; k < Steps; ++k) {
      View<T> v = columns(vs, k * D, D), q_next = columns(qs, (k + 1) * D, D), v_next = columns(vs, (k + 1) * D, D),
              g_next = columns(gs, (k + 1) * D, D), r1 = columns(reverse, 2 * k * D, D),
              r2 = columns(reverse, (2 * k + 1) * D, D);
      p.noise.normals(e1, k * width);
      p.noise.normals(e2, k * width + even);
      leap.drift(read(columns(qs, k * D, D)), read(v), read(columns(gs, k * D, D)), &e1, q_next, v_next);
      field.gradient(read(q_next), u, g_next);
      leap.kick(read(g_next), &e2, v_next);
      for (Index j = 0; j < D; ++j) {
        column(r1, j) = column(e2, j) - column(v_next, j) * leap.r;
        column(r2, j) = column(e1, j) - column(v, j) * leap.r;
        gained += column(v_next, j) * (column(e2, j) + column(r1, j)) *
                  (T(0.5) * leap.r);  // a^2 - b^2 would cancel at small steps
        gained += column(v, j) * (column(e1, j) + column(r2, j)) * (T(0.5) * leap.r);
      }
    }
    View<T> out = p.out;
    copy(columns(qs, Steps * D, D), columns(out, 0, D));
    for (Index j = 0; j < D; ++j) column(out, D + j) = column(vs, Steps * D + j) * turn;
    auto lost = p.cache.lost.view(n, 1);
    math::settle<Encode, T>(p, gained, lost);
    for (Index i = 0; i < n; ++i) {
      if (lost(i, 0)) qs.row(i).setZero(), vs.row(i).setZero(), gs.row(i).setZero(), reverse.row(i).setZero();
    }
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const T turn = Encode ? T(-1) : T(1);
    const math::Leapfrog<T> leap(this->step_of(p.theta), friction);
    typename math::Leapfrog<T>::Gradient s;
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto lost = p.cache.lost.view(n, 1);
    View<T> qs = p.cache.q.view(n, (Steps + 1) * D), vs = p.cache.v.view(n, (Steps + 1) * D),
            gs = p.cache.g.view(n, (Steps + 1) * D), reverse = p.cache.reverse.view(n, Steps * 2 * D);
    ColView<T> g_dS = p.scratch.template column<T>(n);
    View<T> e1 = p.scratch.template take<T>(n, D), e2 = p.scratch.template take<T>(n, D),
            c = p.scratch.template take<T>(n, D);
    View<T> x = columns(p.g_in, 0, D), w = columns(p.g_in, D, D);  // cotangents of positions and velocities
    T g_lambda(0);
    for (Index j = 0; j < D; ++j) {
      column(x, j) = column(p.g_out, j);
      column(w, j) = column(p.g_out, D + j) * turn;
      column(c, j).setZero();
    }
    for (Index i = 0; i < n; ++i) {
      g_dS(i) = lost(i, 0) ? T(0) : T(math::ledger_sign<Encode>) * p.g_v(i);
      for (Index j = 0; lost(i, 0) && j < D; ++j) x(i, j) = w(i, j) = T(0);
    }
    for (Index k = Steps; k-- > 0;) {
      View<T> q = columns(qs, k * D, D), v = columns(vs, k * D, D), g = columns(gs, k * D, D),
              q_next = columns(qs, (k + 1) * D, D), v_next = columns(vs, (k + 1) * D, D),
              g_next = columns(gs, (k + 1) * D, D), r1 = columns(reverse, 2 * k * D, D),
              r2 = columns(reverse, (2 * k + 1) * D, D);
      p.noise.normals(e1, k * width);
      p.noise.normals(e2, k * width + even);
      for (Index j = 0; j < D; ++j) {  // r1 = e2 - r v', r2 = e1 - r v, with cotangents -g_dS r1 and -g_dS r2
        s.r += (g_dS * column(r1, j) * column(v_next, j)).sum() + (g_dS * column(r2, j) * column(v, j)).sum();
        column(w, j) += g_dS * column(r1, j) * leap.r;
      }
      leap.kick_pull(read(g_next), read(v_next), &e2, w, c, s);
      field.gradient_pull(read(q_next), read(c), x, g_lambda);
      leap.drift_pull(read(q), read(q_next), read(v), read(g), &e1, x, w, c, s);
      for (Index j = 0; j < D; ++j) column(w, j) += g_dS * column(r2, j) * leap.r;
    }
    field.gradient_pull(read(columns(qs, 0, D)), read(c), x, g_lambda);
    for (Index j = 0; j < D; ++j) column(w, j) = column(w, j) * turn;
    this->add_gradients(p.g_theta, s.log_h(leap), g_lambda);
  }
};

}  // namespace rheo
