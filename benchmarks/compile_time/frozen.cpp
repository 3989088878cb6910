// SPDX-License-Identifier: MIT
// README's flow, frozen: densities, samples, scores.
#include "moons.hpp"

int main() {
  moons::Model flow;
  double x[20], v[10];
  flow.sample(rheo::Noise{1}, 10, x, v);
  flow.log_prob(x, 10, v);
  flow.score(x, 10, x);
  return x[0] == x[0] && v[0] == v[0] ? 0 : 1;
}
