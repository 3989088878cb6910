// SPDX-License-Identifier: MIT
// Flows trained with nflows (PyTorch): masked autoregressive and coupling layers, affine and spline, with residual
// nets, LU layers and permutations, from flow.state_dict() as safetensors (examples/import/save_nflows.py).
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "rheo/distributions/normal.hpp"
#include "rheo/io/import/walk.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/nets/masked_residual.hpp"
#include "rheo/nets/residual.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace rheo::io {
namespace nflows {

/// A rational quadratic spline with tails = "linear" on [-TailBound, TailBound], of a net whose `hidden_features`
/// divide the logits; masked nets of nflows have none, Hidden = 1.  A bound that is no whole number goes to the
/// constructor.
template <Index Bins, Index TailBound = 1, Index Hidden = 1>
struct Spline : RationalQuadraticSpline<Bins, NflowsKnots> {
  Spline() : Spline(static_cast<double>(TailBound)) {}
  /// On [-tail_bound, tail_bound].
  explicit Spline(double tail_bound)
      : RationalQuadraticSpline<Bins, NflowsKnots>(tail_bound, NflowsKnots(1e-3, 1e-3, static_cast<double>(Hidden))) {}
};

/// MADE's nets: residual blocks, and without (use_residual_blocks = False).
template <Index Hidden, Index Blocks = 2>
using ResidualMade = BasicResidualMade<DealtFromOne, Relu, ZeroLast, Hidden, Blocks>;
template <Index... Hidden> using FeedforwardMade = MadeBy<DealtFromOne, Relu, ZeroLast, Hidden...>;

/// MaskedAffineAutoregressiveTransform(D, Hidden, context_features = C, num_blocks = Blocks).
template <Index D, Index Hidden, Index C = 0, Index Blocks = 2>
using MaskedAffine = Autoregressive<D, ScaleShift<FlooredSoftplusScale>, ResidualMade<Hidden, Blocks>, C>;
/// MaskedPiecewiseRationalQuadraticAutoregressiveTransform(D, Hidden, C, Bins, tails = "linear", tail_bound =
/// TailBound, num_blocks = Blocks).
template <Index D, Index Hidden, Index C = 0, Index Bins = 10, Index TailBound = 1, Index Blocks = 2>
using MaskedSpline = Autoregressive<D, Spline<Bins, TailBound>, ResidualMade<Hidden, Blocks>, C>;

/// AffineCouplingTransform, AdditiveCouplingTransform and PiecewiseRationalQuadraticCouplingTransform with a
/// ResidualNet(Hidden, C, Blocks).  Mask names what is transformed: AlternatingMask<D, 0> the odd features,
/// AlternatingMask<D, 1> the even ones, Mask<0, 1, 1> as nflows' mask > 0.
template <Index D, Index Hidden, class Mask = AlternatingMask<D>, Index C = 0, Index Blocks = 2>
using AffineCoupling = Coupling<D, ScaleShift<SigmoidScale>, ResidualMlp<Hidden, Blocks>, C, Mask>;
template <Index D, Index Hidden, class Mask = AlternatingMask<D>, Index C = 0, Index Blocks = 2>
using AdditiveCoupling = Coupling<D, Shift, ResidualMlp<Hidden, Blocks>, C, Mask>;
template <Index D, Index Hidden, class Mask = AlternatingMask<D>, Index C = 0, Index Bins = 10, Index TailBound = 1,
          Index Blocks = 2>
using SplineCoupling = Coupling<D, Spline<Bins, TailBound, Hidden>, ResidualMlp<Hidden, Blocks>, C, Mask>;

/// LULinear, ReversePermutation; RandomPermutation and Permutation, whose order the file has.
template <Index D> using LuLinear = LuMixing<D>;
template <Index D> using ReversePermutation = Flip<D>;
template <Index D> using Permutation = Permute<D>;

namespace detail {
template <Index D, Index Hidden, Index Blocks> struct Layers {
  template <std::size_t K>
  using Nvp = AffineCoupling<D, Hidden, AlternatingMask<D, static_cast<Index>(K % 2)>, 0, Blocks>;
  template <std::size_t... K> static Flow<Nvp<K>..., StandardNormal<D>> real_nvp(std::index_sequence<K...>);
};
}  // namespace detail

/// nflows.flows.MaskedAutoregressiveFlow(D, Hidden, Layers, Blocks), all else as it is by default.
template <Index D, Index Hidden, Index Layers, Index Blocks = 2>
using MaskedAutoregressiveFlow =
    Flow<Repeat<Layers, Chain<ReversePermutation<D>, MaskedAffine<D, Hidden, 0, Blocks>>>, StandardNormal<D>>;
/// nflows.flows.SimpleRealNVP(D, Hidden, Layers, Blocks), all else as it is by default.
template <Index D, Index Hidden, Index Layers, Index Blocks = 2>
using SimpleRealNvp =
    decltype(detail::Layers<D, Hidden, Blocks>::real_nvp(std::make_index_sequence<static_cast<std::size_t>(Layers)>{}));

namespace detail {

template <class Transformer> inline constexpr bool is_spline = false;
template <Index K> inline constexpr bool is_spline<RationalQuadraticSpline<K, NflowsKnots>> = true;
template <Index K, Index B, Index H> inline constexpr bool is_spline<Spline<K, B, H>> = true;

template <class N> inline constexpr bool is_residual = requires { N::units, N::blocks; };

class Reader {
 public:
  static constexpr io::detail::Library library = io::detail::nflows_names;
  static constexpr bool forwards = true;
  explicit Reader(io::detail::StateDict& d) : dict(d) { find_layers("_transform"); }

