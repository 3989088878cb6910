// SPDX-License-Identifier: MIT
// MuellerBrown: the three-well potential on which paths are tried, at a temperature.
//   Mueller and Brown 1979, Location of saddle points and minimum energy paths, Theor. Chim. Acta 53, 75, table 1.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "rheo/core/fail.hpp"
#include "rheo/math/clip.hpp"
#include "rheo/math/energy.hpp"
#include "rheo/math/lane.hpp"
#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/toy.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::targets {

/// u = V / kT, V = sum_k A_k exp(a_k d1^2 + b_k d1 d2 + c_k d2^2) with d = x - X_k.
///
/// Minima V = -146.70 at (-0.558, 1.442), -80.77 at (-0.050, 0.467), -108.17 at (0.623, 0.028); saddles -40.66 at
/// (-0.822, 0.624) and -72.25 at (0.212, 0.293).  An exponent is kept below 80, so that about 14 away and farther u is
/// a constant of 8e35 / kT and more, its gradient 0.  kT = 20 unless given; throws std::invalid_argument unless it is
/// positive.
class MuellerBrown {
 public:
  static constexpr Index dim = 2;
  template <class T> using Workspace = NoWorkspace;
  /// Throws std::invalid_argument unless kT > 0.
  explicit MuellerBrown(double kT = 20.0) : kT_(kT) {
    if (!(kT > 0.0)) ::rheo::detail::fail("a temperature must be positive");
  }
  double kT() const { return kT_; }  ///< in the units of V

  template <class X> auto operator()(const X& x) const {
    using std::exp, std::min, std::max;
    using V = std::decay_t<decltype(x[0])>;
    V u(0);
    for (const Term& t : terms) {
      const V d1 = math::clip(V(x[0] - V(t.x1)), V(-1e3), V(1e3));
      const V d2 = math::clip(V(x[1] - V(t.x2)), V(-1e3), V(1e3));
      u += V(t.height / kT_) * exp(min(d1 * (V(t.a) * d1 + V(t.b) * d2) + V(t.c) * d2 * d2, V(80)));
    }
    return u;
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const { sum<false, T>(x, u, nullptr, nullptr); }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace&) const {
    sum<true, T>(x, u, column(g, 0).data(), column(g, 1).data());
  }

  /// By quadrature, error below 1e-9; the cost grows like 1 / kT.  5.366133242 at kT = 20.
  double log_z() const {
    const auto m = integrals();
    return std::log(m[0] + m[1] + m[2]);
  }
  /// Probabilities of the wells at (-0.558, 1.442), (-0.050, 0.467), (0.623, 0.028), in this order, cut by lines
  /// through the saddles: the first is x2 > 1.1 + 0.6 x1, the last the rest of x1 > 0.02 + 0.65 x2.  As log_z();
  /// 0.805680, 0.066691, 0.127630 at kT = 20.
  std::array<double, 3> well_masses() const {
    auto m = integrals();
    const double z = m[0] + m[1] + m[2];
    for (double& each : m) each /= z;
    return m;
  }

 private:
  struct Term {
    double height, a, b, c, x1, x2;
  };
  static constexpr Term terms[4] = {{-200.0, -1.0, 0.0, -10.0, 1.0, 0.0},
                                    {-100.0, -1.0, 0.0, -10.0, 0.0, 0.5},
                                    {-170.0, -6.5, 11.0, -6.5, -0.5, 1.5},
                                    {15.0, 0.7, 0.6, 0.7, -1.0, 1.0}};

  template <bool Gradient, class T> void sum(CView<T> x, ColView<T> u, T* g1, T* g2) const {
    math::sweep<T>(x.rows(), [&](auto at, Index i) {
      using At = decltype(at);
      using L = typename At::Number;
      const L x1 = At::load(x.data() + i), x2 = At::load(x.data() + x.outerStride() + i);
      L total(0), slope1(0), slope2(0);
      for (const Term& t : terms) {
        const L d1 = within(x1 - L(t.x1), 1e3), d2 = within(x2 - L(t.x2), 1e3);
        const L q = d1 * (L(t.a) * d1 + L(t.b) * d2) + L(t.c) * d2 * d2;
        const L e = L(t.height / kT_) * exp_of(take(q > L(80), L(80), q));
        total += e;
        if constexpr (Gradient) {
          slope1 += take(q > L(80), L(0), e * (L(2.0 * t.a) * d1 + L(t.b) * d2));
          slope2 += take(q > L(80), L(0), e * (L(t.b) * d1 + L(2.0 * t.c) * d2));
        }
      }
      At::store(u.data() + i, total);
      if constexpr (Gradient) {
        At::store(g1 + i, slope1);
        At::store(g2 + i, slope2);
      }
    });
  }
  /// NaN stays NaN.
  template <class L> static L within(L d, double bound) {
    const L low = take(d < L(-bound), L(-bound), d);
    return take(low > L(bound), L(bound), low);
  }
  template <class M, class L> static L take(M m, L x, L y) {
    using math::select;
    return select(m, x, y);
  }
  template <class L> static L exp_of(L q) {
    using std::exp;
    return exp(q);
  }
  /// The integrals of exp(-u) over the wells: trapezoid sum in x1, Gauss-Legendre panels in x2 between the lines, both
  /// finer than the narrowest Gaussian of curvature 4000.  Where the last term alone exceeds 60 kT + 500, exp(-u) is
  /// below e^-60 of its peak.
  std::array<double, 3> integrals() const {
    const double reach = std::sqrt(std::log((60.0 * kT_ + 500.0) / 15.0) / 0.4), deviation = std::sqrt(kT_ / 4000.0);
    const double step = 0.25 * deviation, bottom = 1.0 - reach, top = 1.0 + reach;
    const std::vector<detail::Node> rule = detail::gauss_legendre(16, 0.0, 1.0);
    std::array<double, 3> total{};
    for (double x1 = -1.0 - reach; x1 < -1.0 + reach; x1 += step) {
      const double upper = std::clamp(1.1 + 0.6 * x1, bottom, top),
                   right = std::clamp((x1 - 0.02) / 0.65, bottom, upper);
      const double ends[4] = {top, upper, right, bottom};
      for (std::size_t well = 0; well < 3; ++well) {
        const double length = ends[well] - ends[well + 1];
        const int panels = static_cast<int>(std::ceil(length / (4.0 * deviation)));
        for (int k = 0; k < panels; ++k) {
          for (const detail::Node& n : rule) {
            total[well] += step * length / panels * n.weight *
                           std::exp(-(*this)(Point{x1, ends[well + 1] + length / panels * (k + n.x)}));
          }
        }
      }
    }
    return total;
  }
  double kT_;
};

}  // namespace rheo::targets

#include "rheo/platform/macros_on.hpp"
