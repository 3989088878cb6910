// SPDX-License-Identifier: MIT
// README's flow, frozen: the log-density of points.
#include "moons.hpp"

int main() {
  const double x[2] = {0.5, 0.25};
  return moons::log_prob(x) < 0 ? 0 : 1;
}