  template <bool Forwards, class L> void operator()(const L& l, Params<double> theta, Params<double> buffers) {
    static_assert(Forwards, "rheo: from_nflows: inverted layers are not imported");
    read(l, theta, buffers);
  }

 private:
  io::detail::StateDict& dict;
  std::vector<std::string> layers;  ///< their prefixes in order, composites opened
  std::size_t layer = 0;

  void find_layers(const std::string& at) {
    if (!dict.any(at + "._transforms.")) return layers.push_back(at);
    for (std::size_t k = 0; dict.any(inside(at, k) + "."); ++k) find_layers(inside(at, k));
  }
  static std::string inside(const std::string& at, std::size_t k) { return at + "._transforms." + std::to_string(k); }
  /// The next layer's prefix; beyond the file's end the one that it would have in a flat list.
  std::string next() {
    const std::size_t k = layer++;
    return k < layers.size() ? layers[k] : inside("_transform", k);
  }
  static std::string block(const std::string& net, std::size_t k) { return net + ".blocks." + std::to_string(k); }

  template <class L> void read(const L&, Params<double>, Params<double>) {
    static_assert(sizeof(L) == 0, "rheo: from_nflows does not know this layer: it imports those of io::nflows");
  }

  template <Index D, class Transformer, class Net, Index C, class O>
  void read(const Autoregressive<D, Transformer, Net, C, O>&, Params<double> theta, Params<double>) {
    using N = typename Autoregressive<D, Transformer, Net, C, O>::Conditioner;
    constexpr bool affine = std::is_same_v<Transformer, ScaleShift<FlooredSoftplusScale>>;
    static_assert(affine || is_spline<Transformer>,
                  "rheo: from_nflows: masked layers have ScaleShift<FlooredSoftplusScale> or io::nflows::Spline");
    static_assert(std::is_same_v<O, NaturalOrder>,
                  "rheo: from_nflows: masked layers go in natural order; a ReversePermutation is a layer of its own");
    const std::string net = next() + ".autoregressive_net";
    const auto output = [](Index q) { return affine ? 1 - q : q; };  // theirs are (raw scale, shift)
    if constexpr (io::detail::is_made<N>) {
      static_assert(C == 0, "rheo: from_nflows: feedforward masked nets with a context are not imported");
      const auto name = [&](std::size_t l) {
        return masked(l == 0              ? net + ".initial_layer"
                      : l + 1 == N::depth ? net + ".final_layer"
                                          : block(net, l - 1) + ".linear");
      };
      for (std::size_t l = 0; l < N::depth; ++l)
        unit_degrees<D, Transformer::params, C, typename N::UnitDegrees>(name(l), N::Dense::width[l + 1],
                                                                         l + 1 == N::depth);
      io::detail::read_made<DealtFromOne, N, D, Transformer::params, C, NaturalOrder>(dict, theta, name, output);
    } else {
      static_assert(is_residual<N>,
                    "rheo: from_nflows: the net must be an io::nflows::ResidualMade or FeedforwardMade");
      masked_residual<N, D, Transformer::params, C>(net, theta, output);
    }
  }

