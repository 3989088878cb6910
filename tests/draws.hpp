// SPDX-License-Identifier: MIT
// Points that tests look at.
#pragma once

#include "rheo/core/batch.hpp"
#include "rheo/core/noise.hpp"

namespace rheo_test {

/// n x c normal numbers of that deviation.
template <class T = double>
rheo::Batch<T> normals(rheo::Index n, rheo::Index c, std::uint64_t seed, double deviation = 1) {
  rheo::Batch<double> x(n, c);
  rheo::Noise{seed}.normals(rheo::view(x));
  return (x * deviation).template cast<T>();
}

}  // namespace rheo_test
