// SPDX-License-Identifier: MIT
// Dense kernels: out = act(in W + b) and its pull, with branches for narrow ends and for one row.  Widths are run-time
// numbers, so one instantiation per scalar and activation serves every net.
#pragma once

#include "rheo/core/arena.hpp"
#include "rheo/core/params.hpp"
#include "rheo/core/product.hpp"
#include "rheo/nets/activation.hpp"

namespace rheo {

/// The activation of a last layer.
struct Identity {
  static constexpr bool from_value = true, smooth = true;
  template <class L> static L value(L a) { return a; }
  template <class L> static L pull(L, L, L g) { return g; }
};

namespace detail {

/// What the tiles do themselves behind a product.
template <class Act> inline constexpr bool in_tiles_v = std::is_same_v<Act, Relu> || std::is_same_v<Act, Identity>;

/// Up to here a product is a sweep down columns: tiles have too little to do before they write.
inline constexpr Index narrow = 4;

/// out = act(a + b) down one column; the pre-activation goes to `pre` if Act's slope needs it.
template <class T, class Act> void bias_act(const T* a, T b, Index n, T* pre, T* out) {
  math::sweep<T>(n, [=](auto at, Index i) {
    using L = typename decltype(at)::Number;
    const L x = at.load(a + i) + L(b);
    if constexpr (!Act::from_value) at.store(pre + i, x);
    at.store(out + i, Act::value(x));
  });
}

/// dense() for one row, contiguous in and out.
template <class T, class Act> [[gnu::noinline]] void dense_row(const T* in, CView<T> W, CColView<T> b, T* out, T* pre) {
  const Index k = W.rows(), h = W.cols();
  const auto act = [=](auto sum) {
    math::sweep<T>(h, [=](auto at, Index j) {
      using L = typename decltype(at)::Number;
      const L a = sum(at, j);
      if constexpr (!Act::from_value) at.store(pre + j, a);
      at.store(out + j, Act::value(a));
    });
  };
  if (k == 1 && W.outerStride() == 1) {
    act([x = in[0], w = W.data(), bias = b.data()](auto at, Index j) {
      return at.load(bias + j) + at.load(w + j) * typename decltype(at)::Number(x);
    });
    return;
  }
  if constexpr (tiled_v<T>) {
    Product<T> p = product_nn<T>(view_of(in, 1, k, 1), W, view_of(out, 1, h, 1));
    p.start = b.data();
    p.relu = std::is_same_v<Act, Relu>;
    multiply_row(p);
    if constexpr (!in_tiles_v<Act>) act([out](auto at, Index j) { return at.load(out + j); });
  } else {
    Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>(out, h) =
        W.matrix().transpose().lazyProduct(Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(in, k));
    act([out, bias = b.data()](auto at, Index j) { return at.load(out + j) + at.load(bias + j); });
  }
}

/// dense() for at most `narrow` inputs: one sweep down each column of the result.
template <class T, class Act> void dense_narrow(CView<T> in, CView<T> W, CColView<T> b, View<T> out, T* pre) {
  const Index n = in.rows(), k = in.cols();
  const T *x0 = in.data(), *x1 = x0 + (k > 1 ? in.outerStride() : 0), *x2 = x0 + (k > 2 ? 2 * in.outerStride() : 0),
          *x3 = x0 + (k > 3 ? 3 * in.outerStride() : 0);
  for (Index j = 0; j < out.cols(); ++j) {
    T* o = column(out, j).data();
    T* p = pre + (Act::from_value ? 0 : j * n);
    const T* w = column(W, j).data();
    const T bj = b(j), w0 = k > 0 ? w[0] : T(0), w1 = k > 1 ? w[1] : T(0), w2 = k > 2 ? w[2] : T(0),
            w3 = k > 3 ? w[3] : T(0);
    auto run = [&](auto value) {
      math::sweep<T>(n, [=](auto at, Index i) {
        using L = typename decltype(at)::Number;
        const L a = value(at, i, L(bj));
        if constexpr (!Act::from_value) at.store(p + i, a);
        at.store(o + i, Act::value(a));
      });
    };
    switch (k) {
      case 0: run([](auto, Index, auto a) { return a; }); break;
      case 1: run([=](auto at, Index i, auto a) { return a + at.load(x0 + i) * decltype(a)(w0); }); break;
      case 2:
        run([=](auto at, Index i, auto a) {
          return a + at.load(x0 + i) * decltype(a)(w0) + at.load(x1 + i) * decltype(a)(w1);
        });
        break;
      default:
        run([=](auto at, Index i, auto a) {
          a = a + at.load(x0 + i) * decltype(a)(w0) + at.load(x1 + i) * decltype(a)(w1) +
              at.load(x2 + i) * decltype(a)(w2);
          return k > 3 ? a + at.load(x3 + i) * decltype(a)(w3) : a;
        });
    }
  }
}

/// out (n x h) = act(in (n x k) W (k x h) + b).  `pre` (n x h) keeps the pre-activation when Act's slope needs it.
template <class T, class Act>
[[gnu::noinline]] void dense(CView<T> in, CView<T> W, CColView<T> b, View<T> out, T* pre) {
  const Index n = in.rows(), h = out.cols();
  if (n == 1 && in.outerStride() == 1 && out.outerStride() == 1)
    return dense_row<T, Act>(in.data(), W, b, out.data(), pre);
  if (in.cols() <= narrow) return dense_narrow<T, Act>(in, W, b, out, pre);
  const auto sums = Act::from_value ? out : view_of(pre, n, h, n);
  if constexpr (tiled_v<T>) {
    Product<T> p = product_nn<T>(in, W, sums);
    p.start = b.data();
    p.relu = std::is_same_v<Act, Relu>;
    multiply(p);
  } else {
    gemm_nn<T>(in, W, sums);
  }
  if constexpr (!tiled_v<T> || !in_tiles_v<Act>) {
    for (Index j = 0; j < h; ++j)
      bias_act<T, Act>(column(sums, j).data(), tiled_v<T> ? T(0) : b(j), n, column(sums, j).data(),
                       column(out, j).data());
  }
}

/// From the cotangent of a layer's values to that of its pre-activations, in place, with the bias's gradient.
template <class T, class Act> [[gnu::noinline]] void act_pull(View<T> g, CView<T> h, const T* pre, ColView<T> g_b) {
  const Index n = g.rows();
  for (Index j = 0; j < g.cols(); ++j) {
    T* gj = column(g, j).data();
    const T* hj = column(h, j).data();
    const T* aj = pre + (Act::from_value ? 0 : j * n);
    g_b(j) += math::sweep_sum<T>(n, [=](auto at, Index i) {
      using L = typename decltype(at)::Number;
      L a(0);
      if constexpr (!Act::from_value) a = at.load(aj + i);
      const L s = Act::pull(a, at.load(hj + i), at.load(gj + i));
      at.store(gj + i, s);
      return s;
    });
  }
}

/// g_W += in' g for pre-activation cotangents g (n x h).
template <class T> void weight_pull(CView<T> in, CView<T> g, View<T> g_W) {
  const Index k = in.cols(), h = g.cols();
  if constexpr (tiled_v<T>) {
    if (k <= narrow && k <= h) return add_few_dots<T>(g, in, g_W.data(), g_W.outerStride(), 1);
    if (h <= narrow) return add_few_dots<T>(in, g, g_W.data(), 1, g_W.outerStride());
  }
  gemm_tn_add<T>(in, g, g_W);
}

/// The pull of a layer whose input is the batch itself: g_W += in' g, g_in = g W'.
template <class T> [[gnu::noinline]] void first_pull(CView<T> in, CView<T> W, CView<T> g, View<T> g_W, View<T> g_in) {
  weight_pull<T>(in, g, g_W);
  gemm_nt<T>(g, W, g_in);
}

/// g_a = (g W') act'(a) with h = act(a), g_b += its sums.
template <class T, class Act>
[[gnu::noinline]] void input_act_pull(CView<T> h, const T* pre, CView<T> W, CView<T> g, View<T> g_a, ColView<T> g_b) {
  if constexpr (tiled_v<T> && std::is_same_v<Act, Relu>) {
    Product<T> p = product_nt<T>(g, W, g_a);
    p.gate = h.data();
    p.ldg = h.outerStride();
    p.sums = g_b.data();
    multiply(p);
  } else {
    gemm_nt<T>(g, W, g_a);
    act_pull<T, Act>(g_a, h, pre, g_b);
  }
}

/// The pull of a layer whose input h = act(a) is the layer before it: g_W += h' g, g_a = (g W') act'(a), g_b of the
/// layer before += g_a.
template <class T, class Act>
[[gnu::noinline]] void dense_pull(CView<T> h, const T* pre, CView<T> W, CView<T> g, View<T> g_W, View<T> g_a,
                                  ColView<T> g_b) {
  weight_pull<T>(h, g, g_W);
  const Index n = g.rows();
  if (tiled_v<T> && g.cols() <= 2) {  // outer product, slope and sum in one sweep down each column
    const bool two = g.cols() > 1;
    const T *g0 = g.data(), *g1 = g0 + (two ? g.outerStride() : 0);
    for (Index r = 0; r < h.cols(); ++r) {
      T* o = column(g_a, r).data();
      const T* hr = column(h, r).data();
      const T* ar = pre + (Act::from_value ? 0 : r * n);
      const T w0 = W(r, 0), w1 = two ? W(r, 1) : T(0);
      g_b(r) += math::sweep_sum<T>(n, [=](auto at, Index i) {
        using L = typename decltype(at)::Number;
        L a(0);
        if constexpr (!Act::from_value) a = at.load(ar + i);
        const L s = Act::pull(a, at.load(hr + i), at.load(g0 + i) * L(w0) + at.load(g1 + i) * L(w1));
        at.store(o + i, s);
        return s;
      });
    }
    return;
  }
  input_act_pull<T, Act>(h, pre, W, g, g_a, g_b);
}

/// out = in W, one or two inputs in one sweep down each column.
template <class T> [[gnu::noinline]] void slim_product(CView<T> in, CView<T> W, View<T> out) {
  const Index k = in.cols();
  if (k == 0 || k > 2) return gemm_nn<T>(in, W, out);
  for (Index j = 0; j < W.cols(); ++j) {
    if (k == 2) column(out, j) = column(in, 0) * W(0, j) + column(in, 1) * W(1, j);
    else column(out, j) = column(in, 0) * W(0, j);
  }
}
/// out = in W'.
template <class T> [[gnu::noinline]] void slim_product_t(CView<T> in, CView<T> W, View<T> out) {
  const Index k = in.cols();
  if (k == 0 || k > 2) return gemm_nt<T>(in, W, out);
  for (Index j = 0; j < W.rows(); ++j) {
    if (k == 2) column(out, j) = column(in, 0) * W(j, 0) + column(in, 1) * W(j, 1);
    else column(out, j) = column(in, 0) * W(j, 0);
  }
}

#define RHEO_COMPILE_DENSE(T, Act)                                                \
  RHEO_COMPILE(void dense<T, Act>(CView<T>, CView<T>, CColView<T>, View<T>, T*)); \
  RHEO_COMPILE(void dense_pull<T, Act>(CView<T>, const T*, CView<T>, CView<T>, View<T>, View<T>, ColView<T>))
#define RHEO_COMPILE_LINEAR(T)                                                         \
  RHEO_COMPILE(void first_pull<T>(CView<T>, CView<T>, CView<T>, View<T>, View<T>));    \
  RHEO_COMPILE(void slim_product<T>(CView<T>, CView<T>, View<T>));                     \
  RHEO_COMPILE(void slim_product_t<T>(CView<T>, CView<T>, View<T>));                   \
  RHEO_COMPILE(void dense<T, Identity>(CView<T>, CView<T>, CColView<T>, View<T>, T*)); \
  RHEO_COMPILE_DENSE(T, Relu);                                                         \
  RHEO_COMPILE_DENSE(T, Tanh)
RHEO_COMPILE_LINEAR(float);
RHEO_COMPILE_LINEAR(double);
#undef RHEO_COMPILE_LINEAR
#undef RHEO_COMPILE_DENSE

}  // namespace detail
}  // namespace rheo
