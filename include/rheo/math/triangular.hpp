// SPDX-License-Identifier: MIT
// Triangular, diagonal and permutation matrices applied to rows, as factors of a linear bijection
// (rheo/math/factored_linear.hpp).
#pragma once

#include "rheo/autodiff/dual.hpp"
#include "rheo/math/factored_linear.hpp"

namespace rheo::math {

/// y_i = sum over j of m(i, j) x_j, or the solution y of sum over j of m(i, j) y_j = x_i, for every row.  m(i, j) is
/// m[i row + j col], zero above the diagonal if `lower`, else below; `inverse` holds 1 / m(i, i).  y may not alias x.
template <bool Solve, class T>
[[gnu::noinline]] void triangular(CView<T> x, const T* m, Index row, Index col, bool lower, const T* inverse,
                                  View<T> y) {
  const Index d = x.cols(), xs = x.outerStride(), ys = y.outerStride();
  sweep_wide<T>(x.rows(), [=, xp = x.data(), yp = y.data()](auto at, Index r, auto wide) {
    using L = typename decltype(at)::Number;
    constexpr std::size_t N = decltype(wide)::value;
    constexpr Index step = static_cast<Index>(sizeof(L) / sizeof(T));
    const T* from = Solve ? yp : xp;
    const Index stride = Solve ? ys : xs;
    for (Index k = 0; k < d; ++k) {
      const Index i = lower ? k : d - 1 - k;
      std::array<L, N> a;
      for (std::size_t w = 0; w < N; ++w) {
        a[w] = at.load(xp + i * xs + r + static_cast<Index>(w) * step);
        if constexpr (!Solve) a[w] = a[w] * L(m[i * (row + col)]);
      }
      for (Index j = lower ? 0 : i + 1, end = lower ? i : d; j < end; ++j) {
        const L c(m[i * row + j * col]);
        for (std::size_t w = 0; w < N; ++w) {
          const L u = at.load(from + j * stride + r + static_cast<Index>(w) * step);
          if constexpr (Solve) a[w] -= c * u;
          else a[w] += c * u;
        }
      }
      for (std::size_t w = 0; w < N; ++w) {
        if constexpr (Solve) a[w] = a[w] * L(inverse[i]);
        at.store(yp + i * ys + r + static_cast<Index>(w) * step, a[w]);
      }
    }
  });
}

/// A triangular matrix with diagonal e^s, or 1 if Unit; everything zero is the identity.  Off the diagonal the numbers
/// are free, row by row of the lower triangle (of the transpose, for an upper one).
template <Index D, bool Lower, bool Unit> struct Triangle {
  static constexpr Index off = D * (D - 1) / 2, param_count = (Unit ? 0 : D) + off, buffer_count = 0;
  static constexpr const char* name = Lower ? "lower" : "upper";
  template <class P> static auto unpack(P p) {
    auto a = p.vector(Unit ? 0 : D, "log_diagonal");
    return std::pair{a, p.vector(off, "off_diagonal")};
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }

  template <class T> struct Ready {
    T *m, *inverse, *sums;  // D x D, D, D x D
    T log_det;
  };
  template <class T> Ready<T> ready(Params<const T> theta, Params<const T>, Arena& scratch, bool pull) const {
    using std::exp;
    const auto [a, l] = unpack(theta);
    View<T> m = scratch.take<T>(D, D), inverse = scratch.take<T>(D, 1);
    Ready<T> r{m.data(), inverse.data(), nullptr, T(0)};
    m.setZero();
    for (Index i = 0; i < D; ++i) {
      const T s = Unit ? T(0) : log_diagonal(T(a(Unit ? 0 : i)));
      m(i, i) = Unit ? T(1) : T(exp(s));
      inverse(i, 0) = Unit ? T(1) : T(exp(-s));
      r.log_det += s;
      for (Index j = 0; j < i; ++j) (Lower ? m(i, j) : m(j, i)) = l(i * (i - 1) / 2 + j);
    }
    if (pull) {
      View<T> sums = scratch.take<T>(D, D);
      sums.setZero();
      r.sums = sums.data();
    }
    return r;
  }
  template <bool Encode, class T> void apply(const Ready<T>& r, CView<T> in, View<T> out, Arena&) const {
    triangular<!Encode, T>(in, r.m, 1, D, Lower, r.inverse, out);
  }
  template <bool Encode, class T> void pull(const Ready<T>& r, CView<T> x, CView<T> g_out, View<T> g_in, Arena&) const {
    triangular<!Encode, T>(g_out, r.m, D, 1, !Lower, r.inverse, g_in);
    gemm_tn_add<T>(Encode ? g_out : read(g_in), x, view_of(r.sums, D, D, D));
  }
  template <class T>
  void finish(const Ready<T>& r, T sign, T g_log_det, Params<const T> theta, Params<T> g_theta, Arena&) const {
    const auto [a, l] = unpack(theta);
    auto [g_a, g_l] = unpack(g_theta);
    const CView<T> G = view_of(static_cast<const T*>(r.sums), D, D, D);
    for (Index i = 0; i < D; ++i) {
      if constexpr (!Unit)
        g_a(i) += (sign * G(i, i) * r.m[i * (D + 1)] + g_log_det) * log_diagonal_slope(log_diagonal(T(a(i))));
      for (Index j = 0; j < i; ++j) g_l(i * (i - 1) / 2 + j) += sign * (Lower ? G(i, j) : G(j, i));
    }
  }
};

/// diag(e^s); everything zero is the identity.
template <Index D> struct Diagonal {
  static constexpr Index param_count = D, buffer_count = 0;
  static constexpr const char* name = "diagonal";
  template <class P> static auto unpack(P p) { return p.vector(D, "log_diagonal"); }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }

