// SPDX-License-Identifier: MIT
// CayleyOrthogonal: z = Q x + b with Q = (I - A) (I + A)^-1, A skew-symmetric: rotations without an eigenvalue -1.
//   Cayley 1846;  Helfrich, Willmott and Ye 2018, arXiv:1707.09520.
#pragma once

#include "rheo/math/orthogonal.hpp"

namespace rheo {

/// V = 0; starts as the identity.  I + A is never singular; Q is made once a call, with D^3 operations, orthogonal to
/// rounding.
template <Index D> struct CayleyOrthogonal : math::FactoredLinear<D, 1, math::SkewOrthogonal<D, false>> {};

}  // namespace rheo
