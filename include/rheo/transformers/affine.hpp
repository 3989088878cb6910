// SPDX-License-Identifier: MIT
// ScaleShift, ShiftScale and Shift: z = x e^s + t, (x + t) e^s, x + t, with a choice of maps from the net's raw number
// a to the log-scale s.
//   Dinh et al. 2014, arXiv:1410.8516 (shift);  Dinh et al. 2017, arXiv:1605.08803, eqs. 4-8;  SurVAE's scale maps:
//     arXiv:2007.02731, code.
#pragma once

#include <type_traits>

#include "rheo/math/soft_clip.hpp"
#include "rheo/math/softplus.hpp"
#include "rheo/transformers/transformer.hpp"

namespace rheo {

/// s = B tanh(a / B): the soft bound, 2 by default.  Deep stacks stay invertible in float only with a bound.
struct BoundedExp {
  double bound = 2;
  template <class L> L log_scale(L a) const {
    using std::tanh;
    return L(bound) * tanh(a * L(1 / bound));
  }
  template <class L> L slope(L, L s) const {
    const L t = s * L(1 / bound);
    return L(1) - t * t;
  }
};
/// s = a, unbounded.
struct Exp {
  template <class L> L log_scale(L a) const { return a; }
  template <class L> L slope(L, L) const { return L(1); }
};
/// Scale softplus(a): s = log softplus(a).  Not the identity at a = 0.
struct SoftplusScale {
  template <class L> L log_scale(L a) const { return math::log_softplus(a); }
  template <class L> L slope(L a, L) const { return math::log_softplus_slope(a); }
};
/// Scale sigmoid(a + 2) + 0.001, between 0.001 and 1.001.  Not the identity at a = 0.
struct SigmoidScale {
  template <class L> L log_scale(L a) const {
    using std::log;
    return log(math::sigmoid(a + L(2)) + L(1e-3));
  }
  template <class L> L slope(L a, L) const {
    const L p = math::sigmoid(a + L(2));
    return p * math::sigmoid(-(a + L(2))) / (p + L(1e-3));
  }
};
/// Scale softplus(a) + least, least >= 0.  Not the identity at a = 0.  With 0.001 it is that of nflows' autoregressive
/// layers, with 0.01 FlowJAX's.
struct FlooredSoftplusScale {
  double least = 1e-3;
  template <class L> L log_scale(L a) const {
    using std::log;
    return log(math::softplus(a) + L(least));
  }
  template <class L> L slope(L a, L) const { return math::sigmoid(a) / (math::softplus(a) + L(least)); }
};
/// s = a / (1 + |a| / B), between -B and B, log 1000 by default: zuko's.
struct SoftclipScale {
  double bound = 6.907755278982137;
  template <class L> L log_scale(L a) const { return math::soft_clip(a, bound); }
  template <class L> L slope(L a, L) const { return math::soft_clip_pull(a, bound, L(1)); }
};

/// z = x e^s(a) + t, parameters (t, a); V = s(a).
template <class Scale = BoundedExp> struct ScaleShift {
  static constexpr Index params = 2;
  Scale scale{};

  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const {
    using std::exp;
    const L s = scale.log_scale(raw(1));
    return {x * exp(s) + raw(0), s};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const {
    using std::exp;
    const L s = scale.log_scale(raw(1));
    return {(z - raw(0)) * exp(-s), s};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw raw, Give give) const {
    using std::exp;
    const L a = raw(1), s = scale.log_scale(a), g_x = g_z * exp(s);
    give(0, g_z);
    give(1, (g_x * x + g_v) * scale.slope(a, s));
    return g_x;
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    using std::exp;
    const L a = raw(1), s = scale.log_scale(a), g_z = g_x * exp(-s);
    give(0, -g_z);
    give(1, (g_v - g_x * x) * scale.slope(a, s));
    return g_z;
  }
};

/// z = (x + t) e^s(a), parameters (t, a); V = s(a): the shift first, as indexed flows have it (Cornish et al. 2020,
/// arXiv:1909.13833).
template <class Scale = BoundedExp> struct ShiftScale {
  static constexpr Index params = 2;
  Scale scale{};

  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const {
    using std::exp;
    const L s = scale.log_scale(raw(1));
    return {(x + raw(0)) * exp(s), s};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const {
    using std::exp;
    const L s = scale.log_scale(raw(1));
    return {z * exp(-s) - raw(0), s};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw raw, Give give) const {
    using std::exp;
    const L a = raw(1), s = scale.log_scale(a), g_x = g_z * exp(s);
    give(0, g_x);
    give(1, (g_x * (x + raw(0)) + g_v) * scale.slope(a, s));
    return g_x;
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    using std::exp;
    const L a = raw(1), s = scale.log_scale(a);
    give(0, -g_x);
    give(1, (g_v - g_x * (x + raw(0))) * scale.slope(a, s));
    return g_x * exp(-s);
  }
};

/// z = x + t, parameter (t); V = 0.
struct Shift {
  static constexpr Index params = 1;
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const { return {x + raw(0), L(0)}; }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const { return {z - raw(0), L(0)}; }
  template <class L, class Raw, class Give> L encode_pull(L, L g_z, L, Raw, Give give) const {
    give(0, g_z);
    return g_z;
  }
  template <class L, class Raw, class Give> L decode_pull(L, L g_x, L, Raw, Give give) const {
    give(0, -g_x);
    return g_x;
  }
};

namespace detail {

/// A failed static_assert in a function, unlike one in a class, leaves a compiler with a type to go on with, so that
/// its first error is the only one.
template <class Tau> consteval auto learned_map() {
  if constexpr (!requires { Tau::params; }) {
    static_assert(
        requires { Tau::params; },
        "rheo: the transformer comes before the net, as Coupling<2, RationalQuadraticSpline<8>, Mlp<64, 64>>, "
        "and this is no transformer");
    return std::type_identity<Shift>{};
  } else if constexpr (Tau::params <= 0) {
    static_assert(Tau::params > 0,
                  "rheo: this transformer takes no parameters, so that a net has nothing to give it: apply it by "
                  "Elementwise<D, Transformer> or On<D, Mask<...>, Transformer>, or take ScaleShift<> or "
                  "RationalQuadraticSpline<8>");
    return std::type_identity<Shift>{};
  } else {
    return std::type_identity<Tau>{};
  }
}
/// A transformer whose parameters a net makes.
template <class Tau> using LearnedMap = typename decltype(learned_map<Tau>())::type;

}  // namespace detail
}  // namespace rheo
