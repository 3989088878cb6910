// SPDX-License-Identifier: MIT
// TriangularLinear: z = L x + b, L lower triangular with diagonal e^s: with a standard normal behind it, any Gaussian.
#pragma once

#include "rheo/math/triangular.hpp"

namespace rheo {

/// V = sum s, exact, s = 10 tanh(a / 10): invertible for every parameter; both directions cost n D^2.  Starts as the
/// identity.
template <Index D> struct TriangularLinear : math::FactoredLinear<D, 1, math::Triangle<D, true, false>> {};

}  // namespace rheo
