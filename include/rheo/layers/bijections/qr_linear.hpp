// SPDX-License-Identifier: MIT
// QrLinear: z = Q R x + b, Q a product of K Householder reflections, R upper triangular with diagonal e^s.
//   Hoogeboom et al. 2019, arXiv:1901.11137, sec. 3.2;  Tomczak and Welling 2016, arXiv:1611.09630.
#pragma once

#include "rheo/math/reflections.hpp"
#include "rheo/math/triangular.hpp"

namespace rheo {

/// V = sum s, exact, s = 10 tanh(a / 10): invertible for every parameter.  K reflections, by default D or the even
/// number above, so that every rotation is reached and the start is the identity.
template <Index D, Index K = D + D % 2>
struct QrLinear : math::FactoredLinear<D, 1, math::Triangle<D, false, false>, math::Reflections<D, K>> {};

}  // namespace rheo
