// SPDX-License-Identifier: MIT
// Flows trained with SurVAE's library (PyTorch): absolute values, augmentation, affine couplings, ActNorm,
// permutations, from flow.state_dict() as safetensors (examples/import/save_survae.py).
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "rheo/distributions/normal.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/io/import/walk.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/surjections/abs.hpp"

namespace rheo::io {
namespace survae {

/// SimpleAbsSurjection();  Augment(StandardNormal((M,)), x_size = D).
template <Index D> using SimpleAbsSurjection = Abs<D>;
template <Index D, Index M> using Augment = rheo::Augment<D, M, Fixed<StandardNormal>>;
/// SoftplusInverse();  Logit() of numbers that are positive, behind Abs.  They hold numbers within 1e-7 and 1e-6 of an
/// edge there; ours go on.
template <Index D> using SoftplusInverse = SoftplusInverseMap<D>;
template <Index D> using Logit = LogitUpToMap<D>;
/// AffineCouplingBijection(Sequential(MLP(.., .., [H...]), ElementwiseParams(2))) with scale_fn = exp, as it is by
/// default; Additive the same with 1.
template <Index D, Index... H>
using AffineCouplingBijection = Coupling<D, ScaleShift<Exp>, Mlp<H...>, 0, LargerHalfPasses<D>>;
template <Index D, Index... H> using AdditiveCouplingBijection = Coupling<D, Shift, Mlp<H...>, 0, LargerHalfPasses<D>>;
/// ActNormBijection(D), Reverse(D); Shuffle and Permute, whose order the file has.
template <Index D> using ActNormBijection = ActNorm<D>;
template <Index D> using Reverse = Flip<D>;
template <Index D> using Shuffle = Permute<D>;

namespace detail {

struct Reader {
  static constexpr io::detail::Library library = io::detail::survae_names;
  static constexpr bool forwards = true;
  io::detail::StateDict& dict;
  Index layer = 0;

  template <bool Forwards, class L> void operator()(const L& l, Params<double> theta, Params<double> buffers) {
    read<Forwards>(l, theta, buffers);
  }

 private:
  std::string next() { return "transforms." + std::to_string(layer++); }

  template <bool Forwards, class L> void read(const L&, Params<double>, Params<double>) {
    static_assert(sizeof(L) == 0, "rheo: from_survae does not know this layer: it imports those of io::survae");
  }
  template <bool Forwards, Index D> void read(const Abs<D>&, Params<double>, Params<double>) { next(); }
  template <bool Forwards, Index D, Index K>
  void read(const Slice<D, K, Fixed<StandardNormal>>&, Params<double>, Params<double>) {
    dict.expect_all(next() + (Forwards ? ".decoder.buffer" : ".encoder.buffer"), io::detail::shape_of({1}), 0);
  }
  template <bool Forwards, Index D> void read(const SoftplusInverseMap<D>&, Params<double>, Params<double>) { next(); }
  template <bool Forwards, Index D> void read(const LogitUpToMap<D>&, Params<double>, Params<double>) { temperature(); }
  template <bool Forwards, Index D> void read(const LogitMap<D>&, Params<double>, Params<double>) { temperature(); }
  void temperature() { dict.expect_all(next() + ".temperature", io::detail::shape_of({1}), 1); }

  template <bool Forwards, Index D, class Transformer, class Net, class M>
  void read(const Coupling<D, Transformer, Net, 0, M>&, Params<double> theta, Params<double>) {
    using L = Coupling<D, Transformer, Net, 0, M>;
    using N = typename L::Conditioner;
    constexpr bool affine = std::is_same_v<Transformer, ScaleShift<Exp>>;
    static_assert(Forwards, "rheo: from_survae: inverted couplings are not imported");
    static_assert(affine || std::is_same_v<Transformer, Shift>,
                  "rheo: from_survae: couplings have ScaleShift<Exp> or Shift");
    static_assert(io::detail::is_mlp<N>, "rheo: from_survae: the net must be an Mlp<64, 64>");
    static_assert(
        [] {
          for (Index j = 0; j < D; ++j) {
            if (M::transformed(j) != LargerHalfPasses<D>::transformed(j)) return false;
          }
          return true;
        }(),
        "rheo: from_survae: couplings have the mask io::LargerHalfPasses<D>");
    const std::string at = next();
    io::detail::Places outputs;  // theirs are all log-scales, then all shifts
    for (Index k = 0; affine && k < 2 * L::K; ++k) outputs.push_back((1 - k % 2) * L::K + k / 2);
    io::detail::read_mlp<N>(
        dict, theta, [&](std::size_t l) { return at + ".coupling_net.0." + std::to_string(2 * l); }, outputs);
  }
  /// Theirs is (x - shift) e^(-log_scale).
  template <bool Forwards, Index D> void read(const ActNorm<D>&, Params<double> theta, Params<double> buffers) {
    static_assert(Forwards, "rheo: from_survae: inverted layers are not imported");
    const std::string at = next();
    auto [s, b] = ActNorm<D>::unpack(theta);
    const bool scale = dict.vector(at + ".log_scale", io::detail::shape_of({1, D}), s),
               shift = dict.vector(at + ".shift", io::detail::shape_of({1, D}), b);
    dict.flag(at + ".initialized", io::detail::shape_of({1}), buffers);
    if (!scale || !shift) return;
    s = -s;
    b = -b * s.exp();
  }
  template <bool Forwards, Index D> void read(const Flip<D>&, Params<double>, Params<double>) {
    std::vector<std::int64_t> order;
    for (Index j = 0; j < D; ++j) order.push_back(D - 1 - j);
    dict.expect(next() + ".permutation", io::detail::shape_of({D}), order);
  }
  template <bool Forwards, Index D> void read(const Permute<D>&, Params<double>, Params<double> buffers) {
    static_assert(Forwards, "rheo: from_survae: inverted layers are not imported");
    dict.permutation<D>(next() + ".permutation", buffers);
  }
  template <bool Forwards, Index D> void read(const StandardNormal<D>&, Params<double>, Params<double>) {
    dict.expect_all("base_dist.buffer", io::detail::shape_of({1}), 0);
  }
  template <bool Forwards, Index D> void read(const DiagonalNormal<D>&, Params<double> theta, Params<double>) {
    auto [mean, log_scale] = DiagonalNormal<D>::unpack(theta);
    dict.vector("base_dist.loc", io::detail::shape_of({D}), mean);
    dict.vector("base_dist.log_scale", io::detail::shape_of({D}), log_scale);
  }
};

}  // namespace detail
}  // namespace survae

/// A model of flow F, made of io::survae's layers, with the weights in `path`: flow.state_dict() of survae_flows at
/// 271a31d as safetensors.  FileError lists every tensor that is missing, left over, of another shape or order, of half
/// precision or not finite.
template <class F> Model<F, double> from_survae(const std::string& path, F flow = {}, const TensorLimits& limits = {}) {
  return detail::import_model<survae::detail::Reader>(detail::read_state_dict(path, limits), path, std::move(flow));
}
/// The same of tensors in memory; `name` stands for them in errors.
template <class F> Model<F, double> from_survae(const TensorFile& state, const std::string& name, F flow = {}) {
  return detail::import_model<survae::detail::Reader>(state, name, std::move(flow));
}

}  // namespace rheo::io
