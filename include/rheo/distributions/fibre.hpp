// SPDX-License-Identifier: MIT
// Fibres: recipes for the distribution of what a surjection drops, given what it keeps.
//
// A recipe F owes `template <Index D, Index C> using law`: a distribution on D coordinates whose context_dim is C (what the layer keeps, and
// the user's context behind it) or 0 (it looks at neither).  A flow is a law too: that makes a fibre as rich as one likes.
#pragma once

#include <limits>

#include "rheo/distributions/location_scale.hpp"

namespace rheo {

/// Independent coordinates with parameters of their own, whatever is kept: Plain<family::Normal<>>.
template <class Family> struct Plain {
  template <Index D, Index C> using law = Independent<D, Family>;
};
/// Independent coordinates whose parameters a net makes from what is kept: Given<family::Normal<>, Mlp<64, 64>>.
template <class Family, class Net> struct Given {
  template <Index D, Index C> using law = ConditionalIndependent<D, Family, Net, C>;
};
/// The distribution L as it is: Fixed<StandardNormal> takes L<D>.
template <template <Index> class L> struct Fixed {
  template <Index D, Index C> using law = L<D>;
};
/// A flow, or any law with two sizes of its own: FlowFibre<F> takes F<D, C>, whose parts all have context_dim C or 0.
template <template <Index, Index> class F> struct FlowFibre {
  template <Index D, Index C> using law = F<D, C>;
};

namespace detail {

/// v -= log q; where q vanishes v is -inf: a path that one of its two directions never takes is off the support.
template <class T> void take_away(ColView<T> log_q, ColView<T> v) {
  const T off_support = T(-std::numeric_limits<double>::infinity());
  for (Index i = 0; i < v.size(); ++i) v(i) += log_q(i) == off_support ? log_q(i) : -log_q(i);
}
/// The slice of a part's parameters in `unpack`, where it has any.
template <class Part, class P> void name_part(P& p, const char* name) {
  if constexpr (Part::param_count > 0) p.part(Part{}, Part::param_count, name);
}

/// A law as a layer calls it: on what the layer drops, given K kept coordinates and C of the user's context.
template <class Law, Index K, Index C> struct Fibre {
  static_assert(Distribution<Law>, "rheo: the law of a fibre must be a distribution");
  static_assert(Law::context_dim == 0 || Law::context_dim == K + C,
                "rheo: the law of a fibre must see what the layer keeps and the context behind it, or neither");
  static constexpr bool given = Law::context_dim > 0;
  static constexpr bool all(Support s) {
    for (auto x : Law::x_support) {
      if (x != s) return false;
    }
    return true;
  }
  static constexpr bool discrete = all(Support::integer) || all(Support::category);
  /// Whole numbers are held constant where a draw is pulled: the pull is that of V alone, at the draw.
  template <class T> static constexpr bool pulls_score = CanEncodePull<Law, T>;
  template <class T> static constexpr bool pulls_draw = CanDecodePull<Law, T> || (discrete && CanDecode<Law, T> && CanEncodePull<Law, T>);
  /// True when the density moves smoothly with what is kept.
  static constexpr bool smooth = [] {
    if constexpr (requires { Law::Conditioner::smooth; }) return discrete ? bool(Law::Conditioner::smooth) : is_smooth<Law>;
    return discrete || is_smooth<Law>;
  }();

  template <class T> struct Cache {
    CacheOf<Law, T> law;
    Buffer<T> joined;
  };
  /// Where the law's numbers are; g_theta in pulls only.
  template <class T> struct Slot {
    Params<const T> theta, buffers;
    Noise noise;
    Cache<T>& cache;
    Params<T> g_theta{};
  };

  /// That of a layer which has no other numbers than its law's.
  template <class T, class L> static Slot<T> slot(const Pass<T, L>& p, Cache<T>& cache) { return {p.theta, p.buffers, p.noise, cache}; }
  template <class T, class L> static Slot<T> slot(const Pull<T, L>& p, Cache<T>& cache) { return {p.theta, p.buffers, p.noise, cache, p.g_theta}; }
  /// Zeros to which a pull may add the cotangent of what the law sees, where that is not a part of g_in.
  template <class T, class L> static View<T> zeros(const Pull<T, L>& p) {
    View<T> g = p.scratch.template take<T>(p.in.rows(), K);
    g.setZero();
    return g;
  }

  /// v += log p(dropped | kept).
  template <class T, class P> static void score(const Law& law, const P& p, Slot<T> s, CView<T> kept, CView<T> dropped, ColView<T> v) {
    law.encode(Pass<T, CacheOf<Law, T>>{dropped, nothing<T>(kept.rows()), v, s.theta, s.buffers, context<T>(kept, p.context, s.cache, true), s.noise, s.cache.law,
                                        p.scratch, p.keep, p.report});
  }
  /// Draws `dropped` and adds its log-density to v.
  template <class T, class P> static void draw(const Law& law, const P& p, Slot<T> s, CView<T> kept, View<T> dropped, ColView<T> v) {
    law.decode(Pass<T, CacheOf<Law, T>>{read(nothing<T>(kept.rows())), dropped, v, s.theta, s.buffers, context<T>(kept, p.context, s.cache, true), s.noise,
                                        s.cache.law, p.scratch, p.keep, p.report});
  }
  /// Overwrites g_dropped, adds to g_kept.
  template <class T, class P>
  static void score_pull(const Law& law, const P& p, Slot<T> s, CView<T> kept, CView<T> dropped, CColView<T> g_v, View<T> g_dropped, View<T> g_kept) {
    const Index n = kept.rows();
    through(p, s, kept, g_kept, [&](CView<T> c, View<T> g_c) {
      const View<T> none = nothing<T>(n);
      law.encode_pull(Pull<T, CacheOf<Law, T>>{dropped, read(none), read(none), g_v, g_dropped, s.theta, s.g_theta, s.buffers, c, g_c, s.noise, s.cache.law, p.scratch});
    });
  }
  /// Adds to g_kept what the draw's cotangent and that of its log-density say.
  template <class T, class P>
  static void draw_pull(const Law& law, const P& p, Slot<T> s, CView<T> kept, CView<T> dropped, CView<T> g_dropped, CColView<T> g_v, View<T> g_kept) {
    if constexpr (CanDecodePull<Law, T>) {
      const View<T> none = nothing<T>(kept.rows());
      through(p, s, kept, g_kept, [&](CView<T> c, View<T> g_c) {
        law.decode_pull(Pull<T, CacheOf<Law, T>>{read(none), dropped, g_dropped, g_v, none, s.theta, s.g_theta, s.buffers, c, g_c, s.noise, s.cache.law, p.scratch});
      });
    } else {
      Arena::Scope scope(p.scratch);
      const View<T> unused = p.scratch.template take<T>(kept.rows(), Law::x_dim);
      score_pull(law, p, s, kept, dropped, g_v, unused, g_kept);
    }
  }

 private:
  template <class T> static View<T> nothing(Index n) { return view_of(static_cast<T*>(nullptr), n, 0, n); }
  template <class T> static CView<T> context(CView<T> kept, CView<T> user, Cache<T>& cache, bool fill) {
    if constexpr (!given) {
      return columns(kept, 0, 0);
    } else if constexpr (C == 0) {
      return kept;
    } else {
      const View<T> joined = cache.joined.view(kept.rows(), K + C);
      if (fill) {
        copy(kept, columns(joined, 0, K));
        copy(user, columns(joined, K, C));
      }
      return read(joined);
    }
  }
  template <class T, class P, class Body> static void through(const P& p, Slot<T>& s, CView<T> kept, View<T> g_kept, Body body) {
    Arena::Scope scope(p.scratch);
    const View<T> g = p.scratch.template take<T>(kept.rows(), given ? K + C : 0);
    for (Index j = 0; j < g.cols(); ++j) column(g, j).setZero();
    body(context<T>(kept, p.context, s.cache, false), g);
    if constexpr (given) {
      for (Index j = 0; j < K; ++j) column(g_kept, j) += column(g, j);
      for (Index j = 0; j < C; ++j) {
        auto g_c = column(View<T>(p.g_context), j);
        g_c += column(g, K + j);
      }
    }
  }
};

}  // namespace detail
}  // namespace rheo
