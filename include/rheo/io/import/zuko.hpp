// SPDX-License-Identifier: MIT
// Flows trained with zuko (PyTorch): MAF, NSF, NICE, with contexts, from flow.state_dict() as safetensors
// (examples/import/save_zuko.py).
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "rheo/distributions/normal.hpp"
#include "rheo/io/import/walk.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/knots.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace rheo::io {
namespace zuko {

/// zuko's transformers: MonotonicAffineTransform and MonotonicRQSTransform (slope = 1e-3, bound = 5, as zuko's flows
/// have them).
using Affine = ScaleShift<SoftclipScale>;
template <Index Bins = 8> using Spline = RationalQuadraticSpline<Bins, ZukoKnots>;

namespace detail {
/// hidden_features = (64, 64) where no widths are given.
template <Index... H> struct Nets {
  using Made = DealtMade<H...>;
  using Mlp = rheo::Mlp<H...>;
};
template <> struct Nets<> : Nets<64, 64> {};

/// MaskedAutoregressiveTransform, which of one feature is an ElementWiseTransform.
template <Index D, class Transformer, Index C, class Order, Index... H> struct Masked {
  using type = Autoregressive<D, Transformer, typename Nets<H...>::Made, C, Order>;
};
template <class Transformer, Index C, class Order, Index... H> struct Masked<1, Transformer, C, Order, H...> {
  static_assert(C > 0, "rheo: zuko's flows of one feature are imported with a context alone");
  using type = Conditional<1, Transformer, typename Nets<H...>::Mlp, C>;
};

template <Index D, Index C, class Transformer, Index... H> struct Layers {
  template <std::size_t K>
  using Maf =
      typename Masked<D, Transformer, C, std::conditional_t<K % 2 == 0, NaturalOrder, ReversedOrder>, H...>::type;
  template <std::size_t K>
  using Nice = Coupling<D, Transformer, typename Nets<H...>::Mlp, C, AlternatingMask<D, static_cast<Index>(K % 2)>>;
  template <std::size_t... K> static Flow<Maf<K>..., StandardNormal<D>> maf(std::index_sequence<K...>);
  template <std::size_t... K> static Flow<Nice<K>..., StandardNormal<D>> nice(std::index_sequence<K...>);
};
}  // namespace detail

/// zuko.flows.MAF(D, C, transforms, hidden_features = (H...)), by default (64, 64).
template <Index D, Index C = 0, Index Transforms = 3, Index... H>
using Maf =
    decltype(detail::Layers<D, C, Affine, H...>::maf(std::make_index_sequence<static_cast<std::size_t>(Transforms)>{}));
/// zuko.flows.NSF(D, C, transforms, bins, hidden_features = (H...)).
template <Index D, Index C = 0, Index Transforms = 3, Index Bins = 8, Index... H>
using Nsf = decltype(detail::Layers<D, C, Spline<Bins>, H...>::maf(
    std::make_index_sequence<static_cast<std::size_t>(Transforms)>{}));
/// zuko.flows.NICE(D, C, transforms, hidden_features = (H...)), which RealNVP is another name of.
template <Index D, Index C = 0, Index Transforms = 3, Index... H>
using Nice = decltype(detail::Layers<D, C, Affine, H...>::nice(
    std::make_index_sequence<static_cast<std::size_t>(Transforms)>{}));
template <Index D, Index C = 0, Index Transforms = 3, Index... H> using RealNvp = Nice<D, C, Transforms, H...>;

namespace detail {

template <class Transformer> inline constexpr bool known = false;
template <> inline constexpr bool known<Affine> = true;
template <> inline constexpr bool known<rheo::Shift> = true;
template <Index K> inline constexpr bool known<Spline<K>> = true;

struct Reader {
  static constexpr io::detail::Library library = io::detail::zuko_names;
  static constexpr bool forwards = true;
  io::detail::StateDict& dict;
  Index layer = 0;

  template <bool Forwards, class L> void operator()(const L& l, Params<double> theta, Params<double>) {
    static_assert(Forwards, "rheo: from_zuko: inverted layers are not imported");
    read(l, theta);
  }

 private:
  std::string next() { return "transform.transforms." + std::to_string(layer++); }
  static auto hyper_net(const std::string& at) {
    return [at](std::size_t l) { return at + ".hyper." + std::to_string(2 * l); };
  }

