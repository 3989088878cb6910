// SPDX-License-Identifier: MIT
// Largest singular value of a dense matrix from above: power iteration from kept vectors, proven by a Cholesky
// factorisation.
//   Golub and Van Loan, Matrix Computations, 4th ed., sec. 8.2 and 8.6;  used on weights as Miyato et al. 2018,
//     arXiv:1802.05957, alg. 1.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

#include "rheo/core/product.hpp"
#include "rheo/platform/compiled.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// Matrices whose shorter side is at most this long are solved exactly.
inline constexpr Index spectral_exact = 32;
/// What is added to the estimate of a longer one: the largest singular value is never above (1 + margin) u' W v.
inline constexpr double spectral_margin = 0.01;

namespace detail {

using SmallMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, spectral_exact, spectral_exact>;

/// One thread's workspace, so that following the parameters allocates once.
inline rheo::detail::Memory& spectral_memory() {
  thread_local rheo::detail::Memory memory;
  return memory;
}

/// out = W' W or W W', the smaller of the two.
inline void gram(CView<double> W, View<double> out) {
  out.setZero();
  if (W.cols() <= W.rows()) gemm_tn_add<double>(W, W, out);
  else gemm_nt<double>(W, W, out);
}

template <class V> void to_unit(V v) {
  const auto norm = v.matrix().norm();
  if (norm > 0 && std::isfinite(norm)) {
    v /= norm;
  } else {  // nothing to go by: any direction that no structure of W is likely to be orthogonal to
    for (Index i = 0; i < v.size(); ++i)
      v(i) = static_cast<typename V::Scalar>(1 + 0.5 * std::sin(3.7 * static_cast<double>(i) + 1));
    v /= v.matrix().norm();
  }
}

/// The eigenvector of G's largest eigenvalue.
template <class Matrix>
[[gnu::noinline]] Eigen::Matrix<double, Eigen::Dynamic, 1, 0, Matrix::MaxRowsAtCompileTime, 1> top_eigenvector(
    CView<double> G) {
  const Matrix own = G.matrix();
  return Eigen::SelfAdjointEigenSolver<Matrix>(own).eigenvectors().col(G.cols() - 1);
}

}  // namespace detail

/// Moves the unit vectors u (rows of W) and v (columns) to the leading pair of singular vectors, from where they stand,
/// and returns the factor r >= 1 for which norm(W) <= r u' W v is proven (up to rounding, eps^(1/2) for float weights);
/// infinity for a W that is not finite. Shorter side up to 32: exact.  Above: at most `iterations` rounds, fewer when
/// u' W v has settled; then I s^2 - W' W must have a Cholesky factor for s = (1 + margin) u' W v, else ten times the
/// rounds, else an exact solution (which allocates).
template <class T> double leading_pair(CView<T> W, ColView<T> u, ColView<T> v, int iterations) {
  const Index k = W.rows(), h = W.cols(), m = std::min(k, h);
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  if (!W.isFinite().all()) return std::numeric_limits<double>::infinity();
  if (k == 0 || h == 0) return 1;
  auto& memory = detail::spectral_memory();
  memory.grow(sizeof(double) * static_cast<std::size_t>(k * h + m * m));
  double* const room = reinterpret_cast<double*>(memory.data());
  View<double> wide = view_of(room, k, h, k), G = view_of(room + k * h, m, m, m);
  wide = W.template cast<double>();
  const auto from_top = [&](const auto& top) {  // the eigenvector of the Gram matrix, and its partner
    if (h <= k) {
      v = top.array().template cast<T>();
      u.matrix().noalias() = W.matrix() * v.matrix();
      detail::to_unit(u);
    } else {
      u = top.array().template cast<T>();
      v.matrix().noalias() = W.matrix().transpose() * u.matrix();
      detail::to_unit(v);
    }
  };
  if (m <= spectral_exact) {
    detail::gram(read(wide), G);
    from_top(detail::top_eigenvector<detail::SmallMatrix>(read(G)));
    return 1 + 64 * eps;
  }
  const auto settle = [&](int rounds) {
    detail::to_unit(v);
    double before = 0;
    for (int i = 0; i < rounds; ++i) {
      u.matrix().noalias() = W.matrix() * v.matrix();
      detail::to_unit(u);
      v.matrix().noalias() = W.matrix().transpose() * u.matrix();
      const double sigma = static_cast<double>(v.matrix().norm());
      detail::to_unit(v);
      if (std::abs(sigma - before) <= 1e-14 * sigma) break;
      before = sigma;
    }
    return static_cast<double>(u.matrix().dot(W.matrix() * v.matrix()));
  };
  for (int rounds = std::max(1, iterations); rounds <= 1000 * std::max(1, iterations); rounds *= 10) {
    const double sigma = settle(rounds), s = (1 + spectral_margin) * sigma * (1 - 8 * eps);
    if (sigma <= std::numeric_limits<double>::min()) {
      if (wide.abs().maxCoeff() == 0) return 1;
      break;
    }
    detail::gram(read(wide), G);
    G = -G;
    for (Index i = 0; i < m; ++i) G(i, i) += s * s;
    auto lower = G.matrix();
    if (Eigen::internal::llt_inplace<double, Eigen::Lower>::blocked(lower) < 0) return 1 + spectral_margin;
  }
  detail::gram(read(wide), G);
  from_top(detail::top_eigenvector<Eigen::MatrixXd>(read(G)));
  return 1 + 64 * eps;
}

RHEO_COMPILE(double leading_pair<float>(CView<float>, ColView<float>, ColView<float>, int));
RHEO_COMPILE(double leading_pair<double>(CView<double>, ColView<double>, ColView<double>, int));

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
