// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/transformers/rescale.hpp"

namespace rheo_test {
// The density jumps to 0 at the upper end, which the quadrature must know.
struct UpTo20 : On<2, Mask<1, 0>, range::RescalePositive> {
  UpTo20() : On(range::RescalePositive{0, 20}) {}
  template <class Add> void seams(Index j, double, Add add) const {
    if (j == 0) add(20.0);
  }
};
}  // namespace rheo_test

#define RHEO_REGISTRY(entry)                                                 \
  entry("rescale", (Elementwise<2, range::Rescale>{range::Rescale{-1, 3}})); \
  entry("rescale positive numbers", (UpTo20{}))