  template <class L> void read(const L&, Params<double>) {
    static_assert(sizeof(L) == 0,
                  "rheo: from_zuko does not know this layer: it imports those of io::zuko::Maf, Nsf and Nice");
  }
  template <Index D, class Transformer, class Net, Index C, class O>
  void read(const Autoregressive<D, Transformer, Net, C, O>&, Params<double> theta) {
    using N = typename Autoregressive<D, Transformer, Net, C, O>::Conditioner;
    static_assert(known<Transformer>,
                  "rheo: from_zuko: a transformer that is none of zuko's: io::zuko::Affine, io::zuko::Spline<8>");
    static_assert(io::detail::is_made<N>, "rheo: from_zuko: the net must be a DealtMade<64, 64>");
    const std::string at = next();
    std::vector<std::int64_t> ranks(static_cast<std::size_t>(D));
    for (Index k = 0; k < D; ++k) ranks[static_cast<std::size_t>(O::template at<D>(k))] = k;
    dict.expect(at + ".order", io::detail::shape_of({D}), ranks);
    io::detail::read_made<DealtDegrees, N, D, Transformer::params, C, O>(
        dict, theta,
        [&](std::size_t l) {
          const std::string name = hyper_net(at)(l);
          return io::detail::MaskedNames{name + ".weight", name + ".bias", name + ".mask"};
        },
        [](Index q) { return q; });
  }
  template <Index D, class Transformer, class Net, Index C, class M>
  void read(const Coupling<D, Transformer, Net, C, M>&, Params<double> theta) {
    using N = typename Coupling<D, Transformer, Net, C, M>::Conditioner;
    static_assert(known<Transformer>,
                  "rheo: from_zuko: a transformer that is none of zuko's: io::zuko::Affine, io::zuko::Spline<8>");
    static_assert(io::detail::is_mlp<N>, "rheo: from_zuko: the net must be an Mlp<64, 64>");
    const std::string at = next();
    std::vector<std::int64_t> passes;
    for (Index j = 0; j < D; ++j) passes.push_back(!M::transformed(j));
    dict.expect(at + ".mask", io::detail::shape_of({D}), passes);
    io::detail::read_mlp<N>(dict, theta, hyper_net(at));
  }
  template <Index D, class Transformer, class Net, Index C>
  void read(const Conditional<D, Transformer, Net, C>&, Params<double> theta) {
    static_assert(known<Transformer>,
                  "rheo: from_zuko: a transformer that is none of zuko's: io::zuko::Affine, io::zuko::Spline<8>");
    io::detail::read_mlp<typename Conditional<D, Transformer, Net, C>::Conditioner>(dict, theta, hyper_net(next()));
  }
  template <Index D> void read(const StandardNormal<D>&, Params<double>) {
    dict.expect_all("base.loc", io::detail::shape_of({D}), 0);
    dict.expect_all("base.scale", io::detail::shape_of({D}), 1);
  }
  template <Index D> void read(const DiagonalNormal<D>&, Params<double> theta) {
    auto [mean, log_scale] = DiagonalNormal<D>::unpack(theta);
    dict.vector("base.loc", io::detail::shape_of({D}), mean);
    if (!dict.vector("base.scale", io::detail::shape_of({D}), log_scale)) return;
    if (!(log_scale > 0.0).all())
      return dict.fault("'base.scale' holds numbers that are not positive, expected deviations");
    log_scale = log_scale.log();
  }
};

}  // namespace detail
}  // namespace zuko

/// A model of flow F, one of io::zuko or made of their layers, with the weights in `path`: flow.state_dict() of
/// zuko 1.6 as safetensors.  What is a number of the constructor and not in the file (bound, slope) is `flow`'s.
/// FileError lists every tensor that is missing, left over, of another shape, order or mask, of half precision or not
/// finite.  F32 is widened exactly; Model::cast<float>() goes back.
template <class F> Model<F, double> from_zuko(const std::string& path, F flow = {}, const TensorLimits& limits = {}) {
  return detail::import_model<zuko::detail::Reader>(detail::read_state_dict(path, limits), path, std::move(flow));
}
/// The same of tensors in memory; `name` stands for them in errors.
template <class F> Model<F, double> from_zuko(const TensorFile& state, const std::string& name, F flow = {}) {
  return detail::import_model<zuko::detail::Reader>(state, name, std::move(flow));
}

}  // namespace rheo::io
