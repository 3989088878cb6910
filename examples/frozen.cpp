// SPDX-License-Identifier: MIT
// A frozen flow in a product: moons.hpp (written by freeze.cpp) holds its numbers.  Compiles with -fno-exceptions
// -fno-rtti, and once the object is made nothing is allocated.
#include <cstdio>

#include "moons.hpp"

int main() {
  moons::Model flow;  // its memory is taken here; for one thread at a time
  constexpr int n = 1000;
  static double x[n * moons::dim], log_p[n], again[n];
  flow.sample(rheo::Noise{1}, n, x, log_p);  // seed 1; a row is x[i * dim], x[i * dim + 1]
  flow.log_prob(x, n, again);
  double mean = 0, worst = 0;
  for (int i = 0; i < n; ++i) {
    const double off = log_p[i] - again[i];
    mean += log_p[i] / n;
    worst = off > worst ? off : -off > worst ? -off : worst;
  }
  const double point[2] = {0.5, 0.25};
  double slope[2];
  flow.score(point, slope);
  std::printf("at (0.5, 0.25): log p = %.4f, gradient (%.4f, %.4f); the functions say log p = %.4f\n",
              flow.log_prob(point), slope[0], slope[1],
              moons::log_prob(point));  // functions keep memory of their own, by thread
  std::printf(
      "1000 samples: mean log p = %.4f, two ways differ by at most %.1g; drift from the model that was frozen: %g\n",
      mean, worst, moons::drift());
  return moons::drift() < 1e-9 ? 0 : 1;
}
