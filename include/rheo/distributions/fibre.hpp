// SPDX-License-Identifier: MIT
// Fibres: recipes for the distribution of what a surjection drops, given what it keeps.
//
// A recipe F owes `template <Index D, Index C> using law`: a distribution on D coordinates whose context_dim is C (what
// the layer keeps, and the user's context behind it) or 0 (it looks at neither).  A flow is a law too: that makes a
// fibre as rich as one likes.
//
// Whole numbers that a learned law draws have no derivative, and what V says of their odds has mean zero at the draws,
// so a pull of the draw would teach that law nothing without a sign of it: there is none.  Laws of whole numbers learn
// where they score (encode of the inference forms, decode of the generative ones); where they draw and a gradient is
// wanted, take one with nothing to learn, as FairSigns. A mixture on a fibre: Given<family::LogisticMixture<K>, Net>,
// coordinate by coordinate, all its numbers made from what is kept, with a draw that has a derivative; or a FlowFibre
// of Mixture<K, ConditionalLogistic<D, Net, C>>, joint, whose weights do not see what is kept and which has no
// decode_pull, so that it scores but cannot be trained where it draws. Data-dependent starts (Standardize, ActNorm)
// within a law are run where it scores, in Slice, Max and Round; a law that draws in encode has no data of its own to
// start from, and stays as it is.
#pragma once

#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/location_scale.hpp"

namespace rheo {

/// Independent coordinates with parameters of their own, whatever is kept: Plain<family::Normal<>>.
template <class Family> struct Plain { template <Index D, Index C> using law = Independent<D, Family>; };
/// Independent coordinates whose parameters a net makes from what is kept: Given<family::Normal<>, Mlp<64, 64>>.
template <class Family, class Net> struct Given {
  template <Index D, Index C> using law = ConditionalIndependent<D, Family, Net, C>;
};
/// The distribution L as it is: Fixed<StandardNormal> takes L<D>.
template <template <Index> class L> struct Fixed { template <Index D, Index C> using law = L<D>; };
/// A flow, or any law with two sizes of its own: FlowFibre<F> takes F<D, C>, whose parts all have context_dim C or 0.
template <template <Index, Index> class F> struct FlowFibre { template <Index D, Index C> using law = F<D, C>; };

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

/// Stands where a law is missing, so that the compiler says the one thing that is wrong and no more.
template <Index D, Support S> struct NoLaw {
  static constexpr Index x_dim = D, z_dim = 0, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(S);
  static constexpr Supports<0> z_support{};
  template <class T> using Cache = NoCache;
  template <class T> void encode(Pass<T, NoCache>) const {}
  template <class T> void encode_pull(Pull<T, NoCache>) const {}
  template <class T> void decode(Pass<T, NoCache>) const {}
  template <class T> void decode_pull(Pull<T, NoCache>) const {}
};
/// A function, not a class: one whose own assertion fails has no members in clang, which then complains of each.
template <class Recipe, Index D, Support S> constexpr auto refuse_recipe() {
  static_assert(sizeof(Recipe) == 0,
                "rheo: the fibre must be a recipe: Fixed<StandardNormal>, Given<family::Normal<>, Mlp<64>>, Plain<...> "
                "or FlowFibre<...>");
  return NoLaw<D, S>{};
}
template <class Recipe, Index D, Index C, Support S> struct FibreLaw {
  using type = decltype(refuse_recipe<Recipe, D, S>());
};
template <class Recipe, Index D, Index C, Support S>
requires requires { typename Recipe::template law<D, C>; }
struct FibreLaw<Recipe, D, C, S> {
  using type = typename Recipe::template law<D, C>;
};
/// Recipe::law<D, C>; S is the support that the layer wants of it.
template <class Recipe, Index D, Index C, Support S = Support::real>
using LawOf = typename FibreLaw<Recipe, D, C, S>::type;

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
  template <class T> static constexpr bool pulls_score = CanEncodePull<Law, T>;
  /// Whole numbers from a law with nothing to learn and nothing to see: neither they nor V have a slope.
  template <class T> static constexpr bool still = discrete && !given && Law::param_count == 0 && CanDecode<Law, T>;
  template <class T> static constexpr bool pulls_draw = CanDecodePull<Law, T> || still<T>;
  /// Draws with choices that its pulls hold constant: has_biased_pulls of the law, and learned whole numbers.
  static constexpr bool biased = has_biased_pulls<Law> || (discrete && CanDecodePull<Law, double>);
  /// True when the density moves smoothly with what is kept.
  static constexpr bool smooth = [] {
    if constexpr (requires { Law::Conditioner::smooth; })
      return discrete ? bool(Law::Conditioner::smooth) : is_smooth<Law>;
    return discrete || is_smooth<Law>;
  }();

  /// True when a draw's cotangent can be led by its path alone: the law is exact, and draws have a derivative.
  template <class T>
  static constexpr bool pulls_path = still<T> ||
                                     (CanDecodePull<Law, T> && CanEncodePull<Law, T> && is_exact_v<Law> && [] {
                                       for (auto s : Law::x_support) {
                                         if (s == Support::integer || s == Support::category || s == Support::censored)
                                           return false;
                                       }
                                       return true;
                                     }());

