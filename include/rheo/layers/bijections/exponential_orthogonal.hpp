// SPDX-License-Identifier: MIT
// ExponentialOrthogonal: z = e^A x + b, A skew-symmetric: every rotation.
//   Golinski, Lezcano-Casado and Rainforth 2019, ICML workshop INNF;  Lezcano-Casado and Martinez-Rubio 2019,
//     arXiv:1901.08428.
#pragma once

#include "rheo/math/orthogonal.hpp"

namespace rheo {

/// V = 0; starts as the identity.  e^A is made once a call with (5 + log2(4 |A|)) D^3 multiplications, orthogonal to
/// rounding; its own error is about |A| eps (an angle).
template <Index D> struct ExponentialOrthogonal : math::FactoredLinear<D, 1, math::SkewOrthogonal<D, true>> {};

}  // namespace rheo
