// SPDX-License-Identifier: MIT
// Householder: z = H_K ... H_1 x + b, orthogonal, H = I - 2 v v' / (v' v).
//   Tomczak and Welling 2016, arXiv:1611.09630, eqs. 7-9.
#pragma once

#include "rheo/math/reflections.hpp"

namespace rheo {

/// V = 0.  Determinant (-1)^K.  K = D reflections reach every orthogonal matrix of that sign; n D K operations either
/// way.  For even K it starts as the identity, for odd K by flipping the sign of the last coordinate.
template <Index D, Index K = D + D % 2> struct Householder : math::FactoredLinear<D, 1, math::Reflections<D, K>> {};

}  // namespace rheo
