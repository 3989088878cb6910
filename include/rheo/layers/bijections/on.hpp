// SPDX-License-Identifier: MIT
// On: a scalar transformer on the coordinates that a mask names; the others pass, with their supports.
#pragma once

#include "rheo/core/layer.hpp"
#include "rheo/transformers/pointwise.hpp"

namespace rheo {

/// z_j = tau(x_j; theta_j) where M::transformed(j), z_j = x_j elsewhere.  K P learned parameters for the K transformed
/// coordinates in their order, the same for every row; start at zero.  On<3, Mask<1, 0, 0>, range::Log> takes the log
/// of the first coordinate. Constructed from a transformer, or from the arguments of one.
template <Index D, class M, class Transformer> struct On : detail::Pointwise<D, M, Transformer> {
  static_assert(detail::transformed_count<D, M> > 0, "rheo: On: the mask transforms nothing");
  using detail::Pointwise<D, M, Transformer>::Pointwise;
};

}  // namespace rheo
