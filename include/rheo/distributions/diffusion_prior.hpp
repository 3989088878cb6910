// SPDX-License-Identifier: MIT
// DiffusionPrior: where a linear diffusion ends, N(0, m I) with m the variance that data of variance one have at its
// last level.
//   Song et al. 2021, arXiv:2011.13456, section 3 (there the noise's part alone, which is nearly all of it).
#pragma once

#include <cmath>

#include "rheo/distributions/normal.hpp"
#include "rheo/math/noise_levels.hpp"

namespace rheo {

/// N(0, m I), m the variance at time 1 of data of variance one under the equation Sde (rheo/math/noise_levels.hpp).
template <Index D, class Sde> struct DiffusionPrior : DistributionFacts<D, Support::real> {
  static constexpr Index param_count = 0;
  template <class T> using Cache = NoCache;
  Sde sde{};

  DiffusionPrior() = default;
  explicit DiffusionPrior(Sde equation) : sde(equation) {}
  double deviation() const { return std::sqrt(sde.level(1).variance()); }

  template <class T> void encode(Pass<T, NoCache> p) const { score(p.in, p.v); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    const T precision = T(1 / sde.level(1).variance());
    for (Index j = 0; j < D; ++j) column(p.g_in, j) = -precision * column(p.in, j) * p.g_v;
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    p.noise.normals(p.out);
    for (Index j = 0; j < D; ++j) column(p.out, j) *= T(deviation());
    score(read(p.out), p.v);
  }
  template <class T> void decode_pull(Pull<T, NoCache>) const {}

 private:
  template <class T> void score(CView<T> x, ColView<T> v) const {
    const T u = T(1 / deviation()), constant = T(half_log_two_pi + std::log(deviation()));
    for (Index j = 0; j < D; ++j) v -= T(0.5) * (column(x, j) * u).square() + constant;
  }
};

}  // namespace rheo