  static io::detail::MaskedNames masked(const std::string& at) { return {at + ".weight", at + ".bias", at + ".mask"}; }
  /// The degrees that a masked layer keeps beside its mask: of its units, counted from 1.
  template <Index D, Index P, Index C, class Own>
  void unit_degrees(const io::detail::MaskedNames& at, Index width, bool last) {
    std::vector<std::int64_t> wanted(static_cast<std::size_t>(width));
    const auto theirs = io::detail::sorted_by_degree<DealtFromOne, D, C>(last ? 0 : width);
    for (Index k = 0; k < width; ++k) {
      if (last) wanted[static_cast<std::size_t>(k)] = k / P + 1;
      else wanted[static_cast<std::size_t>(io::detail::place(theirs, k))] = Own::template of<D, C>(k, width);
    }
    dict.expect(at.mask.substr(0, at.mask.size() - 4) + "degrees", io::detail::shape_of({width}), wanted);
  }
  template <class N, Index D, Index P, Index C, class Output>
  void masked_residual(const std::string& net, Params<double> theta, Output output) {
    using Own = typename N::UnitDegrees;
    constexpr Index H = N::units;
    static_assert(io::detail::same_degrees<DealtFromOne, Own, D, C>(H),
                  "rheo: nflows deals the degrees of masked units otherwise: io::nflows::ResidualMade<64, 2> in place "
                  "of ResidualMade<64, 2>");
    auto parts = N::unpack(theta);
    const io::detail::Places units = io::detail::sorted_by_degree<DealtFromOne, D, C>(H);
    io::detail::Places outputs;
    for (Index k = 0; k < D * P; ++k) outputs.push_back(k / P * P + output(k % P));
    const auto degree = [](Index i) { return Own::template of<D, C>(i, H); };
    const auto hidden = [&](const std::string& name, auto& to, const io::detail::Places& in, auto sees) {
      dict.masked_linear(masked(name), to, units, in, sees);
      unit_degrees<D, P, C, Own>(masked(name), H, false);
    };
    const auto between = [&](Index k, Index i) { return degree(i) <= degree(k); };
    hidden(net + ".initial_layer", parts.initial, {}, [&](Index k, Index i) { return i < degree(k); });
    if (C > 0) dict.linear(net + ".context_layer", parts.context, units);
    for (std::size_t b = 0; b < parts.blocks.size(); ++b) {
      hidden(block(net, b) + ".linear_layers.0", parts.blocks[b].first, units, between);
      hidden(block(net, b) + ".linear_layers.1", parts.blocks[b].second, units, between);
      if (C > 0) dict.linear(block(net, b) + ".context_layer", parts.blocks[b].context, units);
    }
    dict.masked_linear(masked(net + ".final_layer"), parts.last, outputs, units,
                       [&](Index k, Index i) { return degree(i) <= k / P; });
    unit_degrees<D, P, C, Own>(masked(net + ".final_layer"), D * P, true);
  }

  template <Index D, class Transformer, class Net, Index C, class M>
  void read(const Coupling<D, Transformer, Net, C, M>&, Params<double> theta, Params<double>) {
    using L = Coupling<D, Transformer, Net, C, M>;
    using N = typename L::Conditioner;
    constexpr bool affine = std::is_same_v<Transformer, ScaleShift<SigmoidScale>>;
    static_assert(affine || std::is_same_v<Transformer, Shift> || is_spline<Transformer>,
                  "rheo: from_nflows: couplings have ScaleShift<SigmoidScale>, Shift or io::nflows::Spline");
    static_assert(is_residual<N> && !rheo::detail::is_masked<N>,
                  "rheo: from_nflows: a coupling's net must be a ResidualMlp");
    const std::string at = next(), net = at + ".transform_net";
    std::vector<std::int64_t> passed, transformed;
    for (Index j = 0; j < D; ++j) (M::transformed(j) ? transformed : passed).push_back(j);
    dict.expect(at + ".identity_features", io::detail::shape_of({L::passed_count}), passed);
    dict.expect(at + ".transform_features", io::detail::shape_of({L::K}), transformed);
    auto parts = N::unpack(theta);
    dict.linear(net + ".initial_layer", parts.initial);
    for (std::size_t b = 0; b < parts.blocks.size(); ++b) {
      dict.linear(block(net, b) + ".linear_layers.0", parts.blocks[b].first);
      dict.linear(block(net, b) + ".linear_layers.1", parts.blocks[b].second);
      if (C > 0) dict.linear(block(net, b) + ".context_layer", parts.blocks[b].context);
    }
    io::detail::Places outputs;  // theirs are all shifts, then all raw scales
    for (Index k = 0; affine && k < 2 * L::K; ++k) outputs.push_back(k % 2 * L::K + k / 2);
    dict.linear(net + ".final_layer", parts.last, outputs);
  }

