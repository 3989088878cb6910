// SPDX-License-Identifier: MIT
#include "rheo/flows/summary.hpp"

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"

namespace flows_summary {
using namespace rheo;

namespace {
// A stand-in for a layer whose decode runs its net once per coordinate.
struct Sequential : ActNorm<4> {
  static constexpr Index encode_passes = 1, decode_passes = 4;
  static constexpr bool parallel_decode = false;
};
bool has(const std::string& text, const std::string& line) { return text.find(line) != std::string::npos; }
}  // namespace

TEST_CASE("a summary names every layer, and the directions that take a pass per coordinate") {
  using F = Flow<ActNorm<4>, Repeat<3, Chain<AffineCoupling<4, Mlp<8>>, Sequential>>, StandardNormal<4>>;
  const std::string text = summary<F>();
  INFO(text);
  CHECK(has(text, "ActNorm<4>"));
  CHECK(has(text, "3 times"));
  CHECK(has(text, "4 passes in sequence"));
  CHECK(has(text, "distribution"));
  CHECK(F::encode_passes == 6);
  CHECK(F::decode_passes == 15);
  CHECK(F::parallel_encode);
  CHECK_FALSE(F::parallel_decode);
  using Back = Invert<Sequential>;
  CHECK(Back::encode_passes == 4);
  CHECK_FALSE(Back::parallel_encode);
  CHECK(Back::parallel_decode);
}

}  // namespace flows_summary
