// SPDX-License-Identifier: MIT
// SvdLinear: z = Q diag(e^s) O x + b, with Q and O products of K Householder reflections each.
//   Zhang, Lei and Dhillon 2018, arXiv:1803.09327.
#pragma once

#include "rheo/math/reflections.hpp"
#include "rheo/math/triangular.hpp"

namespace rheo {

/// V = sum s, exact, s = 10 tanh(a / 10): the condition is at most e^20 for every parameter.  K as in QrLinear; starts
/// as the identity.
template <Index D, Index K = D + D % 2>
struct SvdLinear : math::FactoredLinear<D, 1, math::Reflections<D, K>, math::Diagonal<D>, math::Reflections<D, K>> {};

}  // namespace rheo
