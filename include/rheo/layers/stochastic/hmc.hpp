// SPDX-License-Identifier: MIT
// Hmc: Hamiltonian moves by the leapfrog from fresh momenta, with or without the accept test.
//   Duane et al. 1987, Hybrid Monte Carlo; Neal 2011, arXiv:1206.1901; without the test, as work along a path:
//     Jarzynski 1997.
#pragma once

#include "rheo/math/kernel.hpp"
#include "rheo/math/leapfrog.hpp"

namespace rheo {

/// Steps moves, each of Leaps leapfrog steps of length h from p ~ N(0, I), mass 1.
///
/// With Accept each is kept with probability min(1, exp(-change of u + |p|^2 / 2)):  V = u(z) - u(x), and infinite and
/// undefined energies, the report and the bias of the pull are as for Metropolis.  Without, all are kept:  V = +-sum
/// (|p|^2 - |p'|^2) / 2, + for encode, exact for any h; alone it leaves exp(-u) with a bias of order h^2, and rows that
/// leave the finite numbers are as for Langevin.
template <Energy E, Index Steps = 1, Index Leaps = 5, bool Accept = true, Learned Train = Learned::none>
class Hmc : public Kernel<Hmc<E, Steps, Leaps, Accept, Train>, E, E::dim, Train> {
  static_assert(Steps > 0 && Leaps > 0, "rheo: Hmc wants at least one move of one leap");
  using Base = Kernel<Hmc, E, E::dim, Train>;
  friend Base;
  static constexpr Index D = E::dim, uniform_at = (D + 1) / 2 * 2, width = uniform_at + (Accept ? 2 : 0),
                         room = (Leaps + 1) * D;

 public:
  static constexpr bool smooth = !Accept;
  static constexpr bool biased_pulls = Accept;
  static constexpr Index draws = Steps * width;
  static constexpr Index encode_passes = Steps * Leaps + 1, decode_passes = encode_passes;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  template <class T> struct Cache {
    math::PathWorkspace<E, T> energy;
    Buffer<T> q, v, g;               // along every move, n x D (Leaps + 1) Steps
    Buffer<unsigned char> accepted;  // n x Steps
    Buffer<unsigned char> lost;
  };

  /// step: h.
  explicit Hmc(E e, double h = 0.1) : Base(std::move(e), h) {}

  template <class T> void weigh(CView<T> x, CView<T> z, ColView<T> v, Params<const T> theta) const requires Accept {
    this->balance_pair(x, z, v, theta);
  }

  /// The draws, n x `draws`, with which the other direction goes this call's path back.
  template <class T> void reverse_draws(const Pass<T, Cache<T>>& p, View<T> table) const {
    const Index n = p.in.rows();
    View<T> vs = p.cache.v.view(n, Steps * room);
    this->template reverse_moves<D>(p, p.cache.accepted.view(n, Steps), width, Accept ? uniform_at : 0, table,
                                    [&](Index i, Index k, Index j, T) { return -vs(i, k * room + Leaps * D + j); });
  }

