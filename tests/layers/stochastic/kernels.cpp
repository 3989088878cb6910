// SPDX-License-Identifier: MIT
// Sampling layers at their edges: a learned lambda that stands at 0 or 1 before a wall, and small steps in float.
#include "catch.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/layers/stochastic/langevin.hpp"
#include "rheo/layers/stochastic/mala.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "rheo/layers/stochastic/underdamped_langevin.hpp"
#include "rheo/targets/wells.hpp"

namespace stochastic_kernels {
using namespace rheo;

namespace {

/// x^4 / 4 within [-1, 1], +inf without.
struct Walled {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i) {
      const T a = x(i, 0);
      u(i) = a < T(-1) || a > T(1) ? T(std::numeric_limits<double>::infinity()) : a * a * a * a * T(0.25);
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) {
      const T a = x(i, 0);
      g(i, 0) = a < T(-1) || a > T(1) ? T(0) : a * a * a;
    }
  }
};
using Out = Interpolated<Walled, NormalEnergy<1>>;
using In = Interpolated<NormalEnergy<1>, Walled>;

struct Numbers {
  Batch<double> out, g_in;
  Column<double> v;
};
template <bool Encode, class L> Numbers numbers(const L& layer) {
  detail::LayerBench<L, double> b(layer);
  detail::init<L, double>(layer, Params<double>(b.theta.data(), b.theta.size()), Params<double>(b.buffers.data(), 0),
                          Noise{});
  const Index n = 64;
  Batch<double> x(n, 1), none(n, 0), g_context(n, 0);
  for (Index i = 0; i < n; ++i) x(i, 0) = 0.1 * static_cast<double>(i) - 3.2;
  Numbers r;
  b.template call<Encode>(x, none, Noise{3}, r.out, r.v);
  Column<double> g_theta = Column<double>::Zero(L::param_count);
  b.template pull<Encode>(x, r.out, none, Noise{3}, Batch<double>::Ones(n, 1), Column<double>::Constant(n, 0.7), r.g_in,
                          g_theta, g_context);
  CHECK(g_theta.allFinite());
  return r;
}
/// A lambda that is learned, at its start, gives the numbers of one that is not.
template <template <class, Index, Learned> class K, class Path> void same(const Path& path, double step) {
  auto check = [&]<bool Encode>() {
    const Numbers a = numbers<Encode>(K<Path, 3, Learned::none>(path, step)),
                  b = numbers<Encode>(K<Path, 3, Learned::lambda>(path, step));
    CHECK((a.out == b.out).all());
    CHECK((a.v == b.v).all());
    CHECK((a.g_in - b.g_in).abs().maxCoeff() < 1e-12);
    CHECK(a.v.allFinite());
  };
  check.template operator()<true>();
  check.template operator()<false>();
}
template <class E, Index S, Learned L> using Random = Metropolis<E, S, L>;

/// The largest error of V in float, in units of the largest V; D columns.
template <class L> double in_float(const L& layer, Index D) {
  const Index n = 400;
  Batch<double> x(n, D), none(n, 0), out;
  Noise{1}.normals(view(x));
  x = x.cast<float>().cast<double>();
  detail::LayerBench<L, double> d(layer);
  detail::LayerBench<L, float> f(layer);
  Column<double> v;
  Batch<float> out_f;
  Column<float> v_f;
  d.template call<true>(x, none, Noise{2}, out, v);
  f.template call<true>(x.cast<float>(), none.cast<float>(), Noise{2}, out_f, v_f);
  return (v_f.template cast<double>() - v).abs().maxCoeff() / v.abs().maxCoeff();
}

}  // namespace

TEST_CASE("a learned lambda at 0 or 1 does not look at the other energy") {
  same<Random>(In(NormalEnergy<1>{}, Walled{}, 0.0), 0.4);
  same<Mala>(In(NormalEnergy<1>{}, Walled{}, 0.0), 0.2);
  same<Langevin>(In(NormalEnergy<1>{}, Walled{}, 0.0), 0.05);
  same<Langevin>(Out(Walled{}, NormalEnergy<1>{}, 1.0), 0.05);
  same<Mala>(Out(Walled{}, NormalEnergy<1>{}, 1.0), 0.2);
}

TEST_CASE("V of small steps is as good in float as the positions are") {
  const targets::DoubleWell well;
  const double langevin = in_float(Langevin<targets::DoubleWell, 20>(well, 1e-9), 2);
  INFO("langevin " << langevin);
  CHECK(langevin < 1e-5);
  const double underdamped = in_float(UnderdampedLangevin<targets::DoubleWell, 20>(well, 1e-6, 0.1), 4);
  INFO("underdamped " << underdamped);
  CHECK(underdamped < 1e-5);
}

}  // namespace stochastic_kernels
