// SPDX-License-Identifier: MIT
// Whole flows with the weights of zuko: MAF and NSF, whose masked nets become rheo's own Made once units are sorted by degree (their weights under the
// mask are not zero: Made must not read them), and coupling.
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/transformers/knots.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "weights.hpp"

namespace parity_zuko {

namespace {
using namespace rheo_test;

// 32 units twice.  Theirs have degrees first, first + 1, ..., D - 1, first, ..., with first 0 in a context and 1 without.
template <Index D, Index C, class Transformer> void autoregressive(const std::string& name) {
  constexpr Index P = Transformer::params, degrees = C > 0 ? D : D - 1, each = 32 / degrees;
  using Up = Autoregressive<D, Transformer, Made<32, 32>, C>;
  using Down = Autoregressive<D, Transformer, Made<32, 32>, C, ReversedOrder>;
  const Reference r(name);
  auto model = make_model<double>(Flow{Up{}, Down{}, Up{}, StandardNormal<D>{}}, Noise{});
  Importer put{r, model.theta()};
  Places by_degree;
  for (Index degree = 0; degree < degrees; ++degree)
    for (Index i = 0; i < each; ++i) by_degree.push_back(degree + degrees * i);
  for (int layer = 0; layer < 3; ++layer) {
    const std::string at = "transform.transforms." + std::to_string(layer);
    Places inputs, outputs;  // theirs are numbered by coordinate, ours along the order; their context comes last
    for (Index c = 0; c < C; ++c) inputs.push_back(D + c);
    for (Index k = 0; k < D; ++k) {
      const Index j = layer == 1 ? D - 1 - k : k;
      REQUIRE(r.integers(at + ".order")[static_cast<std::size_t>(k)] == j);
      inputs.push_back(j);
      for (Index q = 0; q < P; ++q) outputs.push_back(j * P + q);
    }
    put.linear(at + ".hyper.0", by_degree, inputs);
    put.linear(at + ".hyper.2", by_degree, by_degree);
    put.linear(at + ".hyper.4", outputs, by_degree);
    const auto& mask = r.integers(at + ".hyper.2.mask");  // the same staircase
    for (Index k = 0; k < 32; ++k) {
      for (Index i = 0; i < 32; ++i)
        REQUIRE(mask[static_cast<std::size_t>(by_degree[static_cast<std::size_t>(k)] * 32 + by_degree[static_cast<std::size_t>(i)])] == (i / each <= k / each));
    }
  }
  REQUIRE(put.done());
  check_parity(model, r);
}
}  // namespace

TEST_CASE("zuko: MAF") { autoregressive<5, 0, ScaleShift<SoftclipScale>>("zuko_maf_D5"); }
TEST_CASE("zuko: NSF") {
  autoregressive<3, 0, RationalQuadraticSpline<8, ZukoKnots>>("zuko_nsf_D3");
  autoregressive<4, 2, RationalQuadraticSpline<8, ZukoKnots>>("zuko_nsf_D4_context2");
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

}  // namespace parity_zuko
