// SPDX-License-Identifier: MIT
// playground_load FLOW TARGET FILE x1 x2 ...: reads a model that the playground's page gave, and prints one draw of its
// log-density at each point, under the page's own noise.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <rheo/io/model_file.hpp>

#include "flows.hpp"

int main(int count, char** words) {
  using namespace playground;
  if (count < 6 || count % 2 != 0)
    return std::fprintf(stderr, "usage: playground_load FLOW TARGET FILE x1 x2 ...\n"), 2;
  try {
    Batch<float> x((count - 4) / 2, 2);
    for (Index i = 0; i < x.size(); ++i) x(i / 2, i % 2) = std::strtof(words[4 + i], nullptr);
    const Column<double> v =
        with_flow(words[1], make_target(words[2]), [&](auto flow, const FlowText&, auto) -> Column<double> {
          using M = Model<decltype(flow), float>;
          return io::load<M>(words[3], flow).log_prob_estimate(x, 1, Noise{7}).value.template cast<double>();
        });
    for (Index i = 0; i < v.size(); ++i) std::printf("%.9g\n", v(i));
  } catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
}
