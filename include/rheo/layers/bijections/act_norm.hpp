// SPDX-License-Identifier: MIT
// ActNorm: z = x e^s + b per coordinate, learned, started so that the first data come out with mean 0 and deviation 1.
//   Kingma and Dhariwal 2018, arXiv:1807.03039, sec. 3.1.
#pragma once

#include "rheo/core/layer.hpp"
#include "rheo/math/moments.hpp"

namespace rheo {

/// Buffer "initialised" is 1 once the data-dependent start has been made; a second one, or one after loading, changes
/// nothing.  x e^s and b cancel where a mean is large beside its deviation: behind the start z has mean 0 and deviation
/// 1 to eps (8 + 2 abs(mean) / deviation).  Standardize in front subtracts first.
template <Index D> struct ActNorm {
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 2 * D, buffer_count = 1;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
  template <class P> static auto unpack(P p) {
    auto s = p.vector(D, "log_scale");
    return std::pair{s, p.vector(D, "shift")};
  }
  template <class P> static auto& unpack_buffers(P p) { return p.scalar("initialised"); }

  template <class T> bool valid_buffers(Params<const T> buffers) const {
    const T& done = unpack_buffers(buffers);
    return done == T(0) || done == T(1);
  }
  template <class T> void initialise(InitPass<T> p) const {
    T& done = unpack_buffers(p.buffers);
    if (done != T(0)) return;
    auto [s, b] = unpack(p.theta);
    for (Index j = 0; j < D; ++j) {
      const auto m = math::moments(p.in, j);
      s(j) = T(-std::log(m.deviation));
      b(j) =
          T(-m.mean * static_cast<double>(T(std::exp(s(
                          j)))));  // the very scale that encode takes: its rounding counts abs(mean) / deviation times
    }
    done = T(1);
  }
  template <class T> void encode(Pass<T, NoCache> p) const {
    using std::exp;
    const auto [s, b] = unpack(p.theta);
    for (Index j = 0; j < D; ++j) column(p.out, j) = column(p.in, j) * T(exp(s(j))) + b(j);
    p.v += s.sum();
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    using std::exp;
    const auto [s, b] = unpack(p.theta);
    auto [g_s, g_b] = unpack(p.g_theta);
    for (Index j = 0; j < D; ++j) {
      auto g_x = column(p.g_in, j);
      g_x = column(p.g_out, j) * T(exp(s(j)));
      g_b(j) += column(p.g_out, j).sum();
      g_s(j) += (g_x * column(p.in, j)).sum() + p.g_v.sum();
    }
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    using std::exp;
    const auto [s, b] = unpack(p.theta);
    for (Index j = 0; j < D; ++j) column(p.out, j) = (column(p.in, j) - b(j)) * T(exp(-s(j)));
    p.v += s.sum();
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    using std::exp;
    const auto [s, b] = unpack(p.theta);
    auto [g_s, g_b] = unpack(p.g_theta);
    for (Index j = 0; j < D; ++j) {
      auto g_z = column(p.g_in, j);
      g_z = column(p.g_out, j) * T(exp(-s(j)));
      g_b(j) -= g_z.sum();
      g_s(j) += p.g_v.sum() - (column(p.g_out, j) * column(p.out, j)).sum();
    }
  }
};

}  // namespace rheo