  template <class T> struct Ready {
    T *m, *inverse, *sums;  // D each
    T log_det;
  };
  template <class T> Ready<T> ready(Params<const T> theta, Params<const T>, Arena& scratch, bool) const {
    using std::exp;
    View<T> all = scratch.take<T>(D, 3);
    Ready<T> r{column(all, 0).data(), column(all, 1).data(), column(all, 2).data(), T(0)};
    for (Index i = 0; i < D; ++i) {
      const T s = log_diagonal(T(theta.data()[i]));
      r.m[i] = exp(s), r.inverse[i] = exp(-s), r.sums[i] = T(0);
      r.log_det += s;
    }
    return r;
  }
  template <bool Encode, class T> void apply(const Ready<T>& r, CView<T> in, View<T> out, Arena&) const {
    for (Index i = 0; i < D; ++i) column(out, i) = column(in, i) * (Encode ? r.m : r.inverse)[i];
  }
  template <bool Encode, class T> void pull(const Ready<T>& r, CView<T> x, CView<T> g_out, View<T> g_in, Arena&) const {
    for (Index i = 0; i < D; ++i) {
      column(g_in, i) = column(g_out, i) * (Encode ? r.m : r.inverse)[i];
      r.sums[i] += Encode ? (column(g_out, i) * column(x, i)).sum() : (column(g_in, i) * column(x, i)).sum();
    }
  }
  template <class T>
  void finish(const Ready<T>& r, T sign, T g_log_det, Params<const T> theta, Params<T> g_theta, Arena&) const {
    for (Index i = 0; i < D; ++i) {
      g_theta.data()[i] +=
          (sign * r.sums[i] * r.m[i] + g_log_det) * log_diagonal_slope(log_diagonal(T(theta.data()[i])));
    }
  }
};

/// y_j = x_(p_j) with p in the buffers: given, or drawn when the model is made.
template <Index D> struct Shuffle {
  static constexpr Index param_count = 0, buffer_count = D;
  static constexpr const char* name = "permutation";
  std::array<Index, static_cast<std::size_t>(D)> order{};
  bool given = false;

  Shuffle() = default;
  /// Throws std::invalid_argument unless `o` is a permutation of 0 .. D - 1.
  explicit Shuffle(const std::array<Index, static_cast<std::size_t>(D)>& o) : order(o), given(true) {
    std::array<bool, static_cast<std::size_t>(D)> seen{};
    for (Index j : o) {
      if (j < 0 || j >= D || seen[static_cast<std::size_t>(j)])
        rheo::detail::fail("not a permutation of 0 .. " + std::to_string(D - 1));
      seen[static_cast<std::size_t>(j)] = true;
    }
  }
  template <class P> static auto unpack(P p) { return p.vector(0, "order"); }
  template <class T> void init(Params<T>, Params<T> buffers, Noise noise) const {
    const auto drawn = noise.permutation(D);
    for (Index j = 0; j < D; ++j)
      buffers.data()[j] =
          T(static_cast<double>(given ? order[static_cast<std::size_t>(j)] : drawn[static_cast<std::size_t>(j)]));
  }

  template <class T> bool valid_buffers(Params<const T> buffers) const {
    return rheo::detail::is_permutation<D>(buffers.data());
  }

  template <class T> struct Ready {
    const T* order;
    T log_det;
  };
  template <class T> Ready<T> ready(Params<const T>, Params<const T> buffers, Arena&, bool) const {
    return {buffers.data(), T(0)};
  }
  template <bool Encode, class T> void apply(const Ready<T>& r, CView<T> in, View<T> out, Arena&) const {
    for (Index j = 0; j < D; ++j) {
      const auto source = static_cast<Index>(autodiff::value_of(r.order[j]));
      column(out, Encode ? j : source) = column(in, Encode ? source : j);
    }
  }
  template <bool Encode, class T>
  void pull(const Ready<T>& r, CView<T>, CView<T> g_out, View<T> g_in, Arena& scratch) const {
    apply<!Encode, T>(r, g_out, g_in, scratch);
  }
  template <class T> void finish(const Ready<T>&, T, T, Params<const T>, Params<T>, Arena&) const {}
};

}  // namespace rheo::math
