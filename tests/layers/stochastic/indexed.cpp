// SPDX-License-Identifier: MIT
// Indexed beside the augmentation, coupling and slice that it stands for, and where its density is known.
#include "draws.hpp"
#include "layers/surjections/checks.hpp"
#include "rheo/autodiff/dual.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/stochastic/indexed.hpp"

namespace stochastic_indexed {
using namespace rheo_test;

namespace {
using Net = MlpOf<Tanh, 6>;
using Law = Given<family::Normal<SoftBound>, Net>;
using Step = AffineCoupling<2, Net>;

/// L on the first coordinates, U more pass beside it.
template <class L, Index U> struct Beside {
  static constexpr Index D = L::x_dim, x_dim = D + U, z_dim = D + U, context_dim = 0, param_count = L::param_count,
                         buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<D + U> x_support = all_of<D + U>(Support::real), z_support = x_support;
  template <class T> struct Cache { CacheOf<L, T> layer; };
  template <class P> static auto unpack(P p) { return L::unpack(p); }
  template <class T> void encode(Pass<T, Cache<T>> p) const {
    copy(columns(p.in, D, U), columns(p.out, D, U));
    L{}.encode(Pass<T, CacheOf<L, T>>{columns(p.in, 0, D), columns(p.out, 0, D), p.v, p.theta, p.buffers, p.context,
                                      p.noise, p.cache.layer, p.scratch});
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    copy(columns(p.in, D, U), columns(p.out, D, U));
    L{}.decode(Pass<T, CacheOf<L, T>>{columns(p.in, 0, D), columns(p.out, 0, D), p.v, p.theta, p.buffers, p.context,
                                      p.noise, p.cache.layer, p.scratch});
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { L{}.encode_pull(part<T>(p)); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { L{}.decode_pull(part<T>(p)); }
  template <class T> static Pull<T, CacheOf<L, T>> part(Pull<T, Cache<T>>& p) {
    copy(columns(p.g_out, D, U), columns(p.g_in, D, U));
    return {columns(p.in, 0, D),
            columns(p.out, 0, D),
            columns(p.g_out, 0, D),
            p.g_v,
            columns(p.g_in, 0, D),
            p.theta,
            p.g_theta,
            p.buffers,
            p.context,
            p.g_context,
            p.noise,
            p.cache.layer,
            p.scratch};
  }
};
template <Index D> struct FirstMask {
  static constexpr bool transformed(Index j) { return j < D; }
};
template <Index U> using Whole = Indexed<Step, U, Law, Law, Net>;
template <Index U>
using Parts = Chain<Augment<2, U, Law>, Beside<Step, U>, Coupling<2 + U, ShiftScale<>, Net, 0, FirstMask<2>>,
                    Slice<2 + U, 2, Law>>;

template <bool Encode, Index U> void check_identity() {
  static_assert(Whole<U>::param_count == Parts<U>::param_count);
  Column<double> theta(Whole<U>::param_count);
  for (Index i = 0; i < theta.size(); ++i) theta(i) = 0.6 * Noise{1}.normal(i, 0);
  const Batch<double> at = normals(200, 2, 2);
  const auto a = call<Encode>(Whole<U>{}, at, Noise{3}, theta), b = call<Encode>(Parts<U>{}, at, Noise{3}, theta);
  CHECK((a.out == b.out).all());
  CHECK((a.v == b.v).all());
  CHECK((a.out - at).abs().maxCoeff() > 0.1);
  CHECK((a.g_in - b.g_in).abs().maxCoeff() < 1e-12 * (1 + a.g_in.abs().maxCoeff()));
  CHECK((a.g_theta - b.g_theta).abs().maxCoeff() < 1e-12 * (1 + a.g_theta.abs().maxCoeff()));
}
}  // namespace

TEST_CASE("Indexed is augment, layer, coupling given the index, slice: the same noise gives the same numbers") {
  check_identity<true, 1>();
  check_identity<false, 1>();
  check_identity<true, 3>();
  check_identity<false, 3>();
}

TEST_CASE("a new Indexed is its layer, without slack") {
  auto plain = make_model<double>(Flow{Repeat<3, Chain<Step, Flip<2>>>{}, StandardNormal<2>{}}, Noise{1});
  auto indexed =
      make_model<double>(Flow{Repeat<3, Indexed<Chain<Step, Flip<2>>, 1, Law, Law>>{}, StandardNormal<2>{}}, Noise{1});
  const Batch<double> x = normals(100, 2, 2);
  CHECK((indexed.elbo(x, Noise{3}) - plain.log_prob(x)).abs().maxCoeff() < 1e-14);
}

TEST_CASE("linear-Gaussian indexed flow: with the exact posterior the elbo is the log-likelihood") {
  // z = x + a u with z and u standard normal: x ~ N(0, 1 + a^2), and u | x is normal.
  using Linear =
      Indexed<Elementwise<1, Shift>, 1, Given<family::Normal<>, MlpOf<Tanh>>, Fixed<StandardNormal>, MlpOf<Tanh>>;
  auto model = make_model<double>(Flow{Linear{}, StandardNormal<1>{}}, Noise{1});
  REQUIRE(model.parameters().size() == 9);
  const double a = 1.7, precision = 1 + a * a;
  auto set = [&](double off) {
    model.parameters() << -a / precision + off, 0, 0, -0.5 * std::log(precision) - off, 0, a, 0, 0, 0;
  };
  const Batch<double> x = 2 * normals(4000, 1, 2);
  const Column<double> exact = -0.5 * x.col(0).square() / precision - 0.5 * std::log(precision) - half_log_two_pi;
  set(0);
  CHECK((model.elbo(x, Noise{3}) - exact).abs().maxCoeff() < 1e-10);
  const auto drawn = model.sample_and_log_prob(2000, Noise{4});
  CHECK((drawn.log_prob + 0.5 * drawn.x.col(0).square() / precision + 0.5 * std::log(precision) + half_log_two_pi)
            .abs()
            .maxCoeff() < 1e-10);
  set(-0.15);
  double last = -inf;
  for (Index draws : {1, 10, 1000}) {
    const Column<double> e = model.log_prob_estimate(x, draws, Noise{5}).value - exact;
    const Estimate gap = mean_and_error(e), weight = mean_and_error(Column<double>(e.exp()));
    INFO(draws << " draws: " << gap.value << " +- " << gap.error << ", weight " << weight.value << " +- "
               << weight.error);
    CHECK(gap.value < 4 * gap.error);
    CHECK(gap.value > last);
    CHECK(std::abs(weight.value - 1) < 4 * weight.error);
    last = gap.value;
  }
  CHECK(last > -0.01);
}

TEST_CASE("a stack of indexed layers has a density in the mean") {
  auto model =
      make_model<double>(Flow{Repeat<3, Indexed<Chain<Step, Flip<2>>, 1, Law, Law>>{}, StandardNormal<2>{}}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.07 * Noise{2}.normal(i, 0);
  const Index cells = 60, copies = 50;
  const double side = 20, cell = side / static_cast<double>(cells);
  Batch<double> x(cells * cells * copies, 2);
  for (Index i = 0; i < x.rows(); ++i) {
    x(i, 0) = cell * (static_cast<double>(i % cells) + 0.5) - side / 2;
    x(i, 1) = cell * (static_cast<double>(i / cells % cells) + 0.5) - side / 2;
  }
  const Column<double> p = model.elbo(x, Noise{4}).exp();
  Column<double> totals(copies);
  for (Index c = 0; c < copies; ++c) totals(c) = p.segment(c * cells * cells, cells * cells).sum() * cell * cell;
  const Estimate total = mean_and_error(totals);
  INFO(total.value << " +- " << total.error);
  CHECK(std::abs(total.value - 1) < 4 * total.error);
  CHECK(total.error < 0.02);
}

}  // namespace stochastic_indexed
