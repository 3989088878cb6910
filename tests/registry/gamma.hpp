// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/gamma.hpp"
#include "rheo/distributions/log_normal.hpp"

namespace rheo_test {
// Deviations of log x between 0.16 and 0.31: the laws count draws in cells of equal width.
struct SlimScale : BoundedExp {
  SlimScale() : BoundedExp{0.3} {}
  template <class L> L log_scale(L a) const { return BoundedExp::log_scale(a) - L(1.5); }
  template <class L> L slope(L a, L s) const { return BoundedExp::slope(a, L(s + L(1.5))); }
};
}  // namespace rheo_test

#define RHEO_REGISTRY(entry)                                             \
  entry("Gumbel", (Gumbel<2>{}));                                        \
  entry("log-normal", (Independent<2, family::LogNormal<SlimScale>>{})); \
  entry("gamma", (Gamma<2>{3.0}));                                       \
  entry("gamma, conditional", (ConditionalGamma<1, SmoothNet, 2>{4.0})); \
  entry("beta", (Beta<2>{2.5}));                                         \
  entry("beta, conditional", (ConditionalBeta<1, SmoothNet, 2>{3.0}))
