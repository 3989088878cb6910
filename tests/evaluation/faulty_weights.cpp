// SPDX-License-Identifier: MIT
// Weights where energies end or fail: walls, NaN, -inf, kernels that never move, paths that have no way back.
#include "catch.hpp"
#include "draws.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/targets/wells.hpp"

namespace evaluation_faulty_weights {
using namespace rheo;
using rheo_test::normals;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
const double log_phi_1 = std::log(0.84134474606854293);

/// That of N(0, 1) up to x = 1, `beyond` behind it, with the gradient 0: as a wall Z = Phi(1).
struct Cut {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  double beyond = inf;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace& w) const {
    NormalEnergy<1>{}.value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) {
      if (x(i, 0) > T(1)) u(i) = T(beyond);
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) g(i, 0) = x(i, 0) > T(1) ? T(0) : x(i, 0);
  }
};
/// +inf everywhere.
struct Nowhere {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T>, ColView<T> u, NoWorkspace&) const { u.setConstant(T(inf)); }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    g.setZero();
  }
};
/// The identity, whose encode never takes a path to z > 0.
struct OneWay {
  static constexpr Index x_dim = 1, z_dim = 1, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr Supports<1> x_support = all_of<1>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
  template <class T> void decode(Pass<T, NoCache> p) const {
    copy(p.in, p.out);
    ColView<T> v = p.v;
    for (Index i = 0; i < v.size(); ++i) v(i) += p.in(i, 0) > T(0) ? T(-inf) : T(0);
  }
};
template <class Move> void cut(const Move& move, double beyond) {
  const Index n = 20000;
  const auto s = annealed_sample(normals(n, 1, 1), NormalEnergy<1>{}, Cut{beyond}, move, 4, Noise{2});
  INFO("beyond " << beyond << ": " << s.log_z.value << " +- " << s.log_z.error << ", invalid " << s.report.invalid);
  CHECK((s.log_w < inf).all());
  CHECK(((s.log_w == -inf) || (s.x.col(0) <= 1)).all());
  CHECK((s.report.invalid > 0) == (beyond != inf));
  CHECK(std::abs(s.log_z.value - log_phi_1) < 4 * s.log_z.error);
  CHECK(s.log_z.error < 0.03);
}

}  // namespace

TEST_CASE("weights against an energy that ends at a wall, or fails there: 0 behind it, failures counted") {
  const auto model = make_model<double>(Flow{StandardNormal<1>{}}, Noise{1});
  for (double beyond : {inf, -inf, not_a_number}) {
    const auto s = weighted_sample(model, Cut{beyond}, 5000, Noise{2});
    const long behind = static_cast<long>((s.x.col(0) > 1).count());
    for (Index i = 0; i < 5000; ++i) {
      if (s.x(i, 0) > 1) REQUIRE(s.log_w(i) == -inf);
      else REQUIRE(std::abs(s.log_w(i)) < 1e-14);
    }
    CHECK(s.report.invalid == (beyond == inf ? 0 : behind));
    CHECK(effective_sample_size(s.log_w) == Approx(5000.0 - static_cast<double>(behind)));
  }
}

TEST_CASE("annealing to a wall: only the ends of a path are weighed, and what it met on the way is in its V") {
  SECTION("metropolis") { cut(moves::Metropolis<3>{0.7}, inf); }
  SECTION("mala") { cut(moves::Mala<3>{0.3}, inf); }
  SECTION("langevin") { cut(moves::Langevin<3>{0.05}, inf); }
  SECTION("hmc without test") { cut(moves::Hmc<1, 3, false>{0.2}, inf); }
}

TEST_CASE("annealing to an energy that fails: the rows that meet it weigh 0 and are counted") {
  SECTION("metropolis, -inf") { cut(moves::Metropolis<3>{0.7}, -inf); }
  SECTION("metropolis, NaN") { cut(moves::Metropolis<3>{0.7}, not_a_number); }
  const auto s =
      annealed_sample(normals(20000, 1, 1), NormalEnergy<1>{}, Cut{-inf}, moves::Langevin<3>{0.05}, 4, Noise{2});
  CHECK((s.log_w < inf).all());
  CHECK(s.report.invalid > 1000);
  CHECK(std::isfinite(s.log_z.value));
}

TEST_CASE("annealing where nothing is left: log Z = -inf, resampled or not") {
  for (double threshold : {0.0, 0.5}) {
    const auto s = annealed_sample(normals(50, 1, 1), NormalEnergy<1>{}, Nowhere{}, moves::Metropolis<3>{0.7}, 3,
                                   Noise{2}, threshold);
    CHECK(s.log_z.value == -inf);
    CHECK(std::isnan(s.log_z.error));
    CHECK(effective_sample_size(s.log_w) == 0);
  }
}

TEST_CASE("a path that has no way back weighs 0") {
  const auto model = make_model<double>(Flow{OneWay{}, StandardNormal<1>{}}, Noise{1});
  const auto s = weighted_sample(model, NormalEnergy<1>{}, 5000, Noise{2});
  for (Index i = 0; i < 5000; ++i) REQUIRE(s.log_w(i) == (s.x(i, 0) > 0 ? -inf : 0));
}

TEST_CASE("a kernel that never moves says so, and its weights are those of the draws") {
  const targets::DoubleWell well;
  const Batch<double> z = normals(2000, 2, 1);
  const auto s = annealed_sample(z, NormalEnergy<2>{}, well, moves::Metropolis<2>{1e6}, 5, Noise{2});
  CHECK(s.report.proposed == 2000 * 2 * 5);
  CHECK(s.report.accepted == 0);
  CHECK(s.report.acceptance() == 0);
  CHECK((s.x == z).all());
  for (Index i = 0; i < 2000; ++i) {
    const double at[] = {z(i, 0), z(i, 1)};
    REQUIRE(s.log_w(i) == Approx(0.5 * (at[0] * at[0] + at[1] * at[1]) + 1.8378770664093453 - well(at)).margin(1e-12));
  }
}

TEST_CASE("annealed_sample refuses rows of another width, thresholds that are no share, and no temperature") {
  CHECK_THROWS_AS(annealed_sample(normals(5, 2, 1), NormalEnergy<1>{}, Cut{}, moves::Metropolis<1>{}, 2, Noise{}),
                  std::invalid_argument);
  CHECK_THROWS_AS(annealed_sample(normals(5, 1, 1), NormalEnergy<1>{}, Cut{}, moves::Metropolis<1>{}, 0, Noise{}),
                  std::invalid_argument);
  CHECK_THROWS_AS(annealed_sample(normals(5, 1, 1), NormalEnergy<1>{}, Cut{}, moves::Metropolis<1>{}, 2, Noise{}, 1.5),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      annealed_sample(normals(5, 1, 1), NormalEnergy<1>{}, Cut{}, moves::Metropolis<1>{}, 2, Noise{}, not_a_number),
      std::invalid_argument);
}

}  // namespace evaluation_faulty_weights
