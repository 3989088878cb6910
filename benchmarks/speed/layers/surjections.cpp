// SPDX-License-Identifier: MIT
// Surjections, both ways round; nets of 64 and 64 where a law is learned.
#include "rheo/layers/surjections/abs.hpp"

#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/discretized_logistic.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/argmax.hpp"
#include "rheo/layers/surjections/max.hpp"
#include "rheo/layers/surjections/modulo.hpp"
#include "rheo/layers/surjections/partition.hpp"
#include "rheo/layers/surjections/relu.hpp"
#include "rheo/layers/surjections/round.hpp"
#include "rheo/layers/surjections/slice.hpp"
#include "rheo/layers/surjections/sort.hpp"
#include "rheo/layers/surjections/stochastic_permutation.hpp"
#include "rheo/nets/mlp.hpp"
#include "table.hpp"

void rheo::bench::surjections(Table& t) {
  using Net = Mlp<64, 64>;
  using GivenNormal = Given<family::Normal<SoftBound>, Net>;
  using Gaps = Plain<family::HalfNormal<>>;
  t.add("abs", [](auto d) { return Abs<d>{}; });
  t.add("abs, learned signs", [](auto d) { return Abs<d, Given<family::Bernoulli, Net>>{}; });
  t.add("unfold", [](auto d) { return Unfold<d>{}; });
  t.add("slice half", [](auto d) { return Slice<d, d / 2, GivenNormal>{}; });
  t.add("augment by half", [](auto d) { return Augment<d / 2, d / 2, GivenNormal>{}; });
  t.add("sort", [](auto d) { return Sort<d>{}; });
  t.add("unsort", [](auto d) { return Unsort<d>{}; });
  t.add("stochastic permutation", [](auto d) { return StochasticPermutation<d>{}; });
  t.add("max", [](auto d) { return Max<d, Gaps>{}; });
  t.add_at<16, 64>(
      "max pooling 2 x 2", [](auto d) { return MaxPool2x2 < 1, d == 16 ? 4 : 8, d == 16 ? 4 : 8, Gaps > {}; },
      "images of even sides, 4 x 4 and 8 x 8");
  t.add("ReLU", [](auto d) { return ReluSurjection<d, Gaps>{}; });
  t.add("modulo", [](auto d) { return Modulo<d>{}; });
  t.add("unwind", [](auto d) { return Unwind<d>{}; });
  t.add("round", [](auto d) { return Round<d, Fixed<Uniform>>{}; });
  t.add("dequantize", [](auto d) { return Dequantize<d>{}; });
  t.add("argmax of 4", [](auto d) { return Argmax<d / 2, 4, GivenNormal>{}; });
  t.add("partition in 4", [](auto d) { return Partition<d, 4, Given<family::Categorical<4>, Net>>{}; });
}
