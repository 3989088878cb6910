// SPDX-License-Identifier: MIT
// Taped maps: values and vector-Jacobian products against the same callable on long double.
#include "rheo/autodiff/taped.hpp"

#include <array>
#include <cmath>

#include "catch.hpp"
#include "rheo/core/noise.hpp"

namespace autodiff_taped {
using namespace rheo;
using namespace rheo::autodiff;

namespace {

/// A net 2 -> 3 -> 2 with a skip, and a third output that is a number.
struct Net {
  static constexpr Index param_count = 6 + 3 + 3 + 1;
  template <class X, class P> auto operator()(X x, P theta) const {
    using std::tanh, std::exp;
    using S = std::decay_t<decltype(x[0])>;
    const auto W = theta.matrix(2, 3, "W");
    const auto b = theta.vector(3, "b"), w = theta.vector(3, "w");
    const S s = theta.scalar("s");
    std::array<S, 3> h;
    for (Index j = 0; j < 3; ++j) h[std::size_t(j)] = tanh(dot(x, W.col(j)) + b[j] + 0.1 * W(0, j));
    return std::array<S, 3>{dot(h, w) + x[0], exp(s) * x[1] * h[1], S(2)};
  }
};

long double objective(const Batch<long double>& x, const Column<long double>& theta, const Batch<double>& g) {
  long double sum = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const auto y =
        Net()(std::array<long double, 2>{x(i, 0), x(i, 1)}, Params<const long double>(theta.data(), theta.size()));
    for (Index j = 0; j < 3; ++j) sum += static_cast<long double>(g(i, j)) * y[std::size_t(j)];
  }
  return sum;
}

}  // namespace

TEST_CASE("a map given as a callable has its vector-Jacobian product") {
  for (Index n : {130, 7, 1, 0}) {
    Batch<double> x(n, 2), out = Batch<double>::Constant(n, 3, NAN), g_out(n, 3),
                           g_in = Batch<double>::Constant(n, 2, NAN);
    Column<double> theta(Net::param_count), g_theta = Column<double>::Constant(Net::param_count, 5);
    Noise{1}.normals(view(x));
    Noise{2}.normals(view(g_out));
    Noise{3}.normals(view_of(theta.data(), theta.size(), 1, theta.size()));
    const Taped<Net> net;
    Taped<Net>::Cache<double> cache, warm;
    net.map(rheo::read(view(x)), Params<const double>(theta.data(), theta.size()), view(out), warm);
    cache = std::move(warm);  // a cache may move between the call and its pull
    net.map_pull(rheo::read(view(g_out)), view(g_in), Params<double>(g_theta.data(), g_theta.size()), cache);

    const Batch<long double> p = x.cast<long double>();
    const Column<long double> q = theta.cast<long double>();
    CHECK(double((out * g_out).sum()) == Approx(double(objective(p, q, g_out))));
    const long double h = 1e-6L;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < 2; ++j) {
        Batch<long double> up = p, down = p;
        up(i, j) += h;
        down(i, j) -= h;
        const auto want = double((objective(up, q, g_out) - objective(down, q, g_out)) / (2 * h));
        REQUIRE(g_in(i, j) == Approx(want).epsilon(1e-8).margin(1e-9));
      }
    }
    for (Index k = 0; k < theta.size(); ++k) {
      Column<long double> up = q, down = q;
      up(k) += h;
      down(k) -= h;
      const auto want = double((objective(p, up, g_out) - objective(p, down, g_out)) / (2 * h));
      REQUIRE(g_theta(k) - 5 == Approx(want).epsilon(1e-8).margin(1e-9));
    }
    const Batch<double> before = g_in;
    net.map_pull(rheo::read(view(g_out)), view(g_in), {}, cache);  // again, and without gradients of parameters
    CHECK((g_in == before).all());
    CHECK_THROWS_AS(net.map_pull(rheo::read(view(x)), view(g_in), {}, cache), std::invalid_argument);
  }
}

}  // namespace autodiff_taped
