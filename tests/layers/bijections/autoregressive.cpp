// SPDX-License-Identifier: MIT
// Autoregressive: what the laws do not see: who depends on whom, decode against full passes, a value by hand, orders,
// masked weights.
#include "rheo/layers/bijections/autoregressive.hpp"

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/flows/model.hpp"

namespace bijections_autoregressive {

namespace {
using namespace rheo;

template <class T> Batch<T> normals(Index n, Index c, std::uint64_t key) {
  Batch<T> x(n, c);
  Noise{key}.normals(view(x));
  return x;
}
template <class T> Column<T> noisy(Index n, double spread = 0.4) {
  Column<T> theta(n);
  for (Index i = 0; i < n; ++i) theta(i) = T(spread * Noise{5}.normal(i, 0));
  return theta;
}
template <bool Encode, class L, class T>
Batch<T> call(const L& layer, const Column<T>& theta, const Batch<T>& in, const Batch<T>& context, Column<T>& v) {
  Batch<T> out(in.rows(), in.cols());
  CacheOf<L, T> cache;
  Arena scratch;
  v.setZero(in.rows());
  Pass<T, CacheOf<L, T>> p{
      view(in), view(out), ColView<T>(v.data(), v.size()), {theta.data(), theta.size()}, {}, view(context), {},
      cache,    scratch};
  if constexpr (Encode) layer.encode(p);
  else layer.decode(p);
  return out;
}

// dz_k / dx_j of one row, by duals.
template <class L> Eigen::MatrixXd jacobian(const L& layer, const Column<double>& theta) {
  using D = Dual<double>;
  Eigen::MatrixXd J(L::x_dim, L::x_dim);
  const Column<D> lifted = theta.cast<D>();
  const Batch<D> context = normals<double>(1, L::context_dim, 2).template cast<D>();
  for (Index j = 0; j < L::x_dim; ++j) {
    Batch<D> x = normals<double>(1, L::x_dim, 1).template cast<D>();
    x(0, j).b = 1;
    Column<D> v;
    const Batch<D> z = call<true>(layer, lifted, x, context, v);
    for (Index k = 0; k < L::x_dim; ++k) J(k, j) = z(0, k).b;
  }
  return J;
}
template <class L, class O> void check_order() {
  const Eigen::MatrixXd J = jacobian(L{}, noisy<double>(L::param_count));
  for (Index a = 0; a < L::x_dim; ++a) {
    for (Index b = 0; b < L::x_dim; ++b) {
      const double slope =
          J(O::template at<L::x_dim>(a), O::template at<L::x_dim>(b));  // of the a-th in the order by the b-th
      INFO("place " << a << " by place " << b);
      if (b > a) CHECK(slope == 0);
      else CHECK(slope != 0);
    }
  }
}
}  // namespace

TEST_CASE("the Jacobian is triangular along the order, and full below") {
  check_order<MaskedAffineAutoregressive<5, MadeOf<Tanh, 24, 24>>, NaturalOrder>();
  check_order<MaskedAffineAutoregressive<5, MadeOf<Tanh, 24, 24>, 2>, NaturalOrder>();
  check_order<MaskedAffineAutoregressive<5, MadeOf<Tanh, 24>, 0, BoundedExp, ReversedOrder>, ReversedOrder>();
  using Mixed = Order<3, 0, 4, 2, 1>;
  check_order<MaskedAffineAutoregressive<5, MadeOf<Tanh, 24, 24>, 0, BoundedExp, Mixed>, Mixed>();
  check_order<MaskedAffineAutoregressive<6, MadeOf<Tanh, 100, 90>>, NaturalOrder>();  // several panels
  check_order<MaskedAffineAutoregressive<4, MadeOf<Tanh>, 3>, NaturalOrder>();        // no hidden layer
}

TEST_CASE("every coordinate sees the context, the first too") {
  using L = MaskedAffineAutoregressive<4, MadeOf<Tanh, 10, 9>, 2>;
  const Column<double> theta = noisy<double>(L::param_count);
  const Batch<double> x = normals<double>(1, 4, 1);
  Batch<double> context = normals<double>(1, 2, 2);
  Column<double> v;
  const Batch<double> z = call<true>(L{}, theta, x, context, v);
  for (Index c = 0; c < 2; ++c) {
    Batch<double> other = context;
    other(0, c) += 0.5;
    const Batch<double> moved = call<true>(L{}, theta, x, other, v);
    for (Index j = 0; j < 4; ++j) CHECK(std::abs(moved(0, j) - z(0, j)) > 1e-6);
  }
}

TEST_CASE("one coordinate after another is the parallel pass repeated D times") {
  using L = MaskedAffineAutoregressive<5, MadeOf<Silu, 70, 20>, 2, BoundedExp, Order<1, 4, 0, 3, 2>>;
  const L layer;
  const Column<double> theta = noisy<double>(L::param_count, 0.2);
  const Batch<double> z = normals<double>(40, 5, 1), context = normals<double>(40, 2, 2);
  Column<double> v, v_naive(40);
  const Batch<double> x = call<false>(layer, theta, z, context, v);
  Batch<double> naive = Batch<double>::Zero(40, 5);
  L::Cache<double> cache;
  for (Index k = 0; k < 5; ++k) {
    Arena scratch;
    Batch<double> along(40, 5), raw(40, 10);
    for (Index i = 0; i < 5; ++i) along.col(i) = naive.col(Order<1, 4, 0, 3, 2>::at<5>(i));
    layer.net.map(NetPass<double, L::Conditioner::Cache<double>>{
        view(std::as_const(along)), view(raw), {theta.data(), theta.size()}, view(context), cache.net, scratch});
    const Index j = Order<1, 4, 0, 3, 2>::at<5>(k);
    const Column<double> s = 2 * (raw.col(2 * k + 1) / 2).tanh();
    naive.col(j) = (z.col(j) - raw.col(2 * k)) * (-s).exp();
    if (k == 0) v_naive.setZero();
    v_naive += s;
  }
  CHECK((x - naive).abs().maxCoeff() < 1e-12);
  CHECK((v - v_naive).abs().maxCoeff() < 1e-12);
}

TEST_CASE("masked weights do not matter, get no gradient, and a gradient that stands there is left alone") {
  using L = MaskedAffineAutoregressive<6, MadeOf<Tanh, 90, 70>, 1>;
  const L layer;
  auto model = make_model<double>(Flow{layer, StandardNormal<6>{}}, Noise{3});
  const Column<double> start = model.parameters();
  Column<double> theta = noisy<double>(L::param_count, 0.2), other = theta;
  // The start has exact zeros at masked places, and at the last layer: mark the former by a net whose last layer starts
  // as the others.
  Column<double> marked(L::param_count);
  BasicMade<Tanh, UniformLast, 90, 70>::net<6, 2, 1>{}.init(Params<double>(marked.data(), marked.size()),
                                                            Params<double>{}, Noise{3});
  Index masked = 0;
  for (Index i = 0; i < theta.size(); ++i) {
    if (marked(i) == 0) {
      ++masked;
      CHECK(start(i) == 0);
      other(i) = 1e3;
    }
  }
  // By hand: degrees of 90 units are i 6 / 90, of 70 units i 6 / 70; a unit of degree d does not see the 6 - d later
  // inputs, and so on.
  Index by_hand = 0;
  for (Index i = 0; i < 90; ++i) by_hand += 6 - i * 6 / 90;
  for (Index k = 0; k < 70; ++k)
    for (Index i = 0; i < 90; ++i) by_hand += i * 6 / 90 > k * 6 / 70;
  for (Index j = 0; j < 6; ++j)
    for (Index k = 0; k < 70; ++k) by_hand += 2 * (k * 6 / 70 > j);
  CHECK(masked == by_hand);

  const Batch<double> x = normals<double>(33, 6, 1), context = normals<double>(33, 1, 2);
  Column<double> v, w;
  CHECK((call<true>(layer, theta, x, context, v) == call<true>(layer, other, x, context, w)).all());
  CHECK((v == w).all());
  CHECK((call<false>(layer, theta, x, context, v) == call<false>(layer, other, x, context, w)).all());

  for (const bool encode : {true, false}) {
    Batch<double> out(33, 6), g_out = normals<double>(33, 6, 7), g_in(33, 6), g_context = Batch<double>::Zero(33, 1);
    const Column<double> g_v = normals<double>(33, 1, 8).col(0);
    Column<double> g_theta = Column<double>::Constant(L::param_count, 0.75);
    L::Cache<double> cache;
    Arena scratch;
    v.setZero();
    Pass<double, L::Cache<double>> p{
        view(x), view(out), ColView<double>(v.data(), 33), {other.data(), other.size()}, {}, view(context), {},
        cache,   scratch};
    Pull<double, L::Cache<double>> q{view(x),
                                     view(std::as_const(out)),
                                     view(std::as_const(g_out)),
                                     CColView<double>(g_v.data(), 33),
                                     view(g_in),
                                     {other.data(), other.size()},
                                     {g_theta.data(), g_theta.size()},
                                     {},
                                     view(context),
                                     view(g_context),
                                     {},
                                     cache,
                                     scratch};
    if (encode) {
      layer.encode(p);
      layer.encode_pull(q);
    } else {
      layer.decode(p);
      layer.decode_pull(q);
    }
    Index touched = 0;
    for (Index i = 0; i < theta.size(); ++i) {
      if (marked(i) == 0) CHECK(g_theta(i) == 0.75);
      else touched += g_theta(i) != 0.75;
    }
    CHECK(touched == theta.size() - masked);
  }
}

TEST_CASE("a value by hand: D = 2, one hidden unit") {
  using L = MaskedAffineAutoregressive<2, MadeOf<Tanh, 1>, 0, Exp>;
  // 0.weight (2 x 1), 0.bias, 1.weight (1 x 4), 1.bias (4): shift and log-scale of coordinate 0, then of coordinate 1.
  Column<double> theta(11);
  theta << 0.7, 99, 0.1, 99, 99, 0.5, -0.3, 0.2, 0.4, -1, 0.25;
  Batch<double> x(1, 2), none(1, 0);
  x << 1.5, -2;
  Column<double> v;
  const Batch<double> z = call<true>(L{}, theta, x, none, v);
  const double h = std::tanh(0.7 * 1.5 + 0.1), s = -0.3 * h + 0.25;
  CHECK(z(0, 0) == Approx(1.5 * std::exp(0.4) + 0.2).epsilon(1e-14));
  CHECK(z(0, 1) == Approx(-2 * std::exp(s) + 0.5 * h - 1).epsilon(1e-14));
  CHECK(v(0) == Approx(0.4 + s).epsilon(1e-14));
}

TEST_CASE("starts as the identity; says which side is parallel; names its parameters as an Mlp does") {
  using L = MaskedAffineAutoregressive<3, Made<16, 16>, 1>;
  const auto model = make_model<double>(Flow{L{}, StandardNormal<3>{}}, Noise{3});
  const Batch<double> x = normals<double>(9, 3, 1), context = normals<double>(9, 1, 2);
  CHECK((model.encode(x, {}, context) == x).all());
  CHECK((model.parameters() != 0).any());
  STATIC_REQUIRE((L::encode_passes == 1 && L::decode_passes == 3 && L::parallel_encode && !L::parallel_decode));
  using Iaf = Invert<L>;
  STATIC_REQUIRE((Iaf::encode_passes == 3 && Iaf::decode_passes == 1 && !Iaf::parallel_encode && Iaf::parallel_decode));
  const auto info = model.describe();
  REQUIRE(info.size() == 6);
  CHECK(info[0].name == "0.net.0.weight");
  CHECK(info[0].shape == std::vector<Index>{16, 4});
  CHECK(info[5].name == "0.net.2.bias");
}

}  // namespace bijections_autoregressive
