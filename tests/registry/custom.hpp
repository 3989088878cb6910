// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/custom.hpp"

namespace rheo_test {
// A line and a bend: slopes from e^a to 3 e^a.
using Bent = decltype(custom_transformer<3>([](auto x, const auto& a) {
  using std::exp, std::tanh;
  return exp(a[0]) * (x + (1 + tanh(a[1])) * tanh(x - a[2]));
}));
}  // namespace rheo_test

#define RHEO_REGISTRY(entry)                                                          \
  entry("custom coupling by type", (Coupling<2, Bent, SmoothNet, 1, HalfMask<2>>{})); \
  entry("elementwise custom", (elementwise<2, 1>([](auto x, const auto& a) {          \
          using std::asinh;                                                           \
          return x + a[0] * a[0] * asinh(x);                                          \
        })))