 private:
  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const math::Leapfrog<T> leap(this->step_of(p.theta), 0);
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto bits = p.cache.accepted.view(n, Steps);
    View<T> qs = p.cache.q.view(n, Steps * room), vs = p.cache.v.view(n, Steps * room),
            gs = p.cache.g.view(n, Steps * room);
    ColView<T> u_in = p.scratch.template column<T>(n), u = p.scratch.template column<T>(n),
               u_new = p.scratch.template column<T>(n), gained = p.scratch.template column<T>(n),
               kinetic = p.scratch.template column<T>(n);
    View<T> grad = p.scratch.template take<T>(n, D);
    View<T> out = p.out;
    copy(p.in, out);
    field.gradient(p.in, u, grad);
    u_in = u;
    gained.setZero();
    for (Index k = 0; k < Steps; ++k) {
      const auto at = [&](View<T> path, Index l) { return columns(path, k * room + l * D, D); };
      copy(out, at(qs, 0));
      copy(grad, at(gs, 0));
      p.noise.normals(at(vs, 0), k * width);
      for (Index l = 0; l < Leaps; ++l) {
        leap.drift(read(at(qs, l)), read(at(vs, l)), read(at(gs, l)), nullptr, at(qs, l + 1), at(vs, l + 1));
        field.gradient(read(at(qs, l + 1)), u_new, at(gs, l + 1));
        leap.kick(read(at(gs, l + 1)), nullptr, at(vs, l + 1));
      }
      View<T> q = at(qs, Leaps), v = at(vs, Leaps), v0 = at(vs, 0), g = at(gs, Leaps);
      kinetic.setZero();
      for (Index j = 0; j < D; ++j) kinetic += (column(v0, j).square() - column(v, j).square()) * T(0.5);
      if constexpr (Accept) {
        for (Index i = 0; p.report && i < n; ++i) {
          const T grown = u_new(i) - u(i) - kinetic(i);
          p.report->divergent += math::is_finite(u(i)) && !(autodiff::value_of(grown) <= 1000);
        }
        this->choose(
            p, u, u_new, columns(bits, k, 1), k * width + uniform_at,
            [&](Index i) { return u(i) - u_new(i) + kinetic(i); },
            [&](Index i) { out.row(i) = q.row(i), grad.row(i) = g.row(i); });
        for (Index i = 0; i < n; ++i) {
          if (!bits(i, k) && !(math::is_finite(u_new(i)) && math::is_finite(kinetic(i))))
            clear(p.cache, n, i, k * room, room);
        }
      } else {
        columns(bits, k, 1).setOnes();
        gained += kinetic;
        copy(q, out);
        copy(g, grad);
      }
    }
    if constexpr (Accept) {
      this->template balance<Encode, T>(p, u_in, u);
    } else {
      auto lost = p.cache.lost.view(n, 1);
      math::settle<Encode, T>(p, gained, lost);
      for (Index i = 0; i < n; ++i) {
        if (lost(i, 0)) clear(p.cache, n, i, 0, Steps * room);
      }
    }
  }
  /// Numbers of a move that went nowhere must not meet the zeros of the pull.
  template <class T> static void clear(Cache<T>& cache, Index n, Index i, Index first, Index count) {
    View<T> qs = cache.q.view(n, Steps * room), vs = cache.v.view(n, Steps * room), gs = cache.g.view(n, Steps * room);
    for (Index j = first; j < first + count; ++j) qs(i, j) = vs(i, j) = gs(i, j) = T(0);
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const math::Leapfrog<T> leap(this->step_of(p.theta), 0);
    typename math::Leapfrog<T>::Gradient s;
    const auto field = this->energy_at(p.theta, p.cache.energy);
    auto bits = p.cache.accepted.view(n, Steps);
    View<T> qs = p.cache.q.view(n, Steps * room), vs = p.cache.v.view(n, Steps * room),
            gs = p.cache.g.view(n, Steps * room);
    ColView<T> g_dS = p.scratch.template column<T>(n);
    View<T> x = p.scratch.template take<T>(n, D), w = p.scratch.template take<T>(n, D),
            c = p.scratch.template take<T>(n, D);
    T g_lambda(0);
    copy(p.g_out, p.g_in);
    g_dS = p.g_v * T(math::ledger_sign<Encode>);
    if constexpr (Accept) {
      field.value_pull(p.out, read(g_dS), p.g_in, g_lambda, p.scratch);
    } else {
      auto lost = p.cache.lost.view(n, 1);
      for (Index i = 0; i < n; ++i) {
        if (!lost(i, 0)) continue;
        g_dS(i) = T(0);
        for (Index j = 0; j < D; ++j) p.g_in(i, j) = T(0);
      }
    }
    for (Index k = Steps; k-- > 0;) {
      const auto at = [&](View<T> path, Index l) { return columns(path, k * room + l * D, D); };
      for (Index j = 0; j < D; ++j) {
        column(w, j).setZero();
        if constexpr (!Accept) column(w, j) = -g_dS * column(at(vs, Leaps), j);
        column(c, j).setZero();
        for (Index i = 0; i < n; ++i) x(i, j) = bits(i, k) ? p.g_in(i, j) : T(0);
      }
      for (Index l = Leaps; l-- > 0;) {
        leap.kick_pull(read(at(gs, l + 1)), read(at(vs, l + 1)), nullptr, w, c, s);
        field.gradient_pull(read(at(qs, l + 1)), read(c), x, g_lambda);
        leap.drift_pull(read(at(qs, l)), read(at(qs, l + 1)), read(at(vs, l)), read(at(gs, l)), nullptr, x, w, c, s);
      }
      field.gradient_pull(read(at(qs, 0)), read(c), x, g_lambda);
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < n; ++i) p.g_in(i, j) = bits(i, k) ? x(i, j) : p.g_in(i, j);
      }
    }
    if constexpr (Accept) {
      g_dS = -g_dS;
      field.value_pull(p.in, read(g_dS), p.g_in, g_lambda, p.scratch);
    }
    this->add_gradients(p.g_theta, s.log_h(leap), g_lambda);
  }
};

}  // namespace rheo
