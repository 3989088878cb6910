// SPDX-License-Identifier: MIT
// Flows trained with FlowJAX: coupling_flow and masked_autoregressive_flow with affine transformers, from the arrays of
// the flow's tree as safetensors (examples/import/save_flowjax.py, which takes the stacked layers apart).
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "rheo/distributions/normal.hpp"
#include "rheo/io/import/walk.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"

namespace rheo::io {
namespace flowjax {

/// The default transformer: scale softplus(a) + 0.01.
struct Scale : FlooredSoftplusScale {
  Scale() : FlooredSoftplusScale{1e-2} {}
};

namespace detail {
template <Index Width, std::size_t> inline constexpr Index width = Width;
template <Index Width, Index Depth, class = std::make_index_sequence<static_cast<std::size_t>(Depth)>> struct Nets;
template <Index Width, Index Depth, std::size_t... L> struct Nets<Width, Depth, std::index_sequence<L...>> {
  using Plain = Mlp<width<Width, L>...>;
  using Masked = DealtMade<width<Width, L>...>;
};
/// What follows every layer: of two dimensions a flip, of more a permutation that the file has.
template <Index D> using Reorder = std::conditional_t<D == 2, Flip<D>, Permute<D>>;
/// invert = True runs the layers from data to noise.
template <bool Inverted, class L, Index D, Index Layers, class Base>
using FlowOf = std::conditional_t<Inverted, Flow<Repeat<Layers, Chain<L, Reorder<D>>>, Base>,
                                  Flow<Invert<Repeat<Layers, Chain<L, Reorder<D>>>>, Base>>;
}  // namespace detail

/// coupling_flow(key, base_dist = Normal(zeros(D)), cond_dim = C, flow_layers = Layers, nn_width = Width, nn_depth =
/// Depth, invert = Inverted).  Of base_dist = StandardNormal((D,)) Base is StandardNormal<D>.
template <Index D, Index C = 0, Index Layers = 8, Index Width = 50, Index Depth = 1, bool Inverted = true,
          class Base = DiagonalNormal<D>>
using CouplingFlow =
    detail::FlowOf<Inverted, AffineCoupling<D, typename detail::Nets<Width, Depth>::Plain, C, Scale>, D, Layers, Base>;
/// masked_autoregressive_flow of the same arguments, D > 1.
template <Index D, Index C = 0, Index Layers = 8, Index Width = 50, Index Depth = 1, bool Inverted = true,
          class Base = DiagonalNormal<D>>
using MaskedAutoregressiveFlow =
    detail::FlowOf<Inverted, MaskedAffineAutoregressive<D, typename detail::Nets<Width, Depth>::Masked, C, Scale>, D,
                   Layers, Base>;

namespace detail {

/// A layer of theirs is a bijection and the reordering behind it.
template <bool Inverted> struct Reader {
  static constexpr io::detail::Library library = io::detail::flowjax_names;
  static constexpr bool forwards = Inverted;
  io::detail::StateDict& dict;
  Index layer = 0;

  template <bool Forwards, class L> void operator()(const L& l, Params<double> theta, Params<double> buffers) {
    static_assert(Forwards || L::z_dim == 0 || L::param_count + L::buffer_count == 0,
                  "rheo: from_flowjax: only the whole row of layers may be inverted");
    read(l, theta, buffers);
  }

 private:
  std::string at(int part) const {
    return std::string(Inverted ? "bijection.bijection." : "bijection.") + std::to_string(layer) + ".bijections." +
           std::to_string(part);
  }
  /// Their raw scale is added to the one of scale 1, which here goes into the bias.
  template <Index P, class B> static void start_at_one(B b) {
    for (Index k = 1; k < b.size(); k += P) b(k) += std::log(std::expm1(1 - 1e-2));
  }

  template <class L> void read(const L&, Params<double>, Params<double>) {
    static_assert(sizeof(L) == 0,
                  "rheo: from_flowjax does not know this layer: it imports those of io::flowjax::CouplingFlow and "
                  "MaskedAutoregressiveFlow");
  }
  template <Index D, class Net, Index C, class M>
  void read(const Coupling<D, ScaleShift<Scale>, Net, C, M>&, Params<double> theta, Params<double>) {
    using N = typename Coupling<D, ScaleShift<Scale>, Net, C, M>::Conditioner;
    static_assert(std::is_same_v<M, HalfMask<D>>, "rheo: from_flowjax: couplings have the mask HalfMask<D>");
    static_assert(io::detail::is_mlp<N>, "rheo: from_flowjax: a coupling's net must be an Mlp<50>");
    io::detail::read_mlp<N>(dict, theta,
                            [&](std::size_t l) { return at(0) + ".conditioner.layers." + std::to_string(l); });
    start_at_one<2>(N::unpack(theta)[N::depth - 1].b);
  }
  template <Index D, class Net, Index C>
  void read(const Autoregressive<D, ScaleShift<Scale>, Net, C>&, Params<double> theta, Params<double>) {
    using N = typename Autoregressive<D, ScaleShift<Scale>, Net, C>::Conditioner;
    static_assert(io::detail::is_made<N>, "rheo: from_flowjax: the net must be a DealtMade<50>");
    io::detail::read_made<DealtDegrees, N, D, 2, C, NaturalOrder>(
        dict, theta,
        [&](std::size_t l) {
          const std::string name = at(0) + ".masked_autoregressive_mlp.layers." + std::to_string(l);
          return io::detail::MaskedNames{name + ".weight.args.1", name + ".bias", name + ".weight.args.0"};
        },
        [](Index q) { return q; });
    start_at_one<2>(N::unpack(theta)[N::depth - 1].b);
  }
  template <Index D> void read(const Flip<D>&, Params<double>, Params<double>) { ++layer; }
  template <Index D> void read(const Permute<D>&, Params<double>, Params<double> buffers) {
    const std::string name = at(1);
    ++layer;
    if (!dict.permutation<D>(name + ".permutation.0", buffers)) return dict.ignore(name + ".inverse_permutation.0");
    std::vector<std::int64_t> inverse(static_cast<std::size_t>(D));
    for (Index j = 0; j < D; ++j) inverse[static_cast<std::size_t>(buffers.data()[j])] = j;
    dict.expect(name + ".inverse_permutation.0", io::detail::shape_of({D}), inverse);
  }
  template <Index D> void read(const StandardNormal<D>&, Params<double>, Params<double>) {}
  template <Index D> void read(const DiagonalNormal<D>&, Params<double> theta, Params<double>) {
    auto [mean, log_scale] = DiagonalNormal<D>::unpack(theta);
    dict.vector("base_dist.bijection.loc", io::detail::shape_of({D}), mean);
    if (!dict.vector("base_dist.bijection.scale.args.0", io::detail::shape_of({D}), log_scale)) return;
    for (Index j = 0; j < D; ++j) log_scale(j) = math::log_softplus(log_scale(j));
  }
};

template <class F> inline constexpr bool is_inverse = false;
template <class L, class... Ls> inline constexpr bool is_inverse<Flow<Invert<L>, Ls...>> = true;

}  // namespace detail
}  // namespace flowjax

/// A model of flow F, one of io::flowjax, with the weights in `path`: the arrays of a flow of FlowJAX 19 under the
/// names of save_flowjax.py.  FileError lists every tensor that is missing, left over, of another shape, order or mask,
/// of half precision or not finite.
template <class F>
Model<F, double> from_flowjax(const std::string& path, F flow = {}, const TensorLimits& limits = {}) {
  return detail::import_model<flowjax::detail::Reader<!flowjax::detail::is_inverse<F>>>(
      detail::read_state_dict(path, limits), path, std::move(flow));
}
/// The same of tensors in memory; `name` stands for them in errors.
template <class F> Model<F, double> from_flowjax(const TensorFile& state, const std::string& name, F flow = {}) {
  return detail::import_model<flowjax::detail::Reader<!flowjax::detail::is_inverse<F>>>(state, name, std::move(flow));
}

}  // namespace rheo::io
