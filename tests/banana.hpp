// SPDX-License-Identifier: MIT
// A bent density of the plane to fit.
#pragma once

#include <cstdint>

#include "rheo/core/noise.hpp"

namespace rheo_test {

template <class T> rheo::Batch<T> banana(rheo::Index n, std::uint64_t seed) {
  rheo::Batch<T> x(n, 2);
  for (rheo::Index i = 0; i < n; ++i) {
    const double a = rheo::Noise{seed}.normal(i, 0);
    x(i, 0) = T(a);
    x(i, 1) = T(0.5 * a * a + 0.5 * rheo::Noise{seed}.normal(i, 1));
  }
  return x;
}

}  // namespace rheo_test
