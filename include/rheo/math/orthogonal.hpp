// SPDX-License-Identifier: MIT
// Orthogonal matrices from skew-symmetric ones, by the Cayley transform and by the exponential, as factors of a linear
// bijection.
//   Cayley 1846;  exponential by scaling and squaring of a Taylor polynomial (Paterson and Stockmeyer 1973), and its
//     Frechet derivative by
//   the derivative of every step: Al-Mohy and Higham 2009, doi:10.1137/080716426.
#pragma once

#include "rheo/autodiff/dual.hpp"
#include "rheo/math/factored_linear.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// out = a^-1 for a (D x D), by Gauss and Jordan with the pivot of a column chosen on values; a is used up.
template <class T> void invert(View<T> a, View<T> out) {
  using std::abs;
  const Index d = a.rows();
  out.setZero();
  for (Index i = 0; i < d; ++i) out(i, i) = T(1);
  for (Index k = 0; k < d; ++k) {
    Index best = k;
    for (Index i = k + 1; i < d; ++i) {
      if (abs(autodiff::value_of(a(i, k))) > abs(autodiff::value_of(a(best, k)))) best = i;
    }
    const T scale = T(1) / a(best, k);
    for (Index j = 0; j < d; ++j) {
      std::swap(a(k, j), a(best, j));
      std::swap(out(k, j), out(best, j));
      a(k, j) *= scale;
      out(k, j) *= scale;
    }
    for (Index j = 0; j < d; ++j) {
      const T ak = a(k, j), bk = out(k, j);
      if (j == k) continue;
      for (Index i = 0; i < d; ++i) a(i, j) -= i == k ? T(0) : T(a(i, k) * ak);
      for (Index i = 0; i < d; ++i) out(i, j) -= i == k ? T(0) : T(a(i, k) * bk);
    }
    const T bk = out(k, k);
    for (Index i = 0; i < d; ++i) out(i, k) -= i == k ? T(0) : T(a(i, k) * bk);
    for (Index i = 0; i < d; ++i) a(i, k) = T(i == k ? 1 : 0);
  }
}

/// Q <- Q (3 I - Q' Q) / 2: one Newton step to the nearest orthogonal matrix, which leaves the rounding of one product
/// as the error.
template <class T> void polish(View<T> Q, Arena& scratch) {
  Arena::Scope scope(scratch);
  const Index d = Q.rows();
  View<T> S = scratch.take<T>(d, d), old = scratch.take<T>(d, d);
  S.setZero();
  gemm_tn_add<T>(read(Q), read(Q), S);
  for (Index j = 0; j < d; ++j) {
    column(S, j) *= T(-0.5);
    S(j, j) += T(1.5);
  }
  copy(read(Q), old);
  gemm_nn<T>(read(old), read(S), Q);
}

/// A matrix, with a direction if dx is not null.
template <class T> struct Jet { T *x, *dx; };

/// exp and its Frechet derivative on D x D matrices, in scratch memory.
template <class T, Index D> struct MatrixExp {
  Arena& scratch;
  bool derive;

  Jet<T> take() const {
    T* x = scratch.take<T>(D, D).data();
    return {x, derive ? scratch.take<T>(D, D).data() : nullptr};
  }
  static View<T> of(T* p) { return view_of(p, D, D, D); }
  static CView<T> in(const T* p) { return view_of(p, D, D, D); }
  void multiply(Jet<T> a, Jet<T> b, Jet<T> out) const {
    if (derive) {
      Arena::Scope scope(scratch);
      View<T> other = scratch.take<T>(D, D);
      gemm_nn<T>(in(a.dx), in(b.x), of(out.dx));
      gemm_nn<T>(in(a.x), in(b.dx), other);
      of(out.dx) += other;
    }
    gemm_nn<T>(in(a.x), in(b.x), of(out.x));
  }
  static void add(Jet<T> to, double c, Jet<T> a) {
    of(to.x) += in(a.x) * T(c);
    if (to.dx) of(to.dx) += in(a.dx) * T(c);
  }
  static void identity(Jet<T> a, double c) {
    of(a.x).setZero();
    of(a.x).matrix().diagonal().array() += T(c);
    if (a.dx) of(a.dx).setZero();
  }

  /// exp(a); a is used up.  Degree 12 at norm 1/4 leaves 3e-18; the s squarings multiply rounding by 2^s.
  Jet<T> operator()(Jet<T> a) const {
    using S = decltype(autodiff::value_of(T()));
    S norm(0);
    for (Index j = 0; j < D; ++j) {
      using std::abs, std::max;
      S sum(0);
      for (Index i = 0; i < D; ++i) sum += abs(autodiff::value_of(a.x[j * D + i]));
      norm = max(norm, sum);
    }
    int s = 0;
    for (S reach(0.25); reach < norm && s < 60; reach += reach) ++s;
    of(a.x) *= T(std::ldexp(1.0, -s));
    if (derive) of(a.dx) *= T(std::ldexp(1.0, -s));
    const Jet<T> a2 = take(), a3 = take(), a4 = take();
    Jet<T> p = take(), q = take();
    multiply(a, a, a2);
    multiply(a2, a, a3);
    multiply(a2, a2, a4);
    constexpr double c[] = {1,         1,          1. / 2,      1. / 6,       1. / 24,       1. / 120,      1. / 720,
                            1. / 5040, 1. / 40320, 1. / 362880, 1. / 3628800, 1. / 39916800, 1. / 479001600};
    const auto cubic = [&](Jet<T> to, const double* k) { add(to, k[1], a), add(to, k[2], a2), add(to, k[3], a3); };
    identity(p, c[8]);
    cubic(p, c + 8);
    add(p, c[12], a4);
    for (int block = 4; block >= 0; block -= 4) {
      multiply(p, a4, q);
      std::swap(p, q);
      of(p.x).matrix().diagonal().array() += T(c[block]);
      cubic(p, c + block);
    }
    for (; s > 0; --s) {
      multiply(p, p, q);
      std::swap(p, q);
    }
    return p;
  }
};

