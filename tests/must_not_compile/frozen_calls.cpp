// SPDX-License-Identifier: MIT
// expect: rheo: this Frozen was not made for this call
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/frozen.hpp"
using namespace rheo;
struct Constants {
  using Flow = rheo::Flow<StandardNormal<2>>;
  using Scalar = double;
  static Flow flow() { return Flow(); }
  static constexpr double parameters[1] = {}, buffers[1] = {};
};
int main() {
  const double x[2] = {};
  Frozen<Constants, Calls::log_prob> flow;
#ifdef RIGHT
  return flow.log_prob(x) > 0;
#else
  double g[2];
  flow.score(x, g);
#endif
}
