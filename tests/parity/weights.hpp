// SPDX-License-Identifier: MIT
// What the parity tests share: copying PyTorch Linear layers into a model's parameters, residual conditioners and scale maps of other
// libraries, and the comparison of whole flows.
#pragma once

#include <vector>

#include "catch.hpp"
#include "reference.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/nets/mlp.hpp"

namespace rheo_test {
using namespace rheo;
using Places = std::vector<Index>;

/// Fills a model's parameters in the order in which they stand.
struct Importer {
  const Reference& reference;
  Params<double> theta;

  /// name.weight (out, in), times name.mask if `masked`, and name.bias.  Our output k is their out[k], our input i their in[i].
  void linear(const std::string& name, const Places& out = {}, const Places& in = {}, bool masked = false) {
    const Batch<double> weight = reference.batch(name + ".weight"), bias = reference.batch(name + ".bias");
    View<double> W = theta.matrix(weight.cols(), weight.rows());
    ColView<double> b = theta.vector(weight.rows());
    const Batch<double> mask = masked ? reference.batch(name + ".mask") : Batch<double>::Ones(weight.rows(), weight.cols());
    for (Index k = 0; k < W.cols(); ++k) {
      const Index o = out.empty() ? k : out[static_cast<std::size_t>(k)];
      b(k) = bias(o, 0);
      for (Index i = 0; i < W.rows(); ++i) {
        const Index from = in.empty() ? i : in[static_cast<std::size_t>(i)];
        W(i, k) = weight(o, from) * mask(o, from);
      }
    }
  }
  /// A tensor as it stands.
  void values(const std::string& name) {
    const Batch<double> t = reference.batch(name);
    for (Index i = 0; i < t.size(); ++i) theta.scalar() = t.data()[i];
  }
  bool done() const { return theta.size() == 0; }
};

/// h = initial(x); h += second(relu(first(relu(h)))) for each block; final(h): a conditioner of rheo's contract for values alone.
/// In an autoregressive wiring the masks are in the weights, and unrolling is a full pass for every coordinate.
template <Index In, Index Out, Index H, std::size_t Blocks, bool Masked> struct ResidualNet {
  static constexpr bool smooth = false, masked = Masked;
  static constexpr Index param_count = (In + 1) * H + static_cast<Index>(2 * Blocks) * (H + 1) * H + (H + 1) * Out;
  template <class T> struct Cache {};
  template <class Q> static auto unpack(Q p) {
    using Pair = std::pair<decltype(p.matrix(0, 0)), decltype(p.vector(0))>;
    const auto next = [&](Index in, Index out) {
      auto W = p.matrix(in, out, "weight");
      return Pair{W, p.vector(out, "bias")};
    };
    std::vector<Pair> layers{next(In, H)};
    for (std::size_t l = 0; l < 2 * Blocks; ++l) layers.push_back(next(H, H));
    layers.push_back(next(H, Out));
    return layers;
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }
  template <class T> void map(NetPass<T, Cache<T>> p) const {
    const auto layers = unpack(p.theta);
    const auto linear = [&](const Batch<T>& x, std::size_t l) {
      Batch<T> y = (x.matrix() * layers[l].first.matrix()).array();
      for (Index j = 0; j < y.cols(); ++j) y.col(j) += layers[l].second(j);
      return y;
    };
    Batch<T> h = linear(p.in, 0);
    for (std::size_t b = 0; b < Blocks; ++b) h += linear(linear(h.max(T(0)), 2 * b + 1).max(T(0)), 2 * b + 2);
    p.out = linear(h, 2 * Blocks + 1);
  }
  template <class T, class Fill> void unroll(NetPass<T, Cache<T>> p, Fill fill) const {
    Batch<T> known = Batch<T>::Zero(p.in.rows(), In);
    for (Index j = 0; j < In; ++j) {
      map(NetPass<T, Cache<T>>{view(std::as_const(known)), p.out, p.theta, p.context, p.cache, p.scratch});
      fill(j);
      known.col(j) = column(p.in, j);
    }
  }
};
template <Index H, std::size_t Blocks> struct ResidualCoupling {
  template <Index In, Index Out, Index C = 0> using net = ResidualNet<In, Out, H, Blocks, false>;
};
template <Index H, std::size_t Blocks> struct ResidualMade {
  template <Index D, Index P, Index C = 0> using net = ResidualNet<D, D * P, H, Blocks, true>;
};

/// Scale softplus(a) + 0.001.
struct SoftplusPlusScale {
  template <class L> L log_scale(L a) const {
    using std::log;
    return log(math::softplus(a) + L(1e-3));
  }
};
/// s = a / (1 + |a / log 0.001|).
struct SoftclipScale {
  template <class L> L log_scale(L a) const {
    using std::abs;
    return a / (L(1) + abs(a * L(1 / 6.907755278982137)));
  }
};

inline double worst_relative(const Batch<double>& a, const Batch<double>& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  REQUIRE(a.allFinite());
  return ((a - b).abs() / (1 + b.abs())).maxCoeff();
}

/// log_prob, z and log_det of x; the sample that noise gives, and its log_det: all that the file has, to 1e-10.
template <class M> void check_parity(const M& model, const Reference& r) {
  const Batch<double> x = r.batch("x"), noise = r.batch("noise");
  const auto base = [](const Batch<double>& z) { return Batch<double>(-0.5 * z.square().rowwise().sum() - 0.91893853320467274178 * static_cast<double>(z.cols())); };
  const Batch<double> context = r.has("context") ? r.batch("context") : Batch<double>(x.rows(), 0);
  const Batch<double> log_prob = model.log_prob(x, context), sample = model.decode(noise, {}, context), log_prob_of_sample = model.log_prob(sample, context);
  CHECK(worst_relative(log_prob, r.batch("log_prob")) < 1e-10);
  CHECK(worst_relative(sample, r.batch("sample")) < 1e-10);
  if (r.has("z")) CHECK(worst_relative(model.encode(x, {}, context), r.batch("z")) < 1e-10);
  if (r.has("log_det")) CHECK(worst_relative(log_prob - base(r.batch("z")), r.batch("log_det")) < 1e-10);
  if (r.has("sample_log_det") && r.has("z")) CHECK(worst_relative(base(noise) - log_prob_of_sample, r.batch("sample_log_det")) < 1e-10);
}

}  // namespace rheo_test