/// An orthogonal matrix Q(A) of determinant 1, A skew with D (D - 1) / 2 free numbers below its diagonal, row by row;
/// zero is the identity. Exponential: Q = e^A.  Otherwise Cayley: Q = (I - A) (I + A)^-1, every rotation without an
/// eigenvalue -1.
template <Index D, bool Exponential> struct SkewOrthogonal {
  static constexpr Index param_count = D * (D - 1) / 2, buffer_count = 0;
  static constexpr const char* name = "skew";
  template <class P> static auto unpack(P p) { return p.vector(param_count, "below_diagonal"); }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }

  template <class T> struct Ready {
    T *Q, *sums;  // D x D each
    T log_det;
  };
  template <class T> Ready<T> ready(Params<const T> theta, Params<const T>, Arena& scratch, bool pull) const {
    View<T> Q = scratch.take<T>(D, D);
    Ready<T> r{Q.data(), nullptr, T(0)};
    if (pull) {
      View<T> sums = scratch.take<T>(D, D);
      sums.setZero();
      r.sums = sums.data();
    }
    Arena::Scope scope(scratch);
    View<T> A = scratch.take<T>(D, D);
    skew(theta, T(1), A);
    if constexpr (Exponential) {
      const Jet<T> e = MatrixExp<T, D>{scratch, false}({A.data(), nullptr});
      copy(view_of(static_cast<const T*>(e.x), D, D, D), Q);
    } else {
      for (Index i = 0; i < D; ++i) A(i, i) = T(1);
      invert<T>(A, Q);
      for (Index j = 0; j < D; ++j) {
        column(Q, j) *= T(2);
        Q(j, j) -= T(1);
      }
    }
    if constexpr (Exponential)
      polish<T>(Q, scratch);  // squaring leaves |A| eps, which in float wants two steps at extreme A
    polish<T>(Q, scratch);
    return r;
  }
  template <bool Encode, class T> void apply(const Ready<T>& r, CView<T> in, View<T> out, Arena&) const {
    const CView<T> Q = view_of(static_cast<const T*>(r.Q), D, D, D);
    if constexpr (Encode) gemm_nt<T>(in, Q, out);
    else gemm_nn<T>(in, Q, out);
  }
  template <bool Encode, class T>
  void pull(const Ready<T>& r, CView<T> x, CView<T> g_out, View<T> g_in, Arena& scratch) const {
    apply<!Encode, T>(r, g_out, g_in, scratch);
    gemm_tn_add<T>(Encode ? g_out : read(g_in), x, view_of(r.sums, D, D, D));
  }
  template <class T>
  void finish(const Ready<T>& r, T sign, T, Params<const T> theta, Params<T> g_theta, Arena& scratch) const {
    Arena::Scope scope(scratch);
    View<T> one = scratch.take<T>(D, D), two = scratch.take<T>(D, D);
    const T* g = two.data();
    if constexpr (Exponential) {  // the adjoint of the derivative at A is the derivative at A' = -A
      skew(theta, T(-1), one);
      copy(view_of(static_cast<const T*>(r.sums), D, D, D), two);
      g = MatrixExp<T, D>{scratch, true}({one.data(), two.data()}).dx;
    } else {  // dQ = -2 B dA B with B = (I + A)^-1 = (Q + I) / 2
      View<T> B = scratch.take<T>(D, D);
      copy(view_of(static_cast<const T*>(r.Q), D, D, D), B);
      for (Index j = 0; j < D; ++j) B(j, j) += T(1);
      one.setZero();
      gemm_tn_add<T>(read(B), view_of(static_cast<const T*>(r.sums), D, D, D), one);
      gemm_nt<T>(read(one), read(B), two);
      for (Index j = 0; j < D; ++j) column(two, j) *= T(-0.5);
    }
    for (Index i = 0; i < D; ++i) {
      for (Index j = 0; j < i; ++j) g_theta.data()[i * (i - 1) / 2 + j] += sign * (g[j * D + i] - g[i * D + j]);
    }
  }

 private:
  template <class T> static void skew(Params<const T> theta, T sign, View<T> A) {
    for (Index i = 0; i < D; ++i) {
      A(i, i) = T(0);
      for (Index j = 0; j < i; ++j) {
        A(i, j) = sign * theta.data()[i * (i - 1) / 2 + j];
        A(j, i) = -A(i, j);
      }
    }
  }
};

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
