// SPDX-License-Identifier: MIT
// THE PAGE: what a layer must write.  What it may say further, and what it gets for it: rheo/core/layer_more.hpp.
//
// A layer relates data x (N x x_dim) and latent z (N x z_dim) by two conditionals, q(z|x), "encode", and p(x|z),
// "decode", and contributes V(x, z) per row, such that
//     log p(x) >= log p(z) + V(x, z)
// in expectation over q, with equality when encode is deterministic.  V is one number per path, with one sign in both
// directions: decode adds the number that encode would have added on that path.
//
//   kind                   encode x -> z    decode z -> x    V(x, z)
//   bijection              deterministic    deterministic    log abs det dz/dx
//   inference surjection   deterministic    stochastic       log p(x given z) on the fibre; exact
//   generative surjection  stochastic       deterministic    - log q(z given x); a bound
//   stochastic             stochastic       stochastic       log p(x given z) - log q(z given x); a bound
//   distribution           drops x          draws x          log p(x): an inference surjection onto nothing, z_dim = 0
//
// V is -inf where there is no path: x off the support in encode, z off the support in decode, and z that q(z|x) cannot
// draw.  A sampling layer gives +inf for what decode drew and encode never would: such a path has weight 0.
//
// You must write a type that holds hyper-parameters only (no weights, no caches, no random engine): the facts, the
// layout of its parameters if it has any, and one direction.  This is ActNorm without what it says further:
//
//   template <Index D> struct ActNorm {
//     static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 2 * D, buffer_count = 1;
//     static constexpr Kind kind = Kind::bijection;
//     static constexpr Exactness exactness = Exactness::exact;
//     static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
//     template <class T> using Cache = NoCache;   // or a struct of Buffer<T>: what a pull reads from its call
//     template <class P> static auto unpack(P p) {   // for values, gradients and files alike
//       auto s = p.vector(D, "log_scale");
//       return std::pair{s, p.vector(D, "shift")};
//     }
//     template <class T> void encode(Pass<T, NoCache> p) const {
//       using std::exp;
//       const auto [s, b] = unpack(p.theta);
//       for (Index j = 0; j < D; ++j) column(p.out, j) = column(p.in, j) * T(exp(s(j))) + b(j);
//       p.v += s.sum();
//     }
//   };
//
// T is float, double or autodiff::Dual of either.  The directions are encode(Pass) and decode(Pass), each with its
// vector-Jacobian product, encode_pull(Pull) and decode_pull(Pull): what exists is what the layer can do, and the
// concepts below ask.  They write (rheo/core/pass.hpp)
//   out, g_in            overwritten, every number of them: what stood there is not to be read
//   v                    added to: v += V(x, z), in both directions alike; where the pass's needs_v() is false, it may
//                        be left as it is
//   g_theta, g_context   accumulated: += their part, once for each call
#pragma once

#include <concepts>

#include "rheo/core/kind.hpp"
#include "rheo/core/pass.hpp"

namespace rheo {

/// What a layer keeps from a call for its pull.
template <class L, class T> using CacheOf = typename L::template Cache<T>;

/// x -> z, in the scalar T.
template <class L, class T>
concept CanEncode = requires(const L& l, Pass<T, CacheOf<L, T>> p) {
  l.encode(p);
};
/// And its vector-Jacobian product: it can be trained by data.
template <class L, class T>
concept CanEncodePull = CanEncode<L, T> && requires(const L& l, Pull<T, CacheOf<L, T>> p) {
  l.encode_pull(p);
};
/// z -> x, in the scalar T.
template <class L, class T>
concept CanDecode = requires(const L& l, Pass<T, CacheOf<L, T>> p) {
  l.decode(p);
};
/// And its vector-Jacobian product: it can be trained by energies.
template <class L, class T>
concept CanDecodePull = CanDecode<L, T> && requires(const L& l, Pull<T, CacheOf<L, T>> p) {
  l.decode_pull(p);
};

/// Any layer: the facts are there, and at least one direction.
template <class L>
concept Layer = requires {
  { L::x_dim } -> std::convertible_to<Index>;
  { L::z_dim } -> std::convertible_to<Index>;
  { L::context_dim } -> std::convertible_to<Index>;
  { L::param_count } -> std::convertible_to<Index>;
  { L::buffer_count } -> std::convertible_to<Index>;
  { L::kind } -> std::convertible_to<Kind>;
  { L::exactness } -> std::convertible_to<Exactness>;
}
&&(CanEncode<L, double> || CanDecode<L, double>);

/// A distribution is a layer whose latent is empty: it can stand at the end of a flow.
template <class L>
concept Distribution = Layer<L> && L::z_dim == 0;

/// True when log_prob is exact; false when a flow offers elbo or an estimate only.
template <class L> inline constexpr bool is_exact_v = L::exactness == Exactness::exact;

namespace detail {

/// A layer's parameters have a layout, which names them in files, descriptions and messages.
template <class L> constexpr bool has_layout() {
  if constexpr (L::param_count > 0) return requires(Params<double> p) {
      L::unpack(p);
    };
  return true;
}
/// The same as an error in words.
template <class L> constexpr bool owes_no_layout() {
  static_assert(has_layout<L>(),
                "rheo: a layer with param_count > 0 owes `template <class P> static auto unpack(P p)`, the layout of "
                "its parameters: rheo/core/layer.hpp");
  return has_layout<L>();
}

}  // namespace detail
}  // namespace rheo
