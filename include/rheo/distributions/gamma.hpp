// SPDX-License-Identifier: MIT
// Gamma and Beta: positive numbers and shares, with learned shapes; draws by quantile, which move with the shapes.
//   Densities: Johnson, Kotz and Balakrishnan 1994-95, ch. 17 and 25;  the draws' derivatives through the distribution
//     function: Figurnov et al. 2018, arXiv:1805.08498, eq. 5.
#pragma once

#include <limits>
#include <string>

#include "rheo/distributions/location_scale.hpp"
#include "rheo/math/gamma_functions.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace detail {

inline double number_of(double x) { return x; }
template <class T> double number_of(T x) { return static_cast<double>(autodiff::value_of(x)); }
/// y with F(y) = u, by the graph of doubles; tangents of T through `lifted`, the graph in T.
template <class T, class Graph, class Lifted>
T quantile_by_graph(double u, double start, const Graph& graph, const Lifted& lifted) {
  const double target = math::quantile_target(u), y = math::root_of_increasing(graph, target, start, 1.0);
  if constexpr (autodiff::is_dual_v<T>) return math::lift_root(lifted, T(target), T(y));
  else return T(y);
}

}  // namespace detail
namespace family {

/// What Gamma and Beta share: shapes k = start e^u(a), u = B tanh(a / B) with B = 3: within a factor of 20 of the
/// start. Numbers at or beside an end of the support count as the nearest at which the density is not yet out of range.
struct Shapes {
  double start = 1;
  SoftBound bound{3};

  Shapes() = default;
  /// Throws std::invalid_argument unless 0.01 <= start <= 1e4.
  explicit Shapes(double k) : start(k) {
    if (!(k >= 0.01 && k <= 1e4))
      detail::fail("Gamma and Beta: a shape starts in [0.01, 1e4], got " + std::to_string(k));
  }

 protected:
  template <class L> L shape(L a) const {
    using std::exp;
    return L(start) * exp(bound.log_scale(a));
  }
  template <class L> L shape_slope(L a, L k) const { return k * bound.slope(a, bound.log_scale(a)); }
  template <class L> static L low() { return L(256 * std::numeric_limits<math::ScalarOf<L>>::min()); }
  template <class L> static L one_less() {
    return L(1) - L(0.5) * L(std::numeric_limits<math::ScalarOf<L>>::epsilon());
  }
};

/// Mean k e^s, variance k e^2s: parameters (a, b), s = scale.log_scale(a) and k the shape of b; k = 1, the exponential
/// law, unless the start is another.
template <class Scale = Exp> struct Gamma : Shapes {
  static constexpr Index params = 2, natural_count = 5, cotangents = 2;
  static constexpr Support support = Support::positive;
  Scale scale{};

  Gamma() = default;
  explicit Gamma(double k, Scale s = {}) : Shapes(k), scale(s) {}

  /// e^-s, s, k, log Gamma(k), its slope.
  template <class L, class Raw> std::array<L, 5> natural(Raw raw) const {
    using std::exp;
    const L s = scale.log_scale(L(raw(0))), k = shape(L(raw(1)));
    const auto c = math::log_gamma(k);
    return {exp(-s), s, k, c.f, c.slope};
  }
  template <class L> L log_prob(L x, const std::array<L, 5>& q) const {
    using math::select, std::log;
    const L h = held(x);
    return select(x < L(0), L(-std::numeric_limits<double>::infinity()),
                  (q[2] - L(1)) * (log(h) - q[1]) - h * q[0] - q[1] - q[3]);
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const std::array<L, 5>& q, Give give) const {
    using math::keep_where, std::log;
    const L h = held(x), g = keep_where(x >= L(0), g_v);
    give(0, g * (h * q[0] - q[2]));
    give(1, g * (log(h) - q[1] - q[4]));
    return g * ((q[2] - L(1)) / h - q[0]);
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<L, 5>& q, const G& g, Give give) const {
    give(0, g[0] * scale.slope(L(raw(0)), q[1]));
    give(1, g[1] * shape_slope(L(raw(1)), q[2]));
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 5>& q) const {
    using std::exp;
    const double k = rheo::detail::number_of(q[2]), c = math::log_gamma(k).f;
    const double u = noise.uniform(i, j);
    const T y = rheo::detail::quantile_by_graph<T>(
        u, std::log(k), [&](double at) { return math::gamma_graph(at, k, c, u < 0.5); },
        [&](T at) { return math::gamma_graph(at, q[2], q[3], u < 0.5); });
    return held(T(exp(y + q[1])));
  }
  template <class T, class Give>
  void draw_pull(T x, T g_x, const std::array<T, 5>& q, const Noise& noise, Index i, Index j, Give give) const {
    using D = Dual<double>;
    give(0, g_x * x);
    if (!(x > low<T>())) return;
    const D k(rheo::detail::number_of(q[2]), 1);
    const auto at = math::gamma_graph(D(std::log(rheo::detail::number_of(x)) - rheo::detail::number_of(q[1])), k,
                                      math::log_gamma(k).f, noise.uniform(i, j) < 0.5);
    give(1, g_x * x * T(-at.y.b / at.slope.a));
  }

 private:
  template <class L> static L held(L x) {
    return math::clamp(x, low<L>(), L(std::numeric_limits<math::ScalarOf<L>>::max()));
  }
};

/// On [0, 1], mean a / (a + b): parameters of the shapes a and b, both 1, the uniform law, unless the start is another.
/// In V an error of eps times log Gamma(a + b).
struct Beta : Shapes {
  static constexpr Index params = 2, natural_count = 5, cotangents = 2;
  static constexpr Support support = Support::unit;
  using Shapes::Shapes;

