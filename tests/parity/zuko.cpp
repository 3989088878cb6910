// SPDX-License-Identifier: MIT
// Whole flows with the weights of zuko: MAF, whose masked nets become rheo's own Made once units are sorted by degree (their weights under the
// mask are not zero: Made must not read them), and coupling.
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "weights.hpp"

namespace {
using namespace rheo_test;
}

TEST_CASE("zuko: MAF") {
  constexpr Index D = 5;
  using Up = MaskedAffineAutoregressive<D, Made<32, 32>, 0, SoftclipScale>;
  using Down = MaskedAffineAutoregressive<D, Made<32, 32>, 0, SoftclipScale, ReversedOrder>;
  const Reference r("zuko_maf_D5");
  auto model = make_model<double>(Flow{Up{}, Down{}, Up{}, StandardNormal<D>{}}, Noise{});
  Importer put{r, model.theta()};
  Places by_degree;  // theirs are 1, 2, 3, 4, 1, 2, ...
  for (Index degree = 0; degree < 4; ++degree)
    for (Index i = 0; i < 8; ++i) by_degree.push_back(degree + 4 * i);
  for (int layer = 0; layer < 3; ++layer) {
    const std::string at = "transform.transforms." + std::to_string(layer);
    Places order, outputs;  // theirs are numbered by coordinate, ours along the order
    for (Index k = 0; k < D; ++k) order.push_back(layer == 1 ? D - 1 - k : k);
    for (Index k : order) {
      REQUIRE(r.integers(at + ".order")[static_cast<std::size_t>(k)] == (layer == 1 ? D - 1 - k : k));
      outputs.insert(outputs.end(), {2 * k, 2 * k + 1});
    }
    put.linear(at + ".hyper.0", by_degree, order);
    put.linear(at + ".hyper.2", by_degree, by_degree);
    put.linear(at + ".hyper.4", outputs, by_degree);
    const auto& mask = r.integers(at + ".hyper.2.mask");  // the same staircase
    for (Index k = 0; k < 32; ++k) {
      for (Index i = 0; i < 32; ++i)
        REQUIRE(mask[static_cast<std::size_t>(by_degree[static_cast<std::size_t>(k)] * 32 + by_degree[static_cast<std::size_t>(i)])] == (i / 8 <= k / 8));
    }
  }
  REQUIRE(put.done());
  check_parity(model, r);
}

TEST_CASE("zuko: coupling") {
  using Odd = AffineCoupling<4, Mlp<32, 32>, 0, SoftclipScale, AlternatingMask<4, 0>>;
  using Even = AffineCoupling<4, Mlp<32, 32>, 0, SoftclipScale, AlternatingMask<4, 1>>;
  const Reference r("zuko_nice_D4");
  auto model = make_model<double>(Flow{Odd{}, Even{}, Odd{}, StandardNormal<4>{}}, Noise{});
  Importer put{r, model.theta()};
  for (int layer = 0; layer < 3; ++layer) {
    const std::string at = "transform.transforms." + std::to_string(layer);
    REQUIRE(r.integers(at + ".mask")[0] == (layer % 2 == 0));  // theirs is 1 where a coordinate passes
    for (const char* l : {".hyper.0", ".hyper.2", ".hyper.4"}) put.linear(at + l);
  }
  REQUIRE(put.done());
  check_parity(model, r);
}