  /// Theirs is L U x + b, U's diagonal softplus(.) + 0.001, its other entries row by row; ours column by column.
  template <Index D> void lu(Params<double> theta) {
    const std::string at = next();
    constexpr Index off = D * (D - 1) / 2;
    auto diagonal = theta.vector(D), upper = theta.vector(off), lower = theta.vector(off), bias = theta.vector(D);
    io::detail::Places by_column;
    for (Index column = 1; column < D; ++column) {
      for (Index row = 0; row < column; ++row) by_column.push_back(row * (2 * D - row - 1) / 2 + column - row - 1);
    }
    dict.vector(at + ".upper_entries", io::detail::shape_of({off}), upper, by_column);
    dict.vector(at + ".lower_entries", io::detail::shape_of({off}), lower);
    dict.vector(at + ".bias", io::detail::shape_of({D}), bias);
    if (!dict.vector(at + ".unconstrained_upper_diag", io::detail::shape_of({D}), diagonal)) return;
    constexpr double bound = math::log_diagonal_bound;
    for (Index j = 0; j < D; ++j) {
      const double s = std::log(math::softplus(diagonal(j)) + 1e-3);
      if (!(s < bound))
        return dict.fault(
            "'" + at +
            ".unconstrained_upper_diag' gives a diagonal above e^10, expected less: LuLinear cannot hold it");
      diagonal(j) = bound * std::atanh(s / bound);
    }
  }
  template <Index D> void read(const LuMixing<D>&, Params<double> theta, Params<double>) { lu<D>(theta); }
  template <Index D> void read(const rheo::LuLinear<D>&, Params<double> theta, Params<double> buffers) {
    for (Index j = 0; j < D; ++j) buffers.data()[j] = static_cast<double>(j);
    lu<D>(theta);
  }

  template <Index D> void read(const Flip<D>&, Params<double>, Params<double>) {
    std::vector<std::int64_t> order;
    for (Index j = 0; j < D; ++j) order.push_back(D - 1 - j);
    dict.expect(next() + "._permutation", io::detail::shape_of({D}), order);
  }
  template <Index D> void read(const Permute<D>&, Params<double>, Params<double> buffers) {
    dict.permutation<D>(next() + "._permutation", buffers);
  }
  template <Index D> void read(const StandardNormal<D>&, Params<double>, Params<double>) {}
};

}  // namespace detail
}  // namespace nflows

/// A model of flow F, made of io::nflows' layers, with the weights in `path`: flow.state_dict() of nflows 0.14 as
/// safetensors, composites of transforms opened as they are nested.  What is a number of a constructor and not in the
/// file (tail_bound) is `flow`'s.  FileError lists every tensor that is missing, left over, of another shape, order or
/// mask, of half precision or not finite.  F32 is widened exactly; Model::cast<float>() goes back.
template <class F> Model<F, double> from_nflows(const std::string& path, F flow = {}, const TensorLimits& limits = {}) {
  return detail::import_model<nflows::detail::Reader>(detail::read_state_dict(path, limits), path, std::move(flow));
}
/// The same of tensors in memory; `name` stands for them in errors.
template <class F> Model<F, double> from_nflows(const TensorFile& state, const std::string& name, F flow = {}) {
  return detail::import_model<nflows::detail::Reader>(state, name, std::move(flow));
}

}  // namespace rheo::io
