// SPDX-License-Identifier: MIT
// Laws that hold in the mean over draws: gradients of layers that draw, and the evidence of bounds.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "rheo/evaluation/base_of.hpp"
#include "rheo/evaluation/subject.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// The larger; infinity if either is NaN.
inline double worst(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::infinity() : std::max(a, b);
}

/// The mean over draws of g_out . out + v along one direction of parameters and context: fourth-order differences with
/// draws in common against the mean of the pulls, block by block, so that the blocks tell the error.  A draw of whole
/// numbers shows here, where a dual number sees no slope.  The step is long, so that such draws change.  Where that
/// would convict, shorter ones tell whether it is the function that bends: unless draws change, their error does not
/// grow.
template <bool Encode, class Real>
double mean_gradient(const Subject& s, Runner<Real>& d, const Batch<Real>& some, const Batch<Real>& contexts,
                     Noise noise) {
  const auto random = [&](Index n, Index c, std::uint64_t key) {
    Batch<Real> x(n, c);
    noise.fork(key).normals(view(x));
    return x;
  };
  const Index blocks = 100, n = 370, out_dim = Encode ? s.z_dim : s.x_dim;
  const Column<Real> theta = d.theta, buffers = d.buffers;
  Batch<Real> d_theta = random(s.param_count, 1, 26), d_context = random(1, s.context_dim, 27), at(n, some.cols()),
              context(n, s.context_dim);
  const double length = std::sqrt(d_theta.square().sum() + d_context.square().sum());
  d_theta /= length, d_context /= length;
  for (Index i = 0; i < n; ++i) at.row(i) = some.row(i % some.rows()), context.row(i) = contexts.row(i % some.rows());
  const Batch<Real> d_contexts = d_context.replicate(n, 1), g_out = random(1, out_dim, 28).replicate(n, 1);
  const Column<Real> g_v = Column<Real>::Ones(n);
  Batch<Real> out, g_in, g_context(n, s.context_dim);
  Column<Real> v, pulled(blocks), slope(blocks), g_theta(s.param_count);
  auto key = [&](Index b) { return noise.fork(10).fork(static_cast<std::uint64_t>(b)); };
  auto f = [&](Index b, double step) {
    d.theta = theta + step * d_theta.col(0);
    d.buffers = buffers;
    s.follow(d.theta, d.buffers);
    d.template call<Encode>(at, context + step * d_contexts, key(b), out, v);
    return ((g_out * out).sum() + v.sum()) / static_cast<double>(n);
  };
  for (Index b = 0; b < blocks; ++b) {
    f(b, 0);
    g_theta.setZero(), g_context.setZero();
    d.template pull<Encode>(at, out, context, key(b), g_out, g_v, g_in, g_theta, g_context);
    pulled(b) = ((g_theta * d_theta.col(0)).sum() + (g_context * d_contexts).sum()) / static_cast<double>(n);
  }
  double least = std::numeric_limits<double>::infinity(), known = least;
  for (double h = 0.1; h > 0.001 && !(least <= 5); h /= 4) {
    for (Index b = 0; b < blocks; ++b) slope(b) = (8 * (f(b, h) - f(b, -h)) - (f(b, 2 * h) - f(b, -2 * h))) / (12 * h);
    const Column<Real> gap = slope - pulled;
    const double spread = std::sqrt((gap - gap.mean()).square().sum() / static_cast<double>(blocks * (blocks - 1)));
    const double error = spread + 3e-4 * slope.abs().mean() + 1e-6;
    if (error > 1.5 * known) break;
    known = std::min(known, error);
    least = std::min(least, worst(std::abs(gap.mean()) / error, 0));
  }
  f(0, 0);  // the parameters as they were
  return least;
}

/// The integral over x and the encoder's noise of exp(V) p(z) (Encode), or over z and the decoder's of exp(-V) p(x), by
/// importance sampling: its distance from 1 in standard errors. One context in every row says how many draws.  Negative
/// where a base of the subject's own, which cannot be made narrow, left a hundredth of all weight with one draw: then a
/// standard error tells nothing.
template <bool Encode, class Real>
double evidence(const Subject& s, Runner<Real>& d, const Batch<Real>& context, Noise noise) {
  const Index n = context.rows();
  const auto &from = Encode ? s.x_support : s.z_support, &to = Encode ? s.z_support : s.x_support;
  const auto &from_counts = Encode ? s.x_categories : s.z_categories,
             &to_counts = Encode ? s.z_categories : s.x_categories;
  const Batch<Real> in = draw_base(from, from_counts, n, noise.fork(33), 1);
  Batch<Real> out;
  Column<Real> v, log_r = Column<Real>::Zero(n);
  d.template call<Encode>(in, context, noise.fork(34), out, v);
  if (!Encode) v = -v;
  add_base(to, to_counts, out, v, 0.5);  // narrow, so that the weights are bounded
  add_base(from, from_counts, in, log_r, 1);
  const Column<Real> w = (v - log_r).exp();
  if (Encode && s.z_dim == 0 && w.maxCoeff() > 0.01 * w.sum()) return -1;
  const double mean = w.mean(), error = std::sqrt((w - mean).square().sum()) / static_cast<double>(n);
  return worst(std::abs(mean - 1) / (error + 1e-12), 0);
}

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
