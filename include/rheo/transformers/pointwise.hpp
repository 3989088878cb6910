// SPDX-License-Identifier: MIT
// Pointwise: a scalar transformer on coordinates that do not see one another: what Elementwise, On and Conditional
// share.
#pragma once

#include <type_traits>

#include "rheo/core/mask.hpp"
#include "rheo/transformers/transformer.hpp"

namespace rheo::detail {

/// The coordinates where M::transformed(j) go through the transformer, the others pass.
template <Index D, class M, class Transformer> struct PointwiseFacts {
  static constexpr Index x_dim = D, z_dim = D, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<D> x_support = masked_supports<D, M>(x_support_of<Transformer>()),
                               z_support = masked_supports<D, M>(z_support_of<Transformer>());
  static constexpr Index categories = category_count<Transformer>(), encode_passes = 0,
                         decode_passes = decode_passes_of<Transformer>(0);
  static constexpr bool parallel_decode = true;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Transformer, T>(); }
};

/// P parameters for each of them, in their order, the same for every row; start at zero.
template <Index D, class M, class Transformer> struct Pointwise : PointwiseFacts<D, M, Transformer> {
  static constexpr Index K = transformed_count<D, M>, P = Transformer::params, context_dim = 0, param_count = K * P;
  static constexpr bool smooth = smooth_map<Transformer>;
  template <class T> using Cache = NoCache;
  Transformer transformer;  // no braces: without a default value of it, only the default constructor falls away

  Pointwise() = default;
  explicit Pointwise(Transformer t) : transformer(t) {}
  /// Hands the arguments to the transformer.
  template <class... A>
  requires(sizeof...(A) > 0 && std::is_constructible_v<Transformer, A...>) explicit Pointwise(A... a)
      : transformer(a...) {}

  template <class Q> static auto unpack(Q p) { return p.matrix(P, K, "raw"); }
  template <class T> void encode(Pass<T, NoCache> p) const { run<true>(p); }
  template <class T> void decode(Pass<T, NoCache> p) const { run<false>(p); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { pull<true>(p); }
  template <class T> void decode_pull(Pull<T, NoCache> p) const { pull<false>(p); }

 private:
  template <bool Encode, class T> void run(Pass<T, NoCache>& p) const {
    for (Index j = 0, k = 0; j < D; ++j) {
      if (M::transformed(j))
        transform_shared<Encode, T>(transformer, column(p.in, j), p.theta.data() + k++ * P, column(p.out, j), p.v,
                                    p.report);
      else column(p.out, j) = column(p.in, j);
    }
  }
  template <bool Encode, class T> void pull(Pull<T, NoCache>& p) const {
    for (Index j = 0, k = 0; j < D; ++j) {
      if (M::transformed(j)) {
        const Index first = k++ * P;
        transform_shared_pull<Encode, T>(transformer, column(Encode ? p.in : p.out, j), column(p.g_out, j), p.g_v,
                                         p.theta.data() + first, column(p.g_in, j), p.g_theta.data() + first);
      } else {
        column(p.g_in, j) = column(p.g_out, j);
      }
    }
  }
};

}  // namespace rheo::detail
