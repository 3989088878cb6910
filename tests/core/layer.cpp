// SPDX-License-Identifier: MIT
// What core/layer.hpp shows is a layer: it compiles, keeps the laws, gives ActNorm's numbers, and says nothing more.
#include "rheo/core/layer_more.hpp"

#include <sstream>

#include "catch.hpp"
#include "rheo/evaluation/certify.hpp"
#include "rheo/flows/chain.hpp"
#include "rheo/layers/bijections/act_norm.hpp"

namespace core_layer {
using namespace rheo;

namespace page {
template <Index D> struct ActNorm {
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 2 * D, buffer_count = 1;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
  template <class P> static auto unpack(P p) {
    auto s = p.vector(D, "log_scale");
    return std::pair{s, p.vector(D, "shift")};
  }
  template <class T> void encode(Pass<T, NoCache> p) const {
    using std::exp;
    const auto [s, b] = unpack(p.theta);
    for (Index j = 0; j < D; ++j) column(p.out, j) = column(p.in, j) * T(exp(s(j))) + b(j);
    p.v += s.sum();
  }
};
}  // namespace page

using Least = page::ActNorm<2>;

TEST_CASE("the page's layer is one, alone and in a chain, and can do what it wrote") {
  STATIC_REQUIRE(Layer<Least>);
  STATIC_REQUIRE(CanEncode<Least, float>);
  STATIC_REQUIRE_FALSE((CanDecode<Least, double> || CanEncodePull<Least, double> || CanDecodePull<Least, double>));
  STATIC_REQUIRE(Layer<Chain<Least, ActNorm<2>>>);
  STATIC_REQUIRE(Chain<Least, ActNorm<2>>::param_count == 8);
}

TEST_CASE("what a layer does not say has the default that layer_more.hpp tells") {
  using L = Least;
  STATIC_REQUIRE_FALSE((detail::HasInit<L, double> || detail::HasInitialise<L, double>));
  STATIC_REQUIRE_FALSE((detail::HasAfterStep<L, double> || detail::HasSeams<L> || detail::HasWeigh<L, double>));
  STATIC_REQUIRE_FALSE((detail::HasEncodePathPull<L, double> || detail::HasDecodePathPull<L, double>));
  STATIC_REQUIRE_FALSE((detail::has_biased_pulls<L> || detail::is_bounded<L>() || detail::is_replayed<L>));
  STATIC_REQUIRE_FALSE((detail::is_smooth<L> || detail::is_piecewise_smooth<L> || detail::is_masked<L>));
  STATIC_REQUIRE((detail::has_exact_pulls<L> && detail::is_noise_free<L> && detail::categories_fit<L>(3)));
  STATIC_REQUIRE((detail::accuracy<L, float>() == 0 && detail::pull_accuracy<L, double>() == 0));
  STATIC_REQUIRE((detail::encode_effort<L>().passes == not_stated && !detail::decode_effort<L>().parallel));
  STATIC_REQUIRE((detail::support_source<L>() == std::array<Index, 2>{0, 1}));
  STATIC_REQUIRE((detail::category_count<L>() == 0 && detail::x_categories<L>() == std::array<Index, 2>{}));
  STATIC_REQUIRE(detail::path_draws_of<L> == 0);
  Column<double> theta = Column<double>::Ones(4), buffers = Column<double>::Ones(1);
  const Params<double> t(theta.data(), 4), b(buffers.data(), 1);
  CHECK(detail::valid_buffers(L{}, Params<const double>(b)));
  detail::after_step(L{}, t, b);
  const Batch<double> rows = Batch<double>::Zero(3, 2);
  detail::initialise(L{}, InitPass<double>{view(rows), t, b, columns(view(rows), 0, 0)});
  CHECK((theta == 1.0).all());
  detail::init<L, double>(L{}, t, b, Noise{1});
  CHECK(((theta == 0.0).all() && buffers(0) == 0));
  buffers(0) = std::numeric_limits<double>::infinity();
  CHECK_FALSE(detail::valid_buffers(L{}, Params<const double>(b)));
}

TEST_CASE("the page's layer keeps the laws and gives ActNorm's numbers") {
  const auto found = certify(Least{});
  CHECK(found.size() > 3);
  for (const Finding& f : found) {
    std::ostringstream words;
    words << f;
    INFO(words.str());
    CHECK(f.passed());
  }
  Batch<double> x(3, 2), z(3, 2), other(3, 2);
  x << 1, -2, 0.5, 3, -0.25, 7;
  Column<double> theta(4), buffer = Column<double>::Zero(1), v = Column<double>::Zero(3), w = v;
  theta << 0.3, -0.7, 1.5, -2;
  NoCache none;
  Arena scratch;
  const Params<const double> t(theta.data(), 4), b(buffer.data(), 1);
  const CView<double> in = view(std::as_const(x)), nothing = columns(in, 0, 0);
  Least{}.encode(
      Pass<double, NoCache>{in, view(z), ColView<double>(v.data(), 3), t, b, nothing, Noise{}, none, scratch});
  ActNorm<2>{}.encode(
      Pass<double, NoCache>{in, view(other), ColView<double>(w.data(), 3), t, b, nothing, Noise{}, none, scratch});
  CHECK(((z == other).all() && (v == w).all()));
  CHECK(std::abs(v(0) - (0.3 - 0.7)) < 1e-15);
}

}  // namespace core_layer
