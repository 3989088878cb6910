// SPDX-License-Identifier: MIT
// Flows trained with normflows (PyTorch): affine couplings, ActNorm, permutations, whose layers run from noise to data:
// the inverse of a chain.  From model.state_dict() as safetensors (examples/import/save_normflows.py).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rheo/distributions/normal.hpp"
#include "rheo/io/import/walk.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"

namespace rheo::io {
namespace normflows {

/// AffineCouplingBlock(MLP([.., H..., ..])) as it is by default: scale_map = "exp", split_mode = "channel".
template <Index D, Index... H>
using AffineCouplingBlock = Coupling<D, ScaleShift<Exp>, Mlp<H...>, 0, LargerHalfPasses<D>>;
/// MaskedAffineFlow(b, t, s) with t and s both MLP([D, H..., D]): Mask is 1 where b is 0.  One net holds the two side
/// by side, of widths 2 H.
template <Index D, class Mask, Index... H>
using MaskedAffineFlow = Coupling<D, ScaleShift<Exp>, Mlp<2 * H...>, 0, Mask>;
/// Permute(D, mode = "swap") and Permute(D, mode = "shuffle"), whose order the file has;  ActNorm(D).
template <Index D> using Swap = Invert<Exchange<D>>;
template <Index D> using Shuffle = Permute<D>;
template <Index D> using ActNorm = rheo::ActNorm<D>;
/// base.DiagGaussian(D).
template <Index D> using DiagGaussian = DiagonalNormal<D>;

/// NormalizingFlow(Base, [Layers...]).
template <class Base, class... Layers> using NormalizingFlow = Flow<Invert<Chain<Layers...>>, Base>;

namespace detail {

struct Reader {
  static constexpr io::detail::Library library = io::detail::normflows_names;
  static constexpr bool forwards = false;
  io::detail::StateDict& dict;
  Index layer = 0;

  template <bool Forwards, class L> void operator()(const L& l, Params<double> theta, Params<double> buffers) {
    read<Forwards>(l, theta, buffers);
  }

 private:
  std::string next() { return "flows." + std::to_string(layer++); }

  template <bool Forwards, class L> void read(const L&, Params<double>, Params<double>) {
    static_assert(sizeof(L) == 0, "rheo: from_normflows does not know this layer: it imports those of io::normflows");
  }
  template <bool Forwards, Index D, class Transformer, class Net, class M>
  void read(const Coupling<D, Transformer, Net, 0, M>&, Params<double> theta, Params<double>) {
    using L = Coupling<D, Transformer, Net, 0, M>;
    using N = typename L::Conditioner;
    static_assert(Forwards,
                  "rheo: from_normflows: layers run from noise to data: io::normflows::NormalizingFlow<Base, "
                  "Layers...> inverts them");
    static_assert(std::is_same_v<Transformer, ScaleShift<Exp>> || std::is_same_v<Transformer, Shift>,
                  "rheo: from_normflows: couplings have ScaleShift<Exp> or Shift");
    static_assert(io::detail::is_mlp<N>, "rheo: from_normflows: the net must be an Mlp<64, 64>");
    const std::string at = next();
    if constexpr (std::is_same_v<Transformer, ScaleShift<Exp>> && halves<N>()) {
      if (dict.any(at + ".b") || dict.any(at + ".s.")) return side_by_side<D, N, M>(at, theta);
    }
    for (Index j = 0; j < D; ++j) {
      if (M::transformed(j) != LargerHalfPasses<D>::transformed(j))
        return dict.fault("'" + at + "' splits its features in halves, the flow's type by another mask");
    }
    io::detail::read_mlp<N>(dict, theta,
                            [&](std::size_t l) { return at + ".flows.1.param_map.net." + std::to_string(2 * l); });
  }
  template <class N> static constexpr bool halves() {
    for (std::size_t l = 1; l < N::depth; ++l) {
      if (N::width[l] % 2 != 0) return false;
    }
    return true;
  }
  /// Two nets of D to D that see the features which pass, into one: t in the first half of each layer's units, s in the
  /// second.
  template <Index D, class N, class M> void side_by_side(const std::string& at, Params<double> theta) {
    std::vector<std::int64_t> passes;
    io::detail::Places passed, transformed;
    for (Index j = 0; j < D; ++j) {
      passes.push_back(!M::transformed(j));
      (M::transformed(j) ? transformed : passed).push_back(j);
    }
    dict.expect(at + ".b", io::detail::shape_of({1, D}), passes);
    theta.all().setZero();
    auto layers = N::unpack(theta);
    for (const bool scale : {false, true}) {
      for (std::size_t l = 0; l < N::depth; ++l) {
        const bool first = l == 0, last = l + 1 == N::depth;
        const Index in = first ? D : N::width[l] / 2, out = last ? D : N::width[l + 1] / 2;
        const std::string name = at + (scale ? ".s.net." : ".t.net.") + std::to_string(2 * l);
        const Tensor *W = dict.floats(name + ".weight", io::detail::shape_of({out, in})),
                     *b = dict.floats(name + ".bias", io::detail::shape_of({out}));
        if (!W || !b) continue;
        const Index ours_out = last ? static_cast<Index>(transformed.size()) : out,
                    ours_in = first ? static_cast<Index>(passed.size()) : in;
        for (Index k = 0; k < ours_out; ++k) {
          const Index to = last ? 2 * k + scale : scale * out + k, o = last ? io::detail::place(transformed, k) : k;
          layers[l].b(to) = b->values[static_cast<std::size_t>(o)];
          for (Index i = 0; i < ours_in; ++i) {
            layers[l].W(first ? i : scale * in + i, to) =
                W->values[static_cast<std::size_t>(o * in + (first ? io::detail::place(passed, i) : i))];
          }
        }
      }
    }
  }

