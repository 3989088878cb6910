// SPDX-License-Identifier: MIT
// mean_gradient: whether the pulls of a layer that draws are, in the mean, the gradient of its mean.  Where draws are whole numbers a dual number sees
// no slope, and this is the only law that does.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/evaluation/layer_bench.hpp"

namespace rheo::detail {

/// The mean over draws of g_out . out + v along one direction of parameters and context: fourth-order differences with draws in common against the
/// mean of the pulls, block by block, so that the blocks tell the error.  In standard errors; differences are trusted to 3e-4 of the slope.
/// `follow` brings the untrained state up to the parameters.
template <bool Encode, class L, class Follow>
double mean_gradient(LayerBench<L, double>& d, const Batch<double>& some, const Batch<double>& contexts, Noise noise, Follow follow) {
  const Index blocks = 100, n = 370, out_dim = Encode ? L::z_dim : L::x_dim;
  const Vector<double> theta = d.theta;
  Batch<double> d_theta(L::param_count, 1), d_context(1, L::context_dim), g_out(1, out_dim), at(n, some.cols()), context(n, L::context_dim);
  noise.fork(1).normals(view(d_theta)), noise.fork(2).normals(view(d_context)), noise.fork(3).normals(view(g_out));
  const double length = std::sqrt(d_theta.square().sum() + d_context.square().sum()), h = 0.1;
  d_theta /= length, d_context /= length;
  for (Index i = 0; i < n; ++i) at.row(i) = some.row(i % some.rows()), context.row(i) = contexts.row(i % contexts.rows());
  const Batch<double> d_contexts = d_context.replicate(n, 1), g_outs = g_out.replicate(n, 1);
  const Column<double> g_v = Column<double>::Ones(n);
  Batch<double> out, g_in, g_context(n, L::context_dim);
  Column<double> v, gap(blocks);
  Vector<double> g_theta(L::param_count);
  double size = 0;
  for (Index b = 0; b < blocks; ++b) {
    const Noise key = noise.fork(4).fork(static_cast<std::uint64_t>(b));
    auto f = [&](double s) {
      d.theta = theta + s * d_theta.col(0);
      follow();
      d.template call<Encode>(at, context + s * d_contexts, key, out, v);
      return ((g_outs * out).sum() + v.sum()) / static_cast<double>(n);
    };
    const double slope = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
    f(0);
    g_theta.setZero(), g_context.setZero();
    d.template pull<Encode>(at, out, context, key, g_outs, g_v, g_in, g_theta, g_context);
    gap(b) = slope - ((g_theta * d_theta.col(0)).sum() + (g_context * d_contexts).sum()) / static_cast<double>(n);
    size += std::abs(slope) / static_cast<double>(blocks);
  }
  const double mean = gap.mean(), error = std::sqrt((gap - mean).square().sum() / static_cast<double>(blocks * (blocks - 1)));
  const double far = std::abs(mean) / (error + 3e-4 * size + 1e-6);
  return std::isnan(far) ? std::numeric_limits<double>::infinity() : far;
}

}  // namespace rheo::detail
