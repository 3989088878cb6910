// SPDX-License-Identifier: MIT
// Kernel: what sampling layers share: facts, learned step and lambda, the accept test and the ledger.
//   One sign: V = -Delta S of Wu et al. 2020, arXiv:2002.06707, eqs. 9-13, so that log w = -u(x) - log p(z) - sum V.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "rheo/core/layer.hpp"
#include "rheo/math/path_energy.hpp"

namespace rheo {
namespace math {

/// +1 for encode, -1 for decode: V is this times log [density of the step back / density of the step taken].
template <bool Encode> inline constexpr int ledger_sign = Encode ? 1 : -1;

/// out(i) = log of uniform(i, j), in loops that vectorise; 0 in a table of draws gives -inf.
inline void log_uniforms(const Noise& noise, Index j, View<double> out) {
  noise.uniforms(out, j);
  double* u = out.data();
  for (Index i = 0; i < out.rows(); ++i)
    u[i] = u[i] > 0.0 ? ::rheo::detail::plain_log(u[i]) : -std::numeric_limits<double>::infinity();
}
/// min(1, exp(log_ratio)) against the logarithm of a uniform number, on values alone.
template <class T> bool accept(const T& log_ratio, double log_uniform) {
  return log_uniform < static_cast<double>(autodiff::value_of(log_ratio));
}

/// u_out - u_in of a row: 0 where it stayed off the support, NaN where it began at no energy at all.
template <class T> T energy_gained(const T& u_out, const T& u_in) {
  if (faulty(u_in)) return T(std::numeric_limits<double>::quiet_NaN());
  return u_out == u_in && !is_finite(u_in) ? T(0) : u_out - u_in;
}

/// The end of moves without an accept test: v += +-gained; a row that left the finite numbers goes back to its
/// beginning with weight 0.
template <bool Encode, class T, class P, class Bits> void settle(const P& p, ColView<T> gained, Bits lost) {
  View<T> out = p.out;
  ColView<T> v = p.v;
  for (Index i = 0; i < v.size(); ++i) {
    bool finite = !std::isnan(autodiff::value_of(gained(i))), given = true;
    for (Index j = 0; j < out.cols(); ++j)
      finite = finite && is_finite(out(i, j)), given = given && is_finite(p.in(i, j));
    lost(i, 0) = !finite || !is_finite(gained(i));
    if (lost(i, 0) && p.report) ++p.report->invalid;
    for (Index j = 0; !finite && j < out.cols(); ++j) out(i, j) = p.in(i, j);
    const double inf = std::numeric_limits<double>::infinity();
    const T g = finite ? gained(i) : T(given ? -inf : std::numeric_limits<double>::quiet_NaN());
    v(i) += T(ledger_sign<Encode>) * g;
  }
}

}  // namespace math

/// The base of a sampling layer Self on Dim coordinates, which moves them by a Markov kernel that knows the energy E;
/// encode and decode make the same moves.  Self has run<Encode>(Pass) and pull<Encode>(Pull).
template <class Self, ValueEnergy E, Index Dim, Learned Train> class Kernel {
  static_assert(!learns_lambda(Train) || HasLambda<E>, "rheo: a lambda to learn wants an energy of type Interpolated");

 public:
  static constexpr Index x_dim = Dim, z_dim = Dim, context_dim = 0, buffer_count = 0;
  static constexpr Index param_count = Index(learns_step(Train)) + Index(learns_lambda(Train));
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr Supports<Dim> x_support = all_of<Dim>(Support::real), z_support = x_support;

  E energy;
  double step;

  /// Throws std::invalid_argument unless step is positive and finite.
  Kernel(E e, double h) : energy(std::move(e)), step(h) {
    if (!(h > 0) || !std::isfinite(h)) detail::fail("a sampling layer's step must be positive and finite");
  }

  template <class P> static auto unpack(P p) {
    if constexpr (learns_step(Train)) p.scalar("log_step");
    if constexpr (learns_lambda(Train)) p.scalar("lambda");
    return p;
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const {
    if constexpr (learns_step(Train)) theta.scalar() = T(std::log(step));
    if constexpr (learns_lambda(Train)) theta.scalar() = T(energy.lambda);
  }

  template <class T, class C> void encode(Pass<T, C> p) const { self().template run<true, T>(p); }
  template <class T, class C> void decode(Pass<T, C> p) const { self().template run<false, T>(p); }
  template <class T, class C> void encode_pull(Pull<T, C> p) const requires Energy<E> {
    self().template pull<true, T>(p);
  }
  template <class T, class C> void decode_pull(Pull<T, C> p) const requires Energy<E> {
    self().template pull<false, T>(p);
  }

 protected:
  template <class T> T step_of(Params<const T> theta) const {
    using std::exp;
    if constexpr (learns_step(Train)) return exp(theta.scalar());
    else return T(step);
  }
  template <class T> auto energy_at(Params<const T> theta, math::PathWorkspace<E, T>& w) const {
    T lambda(0);
    if constexpr (learns_lambda(Train)) lambda = theta.data()[param_count - 1];
    return math::PathEnergy<learns_lambda(Train), E, T>{energy, lambda, w};
  }
  template <class T> static void add_gradients(Params<T> g_theta, T g_log_step, T g_lambda) {
    if constexpr (learns_step(Train)) g_theta.data()[0] += g_log_step;
    if constexpr (learns_lambda(Train)) g_theta.data()[param_count - 1] += g_lambda;
    (void)g_theta, (void)g_log_step, (void)g_lambda;
  }
  /// The accept tests of one move: rows that pass take their proposals over by take(i).  Refused are proposals without
  /// a finite energy, and all of rows whose own is faulty.  bits: n x 1.
  template <class T, class P, class Ratio, class Take>
  static void choose(const P& p, ColView<T> u, ColView<T> u_new, View<unsigned char> bits, Index uniform_at,
                     Ratio log_ratio, Take take) {
    Arena::Scope scope(p.scratch);
    const View<double> log_uniform = p.scratch.template take<double>(u.size(), 1);
    math::log_uniforms(p.noise, uniform_at, log_uniform);
    std::int64_t taken = 0;
    for (Index i = 0; i < u.size(); ++i) {
      bits(i, 0) = math::is_finite(u_new(i)) && !math::faulty(u(i)) && math::accept(T(log_ratio(i)), log_uniform(i, 0));
      if (!bits(i, 0)) continue;
      ++taken;
      u(i) = u_new(i);
      take(i);
    }
    if (p.report) p.report->proposed += static_cast<std::int64_t>(u.size()), p.report->accepted += taken;
  }
  /// The draws of the moves gone back, last move first, `width` columns each: where a move was taken reversed(i, k, j,
  /// drawn) for drawn, the column j of its normals; then, if uniform_at > 0, a uniform that says the same again.  bits:
  /// n x Steps.
  template <Index Normals, class T, class P, class Reversed>
  static void reverse_moves(const P& p, View<unsigned char> bits, Index width, Index uniform_at, View<T> table,
                            Reversed reversed) {
    const Index steps = bits.cols();
    for (Index k = 0; k < steps; ++k) {
      const Index from = k * width, to = (steps - 1 - k) * width;
      p.noise.normals(columns(table, to, Normals), from);
      for (Index i = 0; i < table.rows(); ++i) {
        for (Index j = 0; bits(i, k) && j < Normals; ++j) table(i, to + j) = reversed(i, k, j, table(i, to + j));
        if (uniform_at > 0)
          table(i, to + uniform_at) = bits(i, k) ? T(0) : p.noise.template uniform<T>(i, from + uniform_at);
      }
    }
  }
  /// V of a kernel in detailed balance, from the energies of the ends; faults go to the report.
  template <bool Encode, class T, class P> static void balance(const P& p, ColView<T> u_in, ColView<T> u_out) {
    ColView<T> v = p.v;
    for (Index i = 0; i < v.size(); ++i) {
      if (math::faulty(u_in(i)) && p.report) ++p.report->invalid;
      v(i) += T(math::ledger_sign<Encode>) * math::energy_gained(u_out(i), u_in(i));
    }
  }
  /// V of a kernel in detailed balance for any pair: u(z) - u(x).
  template <class T> void balance_pair(CView<T> x, CView<T> z, ColView<T> v, Params<const T> theta) const {
    math::PathWorkspace<E, T> w;
    Column<T> at_x(x.rows()), at_z(x.rows());
    const auto u = energy_at(theta, w);
    u.value(x, ColView<T>(at_x.data(), at_x.size()));
    u.value(z, ColView<T>(at_z.data(), at_z.size()));
    for (Index i = 0; i < x.rows(); ++i) v(i) += math::energy_gained(at_z(i), at_x(i));
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace rheo