  template <bool Forwards, Index D> void read(const Exchange<D>&, Params<double>, Params<double>) {
    static_assert(!Forwards || D % 2 == 0,
                  "rheo: from_normflows: their swap of an odd number of features is io::normflows::Swap");
    next();
  }
  template <bool Forwards, Index D> void read(const Permute<D>&, Params<double>, Params<double> buffers) {
    static_assert(Forwards,
                  "rheo: from_normflows: layers run from noise to data: io::normflows::NormalizingFlow<Base, "
                  "Layers...> inverts them");
    const std::string at = next();
    if (!dict.permutation<D>(at + ".perm", buffers)) return dict.ignore(at + ".inv_perm");
    std::vector<std::int64_t> inverse(static_cast<std::size_t>(D));
    for (Index j = 0; j < D; ++j) inverse[static_cast<std::size_t>(buffers.data()[j])] = j;
    dict.expect(at + ".inv_perm", io::detail::shape_of({D}), inverse);
  }
  template <bool Forwards, Index D> void read(const rheo::ActNorm<D>&, Params<double> theta, Params<double> buffers) {
    static_assert(Forwards,
                  "rheo: from_normflows: layers run from noise to data: io::normflows::NormalizingFlow<Base, "
                  "Layers...> inverts them");
    const std::string at = next();
    auto [s, t] = rheo::ActNorm<D>::unpack(theta);
    dict.vector(at + ".s", io::detail::shape_of({1, D}), s);
    dict.vector(at + ".t", io::detail::shape_of({1, D}), t);
    dict.flag(at + ".data_dep_init_done", {}, buffers);
  }
  template <bool Forwards, Index D> void read(const DiagonalNormal<D>&, Params<double> theta, Params<double>) {
    auto [mean, log_scale] = DiagonalNormal<D>::unpack(theta);
    dict.vector("q0.loc", io::detail::shape_of({1, D}), mean);
    dict.vector("q0.log_scale", io::detail::shape_of({1, D}), log_scale);
  }
  template <bool Forwards, Index D> void read(const StandardNormal<D>&, Params<double>, Params<double>) {
    dict.expect_all("q0.loc", io::detail::shape_of({1, D}), 0);
    dict.expect_all("q0.log_scale", io::detail::shape_of({1, D}), 0);
  }
};

}  // namespace detail
}  // namespace normflows

/// A model of flow F, a NormalizingFlow<Base, Layers...> of io::normflows, with the weights in `path`:
/// model.state_dict() of normflows 1.7 as safetensors. FileError lists every tensor that is missing, left over, of
/// another shape or order, of half precision or not finite.
template <class F>
Model<F, double> from_normflows(const std::string& path, F flow = {}, const TensorLimits& limits = {}) {
  return detail::import_model<normflows::detail::Reader>(detail::read_state_dict(path, limits), path, std::move(flow));
}
/// The same of tensors in memory; `name` stands for them in errors.
template <class F> Model<F, double> from_normflows(const TensorFile& state, const std::string& name, F flow = {}) {
  return detail::import_model<normflows::detail::Reader>(state, name, std::move(flow));
}

}  // namespace rheo::io
