// SPDX-License-Identifier: MIT
// The normal distribution's tail and its inverse, in log space where it is small; numbers, duals and lanes alike.
//   Mills' ratio by one Chebyshev series in (u - 5) / (u + 5), the form of Shepherd and Laframboise 1981, Math. Comp.
//     36, 249 (coefficients
//   computed anew in 40 digits);  quantile: Abramowitz and Stegun 1964, 26.2.23, and two Halley steps;  near 1/2
//     Wichura 1988, Appl. Stat. 37, AS 241.
#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

inline constexpr double half_log_2pi = 0.91893853320467274178;

/// M(u) = Q(u) / phi(u) for u >= 0, Q the upper tail of the standard normal and phi its density.  Slope: u M - 1.
/// Relative error below 4 eps.
template <class L> L mills(L u) {
  constexpr std::array<double, 26> c{
      1.1579976221305187167,       -0.16334493884513978905,   -0.013683136055781576407,   0.030822000198100039725,
      -0.016220073012046806988,    0.0056166910164600934864,  -0.001413393378354921628,   0.00025026254607256606546,
      -0.000024689072397283870041, -1.0107964061837592256e-6, 7.4954191797405729054e-7,   -7.6002742687283368758e-8,
      -1.1574771441328644748e-8,   3.3333864725998431463e-9,  7.5380396281713470189e-11,  -1.1104247263727494478e-10,
      3.5092437765510588325e-12,   3.6894953861750953684e-12, -2.3376697776383093717e-13, -1.3271797523541405453e-13,
      9.9217069958882765537e-15,   5.2760049954553790653e-15, -3.3730976941879218316e-16, -2.2804338776379945603e-16,
      7.4963305658086263882e-18,   1.0328041877290668347e-17};
  const L t = L(1) - L(10) / (u + L(5)), t2 = t + t;
  L b1(0), b2(0);
  for (std::size_t n = c.size(); n-- > 1;) {
    const L b = t2 * b1 - b2 + L(c[n]);
    b2 = b1;
    b1 = b;
  }
  return (t * b1 - b2 + L(c[0])) / (L(1) + u);
}

/// log(1 - e) for e in [0, 1/2].  Relative error below 4 eps.
template <class L> L log1m_small(L e) {
  using std::log;
  if constexpr (autodiff::is_dual_v<L>) {
    return log1p(-e);
  } else {
    const L u = L(1) - e, d = L(1) - u;
    return select(d == L(0), -e, log(u) * (e / select(d == L(0), L(1), d)));
  }
}

/// log Q(u), the upper tail of the standard normal; log Phi(x) is log_normal_tail(-x).  Slope: -phi(u) / Q(u).  Error
/// below 8 eps (1 + abs(log Q)).
template <class L> L log_normal_tail(L u) {
  using std::abs, std::exp, std::log;
  const L m = mills(abs(u)), square = L(0.5) * u * u + L(half_log_2pi);
  return select(u < L(0), log1m_small(exp(-square) * m), log(m) - square);
}

/// The z with log Q(z) = l, for l <= log(1/2) up to rounding, however low.  Slope: -M(z).  Absolute error below 8 eps
/// (1 + z).
template <class L> L normal_tail_quantile(L l) {
  using std::log, std::sqrt;
  if constexpr (autodiff::is_dual_v<L>) {
    L z = L(normal_tail_quantile(l.a));
    return L(z.a, -mills(z.a) * l.b);
  } else {
    const L t = sqrt(L(-2) * l);
    L z = t - (L(2.515517) + t * (L(0.802853) + t * L(0.010328))) /
                  (L(1) + t * (L(1.432788) + t * (L(0.189269) + t * L(0.001308))));
    for (int k = 0; k < 2; ++k) {
      const L m = mills(z), g = log(m) - L(0.5) * z * z - L(half_log_2pi) - l;
      z = z + g * m / (L(1) + L(0.5) * g * (L(1) - z * m));
    }
    return z;
  }
}

/// Phi^-1(p), p in (0, 1): -infinity at 0, infinity at 1, NaN outside.  Slope: 1 / phi(z).  Relative error below 4 eps
/// / min(1, 8 (1 - p)): double has no more digits of 1 - p to give.
template <class L> L normal_quantile(L p) {
  using std::log, std::min;
  constexpr std::array<double, 8> a{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                    3.3430575583588128105e4, 2.5090809287301226727e3},
      b{1,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3};
  const L q = p - L(0.5), r = L(0.180625) - q * q;
  L top(0), bottom(0);
  for (std::size_t k = a.size(); k-- > 0;) top = top * r + L(a[k]), bottom = bottom * r + L(b[k]);
  const auto central = both(q <= L(0.425), q >= L(-0.425)), inside = both(p > L(0), p < L(1));
  const L tail = normal_tail_quantile(log(select(inside, min(p, L(1) - p), L(0.25)))),
          infinity = L(std::numeric_limits<double>::infinity());
  const L edge = select(p == L(0), -infinity, select(p == L(1), infinity, L(std::numeric_limits<double>::quiet_NaN())));
  return select(central, q * top / bottom, select(inside, select(q < L(0), -tail, tail), edge));
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
