// SPDX-License-Identifier: MIT
// LogNormal, and the exponential of any family on the line.
//   Johnson, Kotz and Balakrishnan 1994, ch. 14.
#pragma once

#include <limits>

#include "rheo/distributions/location_scale.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace family {

/// The law of e^y where y follows F, a family on the line that draws from normals: positive numbers.  Density 0 at 0
/// and below.  Draws beyond what numbers hold are infinite.
template <class F> struct ExpOf : F {
  static constexpr Support support = Support::positive;
  static_assert(detail::family_support<F>() == Support::real, "rheo: family::ExpOf: of a family on the line");
  using F::F;
  template <class L> using Numbers = detail::Natural<F, L>;

  template <class L> L log_prob(L x, const Numbers<L>& q) const {
    using math::select, std::log;
    const auto out = x <= L(0);
    const L y = log(select(out, L(1), x));
    return select(out, L(-std::numeric_limits<double>::infinity()), F::log_prob(y, q) - y);
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const Numbers<L>& q, Give give) const {
    using math::keep_where, math::select, std::log;
    const auto in = x > L(0);
    const L h = select(in, x, L(1)), g = keep_where(in, g_v);
    return (F::log_prob_pull(L(log(h)), g, q, give) - g) / h;
  }
  template <class L> L from_normal(L e, const Numbers<L>& q) const {
    using std::exp;
    return exp(F::from_normal(e, q));
  }
  template <class L, class Give> void draw_pull(L x, L g_x, const Numbers<L>& q, Give give) const {
    using std::log;
    F::draw_pull(L(log(x)), g_x * x, q, give);
  }
};

/// log x ~ N(m, e^2s): median e^m, mean e^(m + e^2s / 2).
template <class Scale = Exp> using LogNormal = ExpOf<Normal<Scale>>;

}  // namespace family

/// Independent log-normal laws with learned locations and log-scales of log x.
template <Index D> using LogNormal = Independent<D, family::LogNormal<>>;
template <Index D, class Net, Index C>
using ConditionalLogNormal = ConditionalIndependent<D, family::LogNormal<SoftBound>, Net, C>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