  template <class T> struct Cache {
    CacheOf<Law, T> law, scored;  // scored: of a draw's log-density, where a pull goes by the path
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
  template <class T, class L> static Slot<T> slot(const Pass<T, L>& p, Cache<T>& cache) {
    return {p.theta, p.buffers, p.noise, cache};
  }
  template <class T, class L> static Slot<T> slot(const Pull<T, L>& p, Cache<T>& cache) {
    return {p.theta, p.buffers, p.noise, cache, p.g_theta};
  }
  /// Zeros to which a pull may add the cotangent of what the law sees, where that is not a part of g_in.
  template <class T, class L> static View<T> zeros(const Pull<T, L>& p) {
    View<T> g = p.scratch.template take<T>(p.in.rows(), K);
    g.setZero();
    return g;
  }

  /// The law's data-dependent start, from the rows as the layer splits them.
  template <class T> static void initialise(const Law& law, const InitPass<T>& p, CView<T> kept, CView<T> dropped) {
    if constexpr (HasInitialise<Law, T>) {
      Batch<T> joined(kept.rows(), Law::context_dim);
      if constexpr (given) {
        copy(kept, columns(view(joined), 0, K));
        copy(p.context, columns(view(joined), K, C));
      }
      law.initialise(InitPass<T>{dropped, p.theta, p.buffers, view(std::as_const(joined)), p.anew});
    }
  }
  /// v += log p(dropped | kept).
  template <class T, class P>
  static void score(const Law& law, const P& p, Slot<T> s, CView<T> kept, CView<T> dropped, ColView<T> v) {
    law.encode(Pass<T, CacheOf<Law, T>>{dropped, nothing<T>(kept.rows()), v, s.theta, s.buffers,
                                        context<T>(kept, p.context, s.cache, true), s.noise, s.cache.law, p.scratch,
                                        p.keep, p.report, p.wants_v});
  }
  /// Draws `dropped` and adds its log-density to v.
  template <class T, class P>
  static void draw(const Law& law, const P& p, Slot<T> s, CView<T> kept, View<T> dropped, ColView<T> v) {
    law.decode(Pass<T, CacheOf<Law, T>>{read(nothing<T>(kept.rows())), dropped, v, s.theta, s.buffers,
                                        context<T>(kept, p.context, s.cache, true), s.noise, s.cache.law, p.scratch,
                                        p.keep, p.report, p.wants_v});
  }
  /// Overwrites g_dropped, adds to g_kept.
  template <class T, class P>
  static void score_pull(const Law& law, const P& p, Slot<T> s, CView<T> kept, CView<T> dropped, CColView<T> g_v,
                         View<T> g_dropped, View<T> g_kept) {
    const Index n = kept.rows();
    through(p, s, kept, g_kept, [&](CView<T> c, View<T> g_c) {
      const View<T> none = nothing<T>(n);
      law.encode_pull(Pull<T, CacheOf<Law, T>>{dropped, read(none), read(none), g_v, g_dropped, s.theta, s.g_theta,
                                               s.buffers, c, g_c, s.noise, s.cache.law, p.scratch});
    });
  }
  /// Adds to g_kept what the draw's cotangent and that of its log-density say.
  template <class T, class P>
  static void draw_pull([[maybe_unused]] const Law& law, [[maybe_unused]] const P& p, [[maybe_unused]] Slot<T> s,
                        [[maybe_unused]] CView<T> kept, [[maybe_unused]] CView<T> dropped,
                        [[maybe_unused]] CView<T> g_dropped, [[maybe_unused]] CColView<T> g_v,
                        [[maybe_unused]] View<T> g_kept) {
    if constexpr (CanDecodePull<Law, T>) {
      const View<T> none = nothing<T>(kept.rows());
      through(p, s, kept, g_kept, [&](CView<T> c, View<T> g_c) {
        law.decode_pull(Pull<T, CacheOf<Law, T>>{read(none), dropped, g_dropped, g_v, none, s.theta, s.g_theta,
                                                 s.buffers, c, g_c, s.noise, s.cache.law, p.scratch});
      });
    }
  }
  /// The same by the path alone, times `factor`: the score, the derivative of the log-density that the draw's stays
  /// still for, is left out. Tucker et al. 2018, arXiv:1810.04152.
  template <class T, class P>
  static void path_pull(const Law& law, const P& p, Slot<T> s, CView<T> kept, CView<T> dropped, CView<T> g_dropped,
                        CColView<T> g_v, CColView<T> factor, View<T> g_kept) {
    if constexpr (!still<T>) {
      Arena::Scope scope(p.scratch);
      const Index n = kept.rows();
      const CView<T> c = context<T>(kept, p.context, s.cache, false);
      const View<T> none = nothing<T>(n), g_path = p.scratch.template take<T>(n, dropped.cols());
      View<T> g_c = p.scratch.template take<T>(n, Law::context_dim);
      ColView<T> unused = p.scratch.template column<T>(Law::param_count), zero = p.scratch.template column<T>(n);
      g_c.setZero();
      unused.setZero();
      zero.setZero();
      law.encode(Pass<T, CacheOf<Law, T>>{dropped, none, zero, s.theta, s.buffers, c, s.noise, s.cache.scored,
                                          p.scratch, true});
      law.encode_pull(Pull<T, CacheOf<Law, T>>{dropped, read(none), read(none), g_v, g_path, s.theta,
                                               Params<T>(unused.data(), Law::param_count), s.buffers, c, g_c, s.noise,
                                               s.cache.scored, p.scratch});
      for (Index j = 0; j < g_path.cols(); ++j) column(g_path, j) = (column(g_path, j) + column(g_dropped, j)) * factor;
      zero.setZero();
      draw_pull(law, p, s, kept, dropped, read(g_path), read(zero), g_kept);
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
  template <class T, class P, class Body>
  static void through(const P& p, Slot<T>& s, CView<T> kept, View<T> g_kept, Body body) {
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
