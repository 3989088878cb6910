// SPDX-License-Identifier: MIT
// The core's multiply-add rate, measured here and now: what shares of peak are quoted against.
#pragma once

#include <ctime>

#include "rheo/math/lane.hpp"

namespace rheo::bench {

/// Processor time of this thread in seconds: other people's time slices do not count.
inline double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Best FLOP/s of 12 independent chains of multiply-adds over a tenth of a second.
template <class T> double fma_peak() {
  using L = math::Lane<T>;
  constexpr int chains = 12, rounds = 100000;
  double best = 0;
  for (const double begin = thread_seconds(); thread_seconds() - begin < 0.1;) {
    typename L::Packet a[chains];
    for (int k = 0; k < chains; ++k) a[k] = L(k).p;
    const auto x = L(1.0000001).p, y = L(1e-7).p;
    const double t = thread_seconds();
    for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
      for (int k = 0; k < chains; ++k) a[k] = Eigen::internal::pmadd(a[k], x, y);
    }
    const double rate = 2.0 * static_cast<double>(L::size) * chains * rounds / (thread_seconds() - t);
    for (int k = 0; k < chains; ++k) asm volatile("" : : "m"(a[k]));
    best = rate > best ? rate : best;
  }
  return best;
}

}  // namespace rheo::bench
