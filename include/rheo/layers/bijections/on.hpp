// SPDX-License-Identifier: MIT
// On: a scalar transformer on the coordinates that a mask names; the others pass, with their supports.
#pragma once

#include "rheo/core/layer.hpp"
#include "rheo/core/mask.hpp"
#include "rheo/transformers/transformer.hpp"

namespace rheo {

/// z_j = tau(x_j; theta_j) where M::transformed(j), z_j = x_j elsewhere.  K P learned parameters for the K transformed coordinates in their
/// order, the same for every row; start at zero.  On<3, Mask<1, 0, 0>, range::Log> takes the log of the first coordinate.
template <Index D, class M, class Transformer> struct On {
  static constexpr Index K = [] {
    Index n = 0;
    for (Index j = 0; j < D; ++j) n += M::transformed(j);
    return n;
  }();
  static_assert(K > 0, "rheo: On: the mask transforms nothing");
  static constexpr Supports<D> supports(Support transformed) {
    Supports<D> s{};
    for (Index j = 0; j < D; ++j) s[static_cast<std::size_t>(j)] = M::transformed(j) ? transformed : Support::any;
    return s;
  }
  static constexpr Index P = Transformer::params, x_dim = D, z_dim = D, context_dim = 0, param_count = K * P, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = detail::smooth_map<Transformer>;
  static constexpr Supports<D> x_support = supports(detail::x_support_of<Transformer>()), z_support = supports(detail::z_support_of<Transformer>());
  template <class T> static constexpr double accuracy() { return detail::accuracy<Transformer, T>(); }
  template <class T> using Cache = NoCache;
  Transformer transformer{};

  On() = default;
  explicit On(Transformer t) : transformer(t) {}

  template <class Q> static auto unpack(Q p) { return p.matrix(P, K, "raw"); }
  template <class T> void encode(Pass<T, NoCache> p) const { run<true>(p); }
  template <class T> void decode(Pass<T, NoCache> p) const { run<false>(p); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { pull<true>(p); }
  template <class T> void decode_pull(Pull<T, NoCache> p) const { pull<false>(p); }

 private:
  template <bool Encode, class T> void run(Pass<T, NoCache>& p) const {
    for (Index j = 0, k = 0; j < D; ++j) {
      if (M::transformed(j)) detail::transform_shared<Encode, T>(transformer, column(p.in, j), p.theta.data() + k++ * P, column(p.out, j), p.v, p.report);
      else column(p.out, j) = column(p.in, j);
    }
  }
  template <bool Encode, class T> void pull(Pull<T, NoCache>& p) const {
    for (Index j = 0, k = 0; j < D; ++j) {
      if (M::transformed(j)) {
        const Index first = k++ * P;
        detail::transform_shared_pull<Encode, T>(transformer, column(Encode ? p.in : p.out, j), column(p.g_out, j), p.g_v, p.theta.data() + first, column(p.g_in, j),
                                                 p.g_theta.data() + first);
      } else {
        column(p.g_in, j) = column(p.g_out, j);
      }
    }
  }
};

}  // namespace rheo
