// SPDX-License-Identifier: MIT
#include "rheo/flows/summary.hpp"

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "rheo/layers/stochastic/langevin.hpp"
#include "rheo/layers/stochastic/mala.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "rheo/layers/stochastic/underdamped_langevin.hpp"
#include "rheo/transformers/bernstein.hpp"

namespace flows_summary {
using namespace rheo;

namespace {
// A stand-in for a layer whose decode runs its net once per coordinate.
struct Sequential : ActNorm<4> {
  static constexpr Index encode_passes = 1, decode_passes = 4;
  static constexpr bool parallel_decode = false;
};
// One that says nothing of its cost.
template <Index D> struct Silent {
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
  template <class T> void encode(Pass<T, NoCache> p) const { copy(p.in, p.out); }
  template <class T> void decode(Pass<T, NoCache> p) const { copy(p.in, p.out); }
};
// N(0, I), counting the rows that look at it.
struct Counting {
  static constexpr Index dim = 2;
  template <class T> using Workspace = NoWorkspace;
  static inline Index looks = 0;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace& w) const {
    looks += x.rows();
    NormalEnergy<2>{}.value(x, u, w);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    looks += x.rows();
    NormalEnergy<2>{}.value_and_gradient(x, u, g, w);
  }
};
template <class L> void counts(const L& layer) {
  detail::LayerBench<L, double> b(layer);
  const Batch<double> in = Batch<double>::Constant(7, L::x_dim, 0.3), none(7, 0);
  Batch<double> out;
  Column<double> v;
  Counting::looks = 0;
  b.template call<true>(in, none, Noise{1}, out, v);
  CHECK(Counting::looks == 7 * L::encode_passes);
  Counting::looks = 0;
  b.template call<false>(in, none, Noise{1}, out, v);
  CHECK(Counting::looks == 7 * L::decode_passes);
}
using Newton = Elementwise<4, Bernstein<5>>;
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

TEST_CASE("what is not stated is not claimed, alone or in company, and what iterates is no closed form") {
  using detail::decode_effort, detail::encode_effort;
  STATIC_REQUIRE((encode_effort<Silent<4>>().passes == not_stated && !encode_effort<Silent<4>>().parallel));
  STATIC_REQUIRE((encode_effort<Repeat<3, Silent<4>>>().passes == not_stated &&
                  decode_effort<Invert<Silent<4>>>().passes == not_stated));
  STATIC_REQUIRE(decode_effort<Chain<Newton, ActNorm<4>>>().passes == as_needed);
  STATIC_REQUIRE(decode_effort<Chain<Newton, Silent<4>>>().passes == not_stated);
  STATIC_REQUIRE((encode_effort<Newton>().passes == 0 && decode_effort<Newton>().passes == as_needed));
  STATIC_REQUIRE((encode_effort<ActNorm<4>>().passes == 0 && encode_effort<ActNorm<4>>().parallel));
  const std::string text = summary<Flow<Silent<4>, StandardNormal<4>>>(),
                    newton = summary<Flow<Newton, StandardNormal<4>>>();
  INFO(text << newton);
  CHECK(has(text, "not stated"));
  CHECK(has(newton, "closed form"));
  CHECK(has(newton, "iterates"));
}

TEST_CASE("sampling layers state how often a row looks at the energy") {
  counts(Metropolis<Counting, 4>(Counting{}));
  counts(Mala<Counting, 4>(Counting{}));
  counts(Langevin<Counting, 4>(Counting{}));
  counts(UnderdampedLangevin<Counting, 4>(Counting{}));
  counts(Hmc<Counting, 3, 5, true>(Counting{}));
  counts(Hmc<Counting, 3, 5, false>(Counting{}));
}

}  // namespace flows_summary
