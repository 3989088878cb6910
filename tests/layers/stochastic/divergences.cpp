// SPDX-License-Identifier: MIT
// Trajectories of Hmc that diverge are counted: those whose energy grows beyond 1000 nats or is lost, and no others.
#include <limits>

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/stochastic/hmc.hpp"

namespace stochastic_divergences {
using namespace rheo;

namespace {

/// 10^4 x^2 / 2, +inf beyond the wall: leapfrog is stable for steps below 0.02.
struct Stiff {
  static constexpr Index dim = 1;
  double wall = std::numeric_limits<double>::infinity();
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i) {
      const T a = x(i, 0);
      u(i) = a > T(wall) ? T(std::numeric_limits<double>::infinity()) : T(5e3) * a * a;
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) g(i, 0) = T(1e4) * x(i, 0);
  }
};
constexpr Index n = 300, moves = 3;

/// What `moves` of ten leaps meet, from rows at one place.
template <class T> Report met(const Stiff& energy, double step, double at) {
  const auto model = make_model<T>(Flow{Hmc<Stiff, moves, 10>(energy, step), StandardNormal<1>{}}, Noise{1});
  Report r;
  model.decode(Batch<T>::Constant(n, 1, T(at)), Noise{2}, {}, r);
  return r;
}

TEMPLATE_TEST_CASE("a step that is too long diverges in every move, a short one in none", "", float, double) {
  const Report stable = met<TestType>({}, 0.005, 0.01), wild = met<TestType>({}, 0.1, 0.01);
  CHECK(stable.divergent == 0);
  CHECK(stable.proposed == n * moves);
  CHECK(wild.divergent == n * moves);
  CHECK(wild.accepted == 0);
}

TEMPLATE_TEST_CASE("an energy that is lost on the way counts, one that was never there does not", "", float, double) {
  const Report lost = met<TestType>({0.02}, 0.01, 0.0);
  CHECK(lost.divergent > 0);
  CHECK(lost.divergent + lost.accepted <= lost.proposed);
  CHECK(met<TestType>({}, 0.005, std::numeric_limits<double>::quiet_NaN()).divergent == 0);
  CHECK(met<TestType>({0.0}, 0.005, 1.0).divergent == 0);
}

TEST_CASE("what calls meet adds up") {
  const auto model = make_model<double>(Flow{Hmc<Stiff, moves, 10>({}, 0.1), StandardNormal<1>{}}, Noise{1});
  const Batch<double> z = Batch<double>::Constant(n, 1, 0.01);
  Report r;
  model.decode(z, Noise{2}, {}, r);
  model.encode(z, Noise{3}, {}, r);
  CHECK(r.divergent == 2 * n * moves);
}

}  // namespace
}  // namespace stochastic_divergences
