// SPDX-License-Identifier: MIT
// expect: rheo: this flow is conditional: hand it its context
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/frozen.hpp"
#include "rheo/layers/bijections/coupling.hpp"
using namespace rheo;
struct Constants {
  using Flow = rheo::Flow<AffineCoupling<2, Mlp<4>, 1>, StandardNormal<2>>;
  using Scalar = double;
  static Flow flow() { return Flow(); }
  static constexpr double parameters[Flow::param_count] = {}, buffers[Flow::buffer_count] = {};
};
int main() {
  const double x[2] = {}, c[1] = {};
  Frozen<Constants> flow;
#ifdef RIGHT
  return flow.log_prob(x, c) < 0;
#else
  return flow.log_prob(x) < static_cast<double>(c[0]);
#endif
}
