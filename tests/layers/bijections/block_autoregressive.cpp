// SPDX-License-Identifier: MIT
// BlockAutoregressive: what the laws do not see: who depends on whom, a value by hand, tails and hard gates, masked
// weights, reports.
#include "rheo/layers/bijections/block_autoregressive.hpp"

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"

namespace bijections_block_autoregressive {

namespace {
using namespace rheo;

template <class T> Batch<T> normals(Index n, Index c, std::uint64_t key) {
  Batch<T> x(n, c);
  Noise{key}.normals(view(x));
  return x;
}
template <class L> Column<double> started(double spread) {
  Column<double> theta(L::param_count);
  L{}.init(Params<double>(theta.data(), theta.size()), Params<double>{}, Noise{3});
  for (Index i = 0; i < theta.size(); ++i) theta(i) += spread * Noise{5}.normal(i, 0);
  return theta;
}
template <bool Encode, class L, class T>
Batch<T> call(const L& layer, const Column<T>& theta, const Batch<T>& in, const Batch<T>& context, Column<T>& v,
              Report* report = nullptr) {
  Batch<T> out(in.rows(), in.cols());
  CacheOf<L, T> cache;
  Arena scratch;
  v.setZero(in.rows());
  Pass<T, CacheOf<L, T>> p{view(in),
                           view(out),
                           ColView<T>(v.data(), v.size()),
                           {theta.data(), theta.size()},
                           {},
                           view(context),
                           {},
                           cache,
                           scratch,
                           true,
                           report};
  if constexpr (Encode) layer.encode(p);
  else layer.decode(p);
  return out;
}
}  // namespace

TEST_CASE("the Jacobian is triangular with a positive diagonal") {
  using L = BlockAutoregressive<4, Blocks<5, 6>, 1>;
  using D = Dual<double>;
  const Column<double> theta = started<L>(0.5);
  const Column<D> lifted = theta.cast<D>();
  const Batch<D> context = normals<double>(1, 1, 2).cast<D>();
  for (Index j = 0; j < 4; ++j) {
    Batch<D> x = normals<double>(1, 4, 1).cast<D>();
    x(0, j).b = 1;
    Column<D> v;
    const Batch<D> z = call<true>(L{}, lifted, x, context, v);
    for (Index k = 0; k < 4; ++k) {
      INFO("z" << k << " by x" << j);
      if (k < j) CHECK(z(0, k).b == 0);
      if (k == j) CHECK(z(0, k).b > 0);
      if (k > j) CHECK(std::abs(z(0, k).b) > 1e-6);
    }
  }
}

TEST_CASE("a value by hand: one coordinate, one hidden unit") {
  using L = BlockAutoregressive<1, Blocks<1>>;
  Column<double> theta(5);
  theta << 0.3, -0.2, -0.7, 0.4, 0.25;  // log weight, bias; log weight, bias; gate
  Batch<double> x(2, 1), none(2, 0);
  x << 1.5, -40;
  Column<double> v;
  const Batch<double> z = call<true>(L{}, theta, x, none, v);
  const double alpha = 1 / (1 + std::exp(-0.25));
  for (Index i = 0; i < 2; ++i) {
    const double t = std::tanh(std::exp(0.3) * x(i, 0) - 0.2), slope = std::exp(0.3 - 0.7) * (1 - t * t);
    CHECK(z(i, 0) == Approx((1 - alpha) * x(i, 0) + alpha * (std::exp(-0.7) * t + 0.4)).epsilon(1e-14));
    CHECK(v(i) == Approx(std::log(1 - alpha + alpha * slope)).epsilon(1e-13));
  }
}

TEST_CASE(
    "the range is the whole line: what decode finds encodes to what was asked, far out and behind a nearly closed "
    "gate") {
  using L = BlockAutoregressive<2, Blocks<6, 6>>;
  for (const double gate : {-3.0, 0.0, 6.0, 12.0}) {
    Column<double> theta = started<L>(1.0);
    theta.tail(2).setConstant(gate);
    Batch<double> z(6, 2), none(6, 0);
    z << 0, 0, 30, -30, -1e3, 1e3, 1e8, 1e8, -1e15, 3, 1e-9, -1e-12;
    Column<double> v, w;
    Report report;
    const Batch<double> x = call<false>(L{}, theta, z, none, v, &report), back = call<true>(L{}, theta, x, none, w);
    INFO("gate " << gate);
    CHECK(report.unsolved == 0);
    CHECK(report.evaluations >= 12);
    CHECK(report.evaluations < 12 * 100);
    CHECK(x.allFinite());
    CHECK(((back - z).abs() / (1 + z.abs())).maxCoeff() < 1e-12);
    CHECK(((v - w).abs() / (1 + v.abs())).maxCoeff() < 1e-10);
  }
}

TEST_CASE("a row that cannot be solved is NaN and reported; others stand") {
  using L = BlockAutoregressive<2, Blocks<4>>;
  Column<double> theta = started<L>(0.3);
  theta(theta.size() - 2) = 800;  // the gate of coordinate 0 is closed: its range is bounded
  Batch<double> z(2, 2), none(2, 0);
  z << 50, 0, 60, 1;
  Column<double> v;
  Report report;
  const Batch<double> x = call<false>(L{}, theta, z, none, v, &report);
  CHECK(std::isnan(x(0, 0)));
  CHECK(std::isnan(v(0)));
  CHECK(report.unsolved >= 2);
}

TEST_CASE("weights from later coordinates do not matter and get no gradient") {
  using L = BlockAutoregressive<3, Blocks<4, 5>, 1>;
  const Column<double> start = started<L>(0), theta = started<L>(0.3);
  Column<double> other = theta;
  Index masked = 0;
  std::vector<bool> is_masked(static_cast<std::size_t>(theta.size()), false);
  const auto mark = [&](Index offset, Index rows, Index columns, auto hidden) {
    for (Index k = 0; k < columns; ++k)
      for (Index i = 0; i < rows; ++i)
        if (hidden(i, k)) is_masked[static_cast<std::size_t>(offset + k * rows + i)] = true, ++masked;
  };
  mark(0, 4, 12, [](Index i, Index k) { return i - 1 > k / 4; });
  mark(60, 12, 15, [](Index i, Index k) { return i / 4 > k / 5; });
  mark(60 + 195, 15, 3, [](Index i, Index k) { return i / 5 > k; });
  REQUIRE(masked == 4 * 3 + 60 + 15);
  for (Index i = 0; i < theta.size(); ++i)
    if (is_masked[static_cast<std::size_t>(i)]) {
      CHECK(start(i) == 0);
      other(i) = 77;
    }
  const Batch<double> x = normals<double>(20, 3, 1), context = normals<double>(20, 1, 2),
                      g_out = normals<double>(20, 3, 7);
  Column<double> v, w;
  CHECK((call<true>(L{}, theta, x, context, v) == call<true>(L{}, other, x, context, w)).all());
  CHECK((call<false>(L{}, theta, x, context, v) == call<false>(L{}, other, x, context, w)).all());
  for (const bool encode : {true, false}) {
    Batch<double> out(20, 3), g_in(20, 3), g_context = Batch<double>::Zero(20, 1);
    const Column<double> g_v = normals<double>(20, 1, 8).col(0);
    Column<double> g_theta = Column<double>::Zero(theta.size());
    L::Cache<double> cache;
    Arena scratch;
    Pass<double, L::Cache<double>> p{
        view(x), view(out), ColView<double>(v.data(), 20), {other.data(), other.size()}, {}, view(context), {},
        cache,   scratch};
    Pull<double, L::Cache<double>> q{view(x),
                                     view(std::as_const(out)),
                                     view(g_out),
                                     CColView<double>(g_v.data(), 20),
                                     view(g_in),
                                     {other.data(), other.size()},
                                     {g_theta.data(), g_theta.size()},
                                     {},
                                     view(context),
                                     view(g_context),
                                     {},
                                     cache,
                                     scratch};
    if (encode) L{}.encode(p), L{}.encode_pull(q);
    else L{}.decode(p), L{}.decode_pull(q);
    for (Index i = 0; i < theta.size(); ++i) CHECK((g_theta(i) == 0) == is_masked[static_cast<std::size_t>(i)]);
  }
}

TEST_CASE("starts near the identity") {
  const auto model = make_model<double>(Flow{BlockAutoregressive<3, Blocks<8, 8>>{}, StandardNormal<3>{}}, Noise{3});
  const Batch<double> x = normals<double>(200, 3, 1);
  CHECK((model.encode(x) - x).abs().maxCoeff() < 0.3);
}

}  // namespace bijections_block_autoregressive