  /// a, b, log B(a, b), its slopes.
  template <class L, class Raw> std::array<L, 5> natural(Raw raw) const {
    const L a = shape(L(raw(0))), b = shape(L(raw(1)));
    const auto f = math::log_gamma(a), g = math::log_gamma(b), h = math::log_gamma(a + b);
    return {a, b, f.f + g.f - h.f, f.slope - h.slope, g.slope - h.slope};
  }
  template <class L> L log_prob(L x, const std::array<L, 5>& q) const {
    using math::select, std::log;
    const L p = held(x), inside = (q[0] - L(1)) * log(p) + (q[1] - L(1)) * log(L(1) - p) - q[2],
            outside = L(-std::numeric_limits<double>::infinity());
    return select(x < L(0), outside, select(x > L(1), outside, inside));
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const std::array<L, 5>& q, Give give) const {
    using math::both, math::keep_where, std::log;
    const L p = held(x), g = keep_where(both(x >= L(0), x <= L(1)), g_v);
    give(0, g * (log(p) - q[3]));
    give(1, g * (log(L(1) - p) - q[4]));
    return g * ((q[0] - L(1)) / p - (q[1] - L(1)) / (L(1) - p));
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<L, 5>& q, const G& g, Give give) const {
    give(0, g[0] * shape_slope(L(raw(0)), q[0]));
    give(1, g[1] * shape_slope(L(raw(1)), q[1]));
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 5>& q) const {
    const double a = rheo::detail::number_of(q[0]), b = rheo::detail::number_of(q[1]),
                 c = math::log_gamma(a).f + math::log_gamma(b).f - math::log_gamma(a + b).f;
    const double u = noise.uniform(i, j);
    return held(math::sigmoid(rheo::detail::quantile_by_graph<T>(
        u, std::log(a / b), [&](double at) { return math::beta_graph(at, a, b, c, u < 0.5); },
        [&](T at) { return math::beta_graph(at, q[0], q[1], q[2], u < 0.5); })));
  }
  template <class T, class Give>
  void draw_pull(T x, T g_x, const std::array<T, 5>& q, const Noise& noise, Index i, Index j, Give give) const {
    using D = Dual<double>;
    if (!(x > low<T>() && x < one_less<T>())) return;
    for (Index k = 0; k < 2; ++k) {
      const D a(rheo::detail::number_of(q[0]), k == 0), b(rheo::detail::number_of(q[1]), k == 1),
          y(std::log(rheo::detail::number_of(x)) - std::log1p(-rheo::detail::number_of(x)));
      const D c = math::log_gamma(a).f + math::log_gamma(b).f - math::log_gamma(D(a + b)).f;
      const auto at = math::beta_graph(y, a, b, c, noise.uniform(i, j) < 0.5);
      give(k, g_x * x * (T(1) - x) * T(-at.y.b / at.slope.a));
    }
  }

 private:
  template <class L> static L held(L x) { return math::clamp(x, low<L>(), one_less<L>()); }
};

}  // namespace family

/// Independent gamma laws with learned log-scales and shapes; Gamma<D>{4.0} starts at shape 4.
template <Index D> using Gamma = Independent<D, family::Gamma<>>;
template <Index D, class Net, Index C>
using ConditionalGamma = ConditionalIndependent<D, family::Gamma<SoftBound>, Net, C>;
/// Independent beta laws with learned shapes; Beta<D>{2.0} starts at 2 for both.
template <Index D> using Beta = Independent<D, family::Beta>;
template <Index D, class Net, Index C> using ConditionalBeta = ConditionalIndependent<D, family::Beta, Net, C>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
