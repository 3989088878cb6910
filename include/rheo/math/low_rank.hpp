// SPDX-License-Identifier: MIT
// I + U U' applied to rows, as a factor of a linear bijection (rheo/math/factored_linear.hpp).
//   Determinant lemma and Woodbury 1950: det(I + U U') = det M, (I + U U')^-1 = I - U M^-1 U', with M = I + U' U, R x
//     R.
#pragma once

#include "rheo/math/triangular.hpp"

namespace rheo::math {

/// I + U U' with U (D x R) free: positive definite whatever U is.  U starts at the first R unit vectors, so that
/// gradients flow; the factor is then 2 on the first R coordinates.
template <Index D, Index R> struct LowRank {
  static_assert(R >= 1 && R <= D, "rheo: LowRankLinear: the rank is between 1 and D");
  static constexpr Index param_count = D * R, buffer_count = 0;
  static constexpr const char* name = "low_rank";
  template <class P> static auto unpack(P p) { return p.matrix(D, R, "U"); }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const {
    auto U = unpack(theta);
    for (Index k = 0; k < R; ++k) {
      for (Index j = 0; j < D; ++j) U(j, k) = T(j == k ? 1 : 0);
    }
  }

  template <class T> struct Ready {
    const T* U;
    T *L, *inverse, *sums;  // Cholesky factor of M, 1 / its diagonal, D x R
    T log_det;
  };
  template <class T> Ready<T> ready(Params<const T> theta, Params<const T>, Arena& scratch, bool pull) const {
    using std::log, std::sqrt;
    const auto U = unpack(theta);
    View<T> L = scratch.take<T>(R, R), inverse = scratch.take<T>(R, 1);
    Ready<T> r{U.data(), L.data(), inverse.data(), nullptr, T(0)};
    L.setZero();
    gemm_tn_add<T>(read(U), read(U), L);
    for (Index j = 0; j < R; ++j) {
      T pivot = L(j, j) + T(1);
      for (Index k = 0; k < j; ++k) pivot -= L(j, k) * L(j, k);
      const bool lost =
          pivot < T(1);  // M - I is positive semidefinite: what is below 1 is rounding, and so is the column under it
      if (lost) pivot = T(1);
      L(j, j) = sqrt(pivot);
      inverse(j, 0) = T(1) / L(j, j);
      r.log_det += log(pivot);
      for (Index i = j + 1; i < R; ++i) {
        for (Index k = 0; k < j; ++k) L(i, j) -= L(i, k) * L(j, k);
        L(i, j) = lost ? T(0) : L(i, j) * inverse(j, 0);
      }
    }
    if (pull) {
      View<T> sums = scratch.take<T>(D, R);
      sums.setZero();
      r.sums = sums.data();
    }
    return r;
  }
  /// The inverse takes one step of refinement: where U is large Woodbury's difference cancels, and U U' makes |U|^2 of
  /// what is lost.
  template <bool Encode, class T> void apply(const Ready<T>& r, CView<T> in, View<T> out, Arena& scratch) const {
    Arena::Scope scope(scratch);
    View<T> t = scratch.take<T>(in.rows(), R);
    if constexpr (Encode) {
      multiply(r, in, t, out);
    } else {
      solve(r, in, t, out, scratch);
      View<T> left = scratch.take<T>(in.rows(), D), more = scratch.take<T>(in.rows(), D);
      multiply(r, read(out), t, left);
      left = in - left;
      solve(r, read(left), t, more, scratch);
      out += more;
    }
  }
  /// w = (I + U U')^-1 e, and t = U' w = M^-1 U' e, which does not cancel, without a step of refinement.
  template <class T> void solve(const Ready<T>& r, CView<T> e, View<T> t, View<T> w, Arena& scratch) const {
    const CView<T> U = view_of(r.U, D, R, D);
    gemm_nn<T>(e, U, t);
    divide(r, t, scratch);
    gemm_nt<T>(read(t), U, w);
    w = e - w;
  }
  template <bool Encode, class T>
  void pull(const Ready<T>& r, CView<T> x, CView<T> g_out, View<T> g_in, Arena& scratch) const {
    Arena::Scope scope(scratch);
    apply<Encode, T>(r, g_out, g_in, scratch);
    const CView<T> g = Encode ? g_out : read(g_in), U = view_of(r.U, D, R, D);
    View<T> xu = scratch.take<T>(x.rows(), R), gu = scratch.take<T>(x.rows(), R);
    gemm_nn<T>(x, U, xu);
    gemm_nn<T>(g, U, gu);
    gemm_tn_add<T>(g, read(xu), view_of(r.sums, D, R, D));
    gemm_tn_add<T>(x, read(gu), view_of(r.sums, D, R, D));
  }
  template <class T>
  void finish(const Ready<T>& r, T sign, T g_log_det, Params<const T> theta, Params<T> g_theta, Arena& scratch) const {
    Arena::Scope scope(scratch);
    View<T> slope = scratch.take<T>(D, R);  // of log det: 2 U M^-1
    copy(unpack(theta), slope);
    divide(r, slope, scratch);
    auto g_U = unpack(g_theta);
    const CView<T> sums = view_of(static_cast<const T*>(r.sums), D, R, D);
    for (Index k = 0; k < R; ++k) column(g_U, k) += column(sums, k) * sign + column(slope, k) * T(g_log_det * T(2));
  }

 private:
  /// out = (I + U U') in, t = U' in.
  template <class T> static void multiply(const Ready<T>& r, CView<T> in, View<T> t, View<T> out) {
    const CView<T> U = view_of(r.U, D, R, D);
    gemm_nn<T>(in, U, t);
    gemm_nt<T>(read(t), U, out);
    out += in;
  }
  /// t <- t M^-1 by the Cholesky factor.
  template <class T> static void divide(const Ready<T>& r, View<T> t, Arena& scratch) {
    Arena::Scope scope(scratch);
    View<T> a = scratch.take<T>(t.rows(), R);
    triangular<true, T>(read(t), r.L, 1, R, true, r.inverse, a);
    triangular<true, T>(read(a), r.L, R, 1, false, r.inverse, t);
  }
};

}  // namespace rheo::math
