// SPDX-License-Identifier: MIT
// Standardize: z = (x - mean) / deviation with the training data's moments, as a first layer, so that densities stay in
// the user's units.
#pragma once

#include <cmath>

#include "rheo/core/layer.hpp"
#include "rheo/core/mask.hpp"
#include "rheo/math/moments.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Standardize for the coordinates that the mask names; the others, whole numbers or angles say, pass as they are, with
/// their supports.
template <Index D, class M> struct StandardizeOn {
  static_assert(detail::transformed_count<D, M> > 0, "rheo: StandardizeOn: the mask names no coordinate");
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 0, buffer_count = 2 * D + 1;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = detail::masked_supports<D, M>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
  template <class P> static auto unpack_buffers(P p) {
    auto m = p.vector(D, "mean");
    auto d = p.vector(D, "deviation");
    return std::tuple{m, d, p.vector(1, "initialised")};
  }
  template <class T> void init(Params<T>, Params<T> buffers, Noise) const {
    auto [m, d, done] = unpack_buffers(buffers);
    m.setZero();
    d.setOnes();
    done.setZero();
  }
  /// 0 and 1 where coordinates pass; else deviations that some data can have: above 0, no rounding error of the mean,
  /// and 16 of them about it finite.
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    using std::abs, std::isfinite;
    const auto [m, d, done] = unpack_buffers(buffers);
    for (Index j = 0; j < D; ++j) {
      if (!M::transformed(j) && !(m(j) == T(0) && d(j) == T(1))) return false;
      if (!(d(j) > T(1e-30) * abs(m(j))) || !isfinite(T(1) / d(j)) || !isfinite(abs(m(j)) + T(16) * d(j))) return false;
    }
    return done(0) == T(0) || done(0) == T(1);
  }
  template <class T> void initialise(InitPass<T> p) const {
    auto [mean, deviation, done] = unpack_buffers(p.buffers);
    if (done(0) != T(0) && !p.anew) {
      for (Index j = 0; p.report && p.in.rows() > 1 && j < D; ++j) {
        if (!M::transformed(j)) continue;
        const math::Moments stored{static_cast<double>(mean(j)), static_cast<double>(deviation(j))},
            here = math::raw_moments(p.in, j);
        if (math::apart(stored, here))
          p.report->kept.push_back({false, j, stored.mean, stored.deviation, here.mean, here.deviation});
      }
      return;
    }
    for (Index j = 0; j < D; ++j) {
      if (!M::transformed(j)) continue;
      const auto m = math::moments(p.in, j);
      mean(j) = T(m.mean);
      deviation(j) = T(m.deviation);
    }
    done(0) = T(1);
  }
  template <class T> void encode(Pass<T, NoCache> p) const {
    const auto [m, d, done] = unpack_buffers(p.buffers);
    for (Index j = 0; j < D; ++j) column(p.out, j) = (column(p.in, j) - m(j)) / d(j);
    p.v -= d.log().sum();
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    const auto [m, d, done] = unpack_buffers(p.buffers);
    for (Index j = 0; j < D; ++j) column(p.g_in, j) = column(p.g_out, j) / d(j);
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    const auto [m, d, done] = unpack_buffers(p.buffers);
    for (Index j = 0; j < D; ++j) column(p.out, j) = column(p.in, j) * d(j) + m(j);
    p.v -= d.log().sum();
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    const auto [m, d, done] = unpack_buffers(p.buffers);
    for (Index j = 0; j < D; ++j) column(p.g_in, j) = column(p.g_out, j) * d(j);
  }
};

/// Mean and deviation are buffers: saved with the model, never trained.  Before initialise() it is the identity.  A
/// second start keeps them, and says so in its report where the rows have other moments, unless it is to be made anew.
template <Index D> struct Standardize : StandardizeOn<D, AllMask<D>> {};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
