// SPDX-License-Identifier: MIT
// Max and MaxPool2x2: the largest number of each group stays; which it was, and how far below it the others lie, is
// dropped.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows): max value and max pooling, inference.
#pragma once

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/fibre.hpp"

namespace rheo {

namespace detail {

/// Groups: `count` of them with `size` members each; at(m, r) is the column of member r of group m.
template <Index D> struct OneGroup {
  static constexpr Index count = 1, size = D;
  static constexpr Index at(Index, Index r) { return r; }
};
/// Windows of 2 x 2 pixels of C x H x W images, channel-major: groups in the order of the pooled image, members row by
/// row.
template <Index C, Index H, Index W> struct Windows2x2 {
  static_assert(C > 0 && H > 0 && W > 0 && H % 2 == 0 && W % 2 == 0,
                "rheo: MaxPool2x2 wants images of even height and width");
  static constexpr Index h = H / 2, w = W / 2, count = C * h * w, size = 4;
  static constexpr Index at(Index m, Index r) {
    return (m / (h * w) * H + m / w % h * 2 + r / 2) * W + m % w * 2 + r % 2;
  }
};

/// z_m = max of group m;  V = log p(places | z) + log p(gaps | z).
template <class Groups, class Gaps, class Which, Index C> struct GroupMax {
  static constexpr Index G = Groups::count, S = Groups::size;
  static_assert(S > 1, "rheo: Max wants two coordinates or more");
  using GapLaw = LawOf<Gaps, G*(S - 1), G + C, Support::positive>;
  using PlaceLaw = LawOf<Which, G, G + C, Support::category>;
  using GapFibre = Fibre<GapLaw, G, C>;
  using PlaceFibre = Fibre<PlaceLaw, G, C>;
  static_assert(GapFibre::all(Support::positive),
                "rheo: Max: the law of the gaps must live on (0, inf), as Plain<family::HalfNormal<>>");
  static_assert(PlaceFibre::discrete,
                "rheo: Max: the law of the places must live on whole numbers, as Given<family::Categorical<K>, Net>");
  static_assert(categories_fit<PlaceLaw>(S),
                "rheo: Max: the law of the places has not as many categories as a group has members");

  static constexpr Index x_dim = G * S, z_dim = G, context_dim = C;
  static constexpr Index param_count = PlaceLaw::param_count + GapLaw::param_count,
                         buffer_count = PlaceLaw::buffer_count + GapLaw::buffer_count;
  static constexpr Kind kind = Kind::inference_surjection | PlaceLaw::kind | GapLaw::kind;
  static constexpr Exactness exactness = PlaceLaw::exactness | GapLaw::exactness;
  static constexpr bool smooth = false, piecewise_smooth = PlaceFibre::smooth && GapFibre::smooth;
  static constexpr Index encode_passes = (encode_effort<PlaceLaw>() + encode_effort<GapLaw>()).passes;
  static constexpr Index decode_passes = (decode_effort<PlaceLaw>() + decode_effort<GapLaw>()).passes;
  static constexpr bool parallel_encode = encode_effort<PlaceLaw>().parallel && encode_effort<GapLaw>().parallel;
  static constexpr bool parallel_decode = decode_effort<PlaceLaw>().parallel && decode_effort<GapLaw>().parallel;
  static constexpr Supports<x_dim> x_support = all_of<x_dim>(Support::real);
  static constexpr Supports<z_dim> z_support = all_of<z_dim>(Support::real);
  template <class T> static constexpr double accuracy() {
    return detail::accuracy<PlaceLaw, T>() + detail::accuracy<GapLaw, T>();
  }
  template <class T> struct Cache {
    typename PlaceFibre::template Cache<T> place;
    typename GapFibre::template Cache<T> gap;
    Buffer<T> places, gaps;  // n x G; n x (S - 1) G
  };

  PlaceLaw place_law{};
  GapLaw gap_law{};
  GroupMax() = default;
  explicit GroupMax(const GapLaw& g) : gap_law(g) {}
  GroupMax(const GapLaw& g, const PlaceLaw& w) : place_law(w), gap_law(g) {}

  template <class P> static auto unpack(P p) {
    if constexpr (PlaceLaw::param_count > 0) p.part(PlaceLaw{}, PlaceLaw::param_count, "places");
    if constexpr (GapLaw::param_count > 0) p.part(GapLaw{}, GapLaw::param_count, "gaps");
    return p;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<PlaceLaw, T>(place_law, first(theta, PlaceLaw::param_count), first(buffers, PlaceLaw::buffer_count),
                              noise.fork(0));
    detail::init<GapLaw, T>(gap_law, behind(theta, PlaceLaw::param_count, GapLaw::param_count),
                            behind(buffers, PlaceLaw::buffer_count, GapLaw::buffer_count), noise.fork(1));
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    return detail::valid_buffers(place_law, first(buffers, PlaceLaw::buffer_count)) &&
           detail::valid_buffers(gap_law, behind(buffers, PlaceLaw::buffer_count, GapLaw::buffer_count));
  }
  template <class T>
  void initialise(InitPass<T> p) const requires(HasInitialise<PlaceLaw, T> || HasInitialise<GapLaw, T>) {
    const Index n = p.in.rows();
    Batch<T> z(n, G), places(n, G), gaps(n, (S - 1) * G);
    split(p.in, view(z), view(places), view(gaps));
    const CView<T> kept = view(std::as_const(z));
    PlaceFibre::initialise(place_law,
                           InitPass<T>{p.in, first(p.theta, PlaceLaw::param_count),
                                       first(p.buffers, PlaceLaw::buffer_count), p.context, p.anew},
                           kept, view(std::as_const(places)));
    GapFibre::initialise(
        gap_law,
        InitPass<T>{p.in, behind(p.theta, PlaceLaw::param_count, GapLaw::param_count),
                    behind(p.buffers, PlaceLaw::buffer_count, GapLaw::buffer_count), p.context, p.anew},
        kept, view(std::as_const(gaps)));
  }
  template <class T>
  void after_step(Params<T> theta, Params<T> buffers) const
      requires(HasAfterStep<PlaceLaw, T> || HasAfterStep<GapLaw, T>) {
    detail::after_step(place_law, first(theta, PlaceLaw::param_count), first(buffers, PlaceLaw::buffer_count));
    detail::after_step(gap_law, behind(theta, PlaceLaw::param_count, GapLaw::param_count),
                       behind(buffers, PlaceLaw::buffer_count, GapLaw::buffer_count));
  }
  template <class Add> void seams(Index, double other, Add add) const { add(other); }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    const Index n = p.in.rows();
    View<T> places = p.cache.places.view(n, G), gaps = p.cache.gaps.view(n, (S - 1) * G);
    split(p.in, p.out, places, gaps);
    PlaceFibre::score(place_law, p, place(p), read(p.out), read(places), p.v);
    GapFibre::score(gap_law, p, gap(p), read(p.out), read(gaps), p.v);
  }
  template <class T>
  void encode_pull(Pull<T, Cache<T>> p) const
      requires(PlaceFibre::template pulls_score<T>&& GapFibre::template pulls_score<T>) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> places = p.cache.places.view(n, G), gaps = p.cache.gaps.view(n, (S - 1) * G);
    View<T> g_z = p.scratch.template take<T>(n, G), g_gaps = p.scratch.template take<T>(n, (S - 1) * G),
            unused = p.scratch.template take<T>(n, G);
    copy(p.g_out, g_z);
    PlaceFibre::score_pull(place_law, p, place(p), p.out, read(places), p.g_v, unused, g_z);
    GapFibre::score_pull(gap_law, p, gap(p), p.out, read(gaps), p.g_v, g_gaps, g_z);
    for (Index m = 0; m < G; ++m) {
      for (Index i = 0; i < n; ++i) {
        const Index k = index(places(i, m));
        T total = g_z(i, m);
        for (Index r = 0; r + 1 < S; ++r) {
          total += g_gaps(i, r * G + m);
          p.g_in(i, Groups::at(m, other(r, k))) = -g_gaps(i, r * G + m);
        }
        p.g_in(i, Groups::at(m, k)) = total;
      }
    }
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires(CanDecode<PlaceLaw, T>&& CanDecode<GapLaw, T>) {
    const Index n = p.in.rows();
    View<T> places = p.cache.places.view(n, G), gaps = p.cache.gaps.view(n, (S - 1) * G);
    PlaceFibre::draw(place_law, p, place(p), p.in, places, p.v);
    GapFibre::draw(gap_law, p, gap(p), p.in, gaps, p.v);
    for (Index m = 0; m < G; ++m) {
      for (Index i = 0; i < n; ++i) {
        const Index k = index(places(i, m));
        p.out(i, Groups::at(m, k)) = p.in(i, m);
        for (Index r = 0; r + 1 < S; ++r) p.out(i, Groups::at(m, other(r, k))) = p.in(i, m) - gaps(i, r * G + m);
      }
    }
  }
  template <class T>
  void decode_pull(Pull<T, Cache<T>> p) const
      requires(PlaceFibre::template pulls_draw<T>&& GapFibre::template pulls_draw<T>) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> places = p.cache.places.view(n, G), gaps = p.cache.gaps.view(n, (S - 1) * G);
    View<T> g_gaps = p.scratch.template take<T>(n, (S - 1) * G), g_places = p.scratch.template take<T>(n, G);
    g_places.setZero();
    for (Index m = 0; m < G; ++m) {
      for (Index i = 0; i < n; ++i) {
        const Index k = index(places(i, m));
        T total = p.g_out(i, Groups::at(m, k));
        for (Index r = 0; r + 1 < S; ++r) {
          const T g = p.g_out(i, Groups::at(m, other(r, k)));
          total += g;
          g_gaps(i, r * G + m) = -g;
        }
        p.g_in(i, m) = total;
      }
    }
    PlaceFibre::draw_pull(place_law, p, place(p), p.in, read(places), read(g_places), p.g_v, p.g_in);
    GapFibre::draw_pull(gap_law, p, gap(p), p.in, read(gaps), read(g_gaps), p.g_v, p.g_in);
  }

 private:
  /// The member behind gap r where member k is the largest.
  static constexpr Index other(Index r, Index k) { return r < k ? r : r + 1; }
  template <class T> static void split(CView<T> x, View<T> out, View<T> places, View<T> gaps) {
    for (Index m = 0; m < G; ++m) {
      for (Index i = 0; i < x.rows(); ++i) {
        Index k = 0;
        for (Index r = 1; r < S; ++r) {
          const T a = x(i, Groups::at(m, r));
          if (a > x(i, Groups::at(m, k)) || a != a) k = r;  // NaN stays
        }
        const T z = x(i, Groups::at(m, k));
        out(i, m) = z;
        places(i, m) = T(static_cast<double>(k));
        for (Index r = 0; r + 1 < S; ++r) gaps(i, r * G + m) = z - x(i, Groups::at(m, other(r, k)));
      }
    }
  }
  template <class T> static Index index(T place) { return static_cast<Index>(autodiff::value_of(place)); }
  template <class T> static Params<T> first(Params<T> p, Index n) { return {p.data(), n}; }
  template <class T> static Params<T> behind(Params<T> p, Index skip, Index n) { return {p.data() + skip, n}; }
  template <class T> static auto place(Pass<T, Cache<T>>& p) {
    return
        typename PlaceFibre::template Slot<T>{first(p.theta, PlaceLaw::param_count),
                                              first(p.buffers, PlaceLaw::buffer_count), p.noise.fork(0), p.cache.place};
  }
  template <class T> static auto gap(Pass<T, Cache<T>>& p) {
    return typename GapFibre::template Slot<T>{behind(p.theta, PlaceLaw::param_count, GapLaw::param_count),
                                               behind(p.buffers, PlaceLaw::buffer_count, GapLaw::buffer_count),
                                               p.noise.fork(1), p.cache.gap};
  }
  template <class T> static auto place(Pull<T, Cache<T>>& p) {
    return typename PlaceFibre::template Slot<T>{first(p.theta, PlaceLaw::param_count),
                                                 first(p.buffers, PlaceLaw::buffer_count), p.noise.fork(0),
                                                 p.cache.place, first(p.g_theta, PlaceLaw::param_count)};
  }
  template <class T> static auto gap(Pull<T, Cache<T>>& p) {
    return typename GapFibre::template Slot<T>{behind(p.theta, PlaceLaw::param_count, GapLaw::param_count),
                                               behind(p.buffers, PlaceLaw::buffer_count, GapLaw::buffer_count),
                                               p.noise.fork(1), p.cache.gap,
                                               behind(p.g_theta, PlaceLaw::param_count, GapLaw::param_count)};
  }
};

}  // namespace detail

/// z = the largest of D real coordinates.  Its place follows Which::law<1, 1 + C> on {0 .. D - 1}, equal odds without
/// one; the gaps z - x_j of the others, in their order, follow Gaps::law<D - 1, 1 + C> on (0, inf), as
/// Plain<family::HalfNormal<>> or Given<family::Exponential<>, Net>; both given z and the context.  V = log p(place |
/// z) + log p(gaps | z).  Exact. Of equal coordinates the first counts as the largest; NaN anywhere makes the row NaN.
/// decode has no gradient where the law of the place is learned. Ties of the largest in the data (rounded data) are
/// point masses, on which the densities of such flows have no bound: add noise of the rounding's width, or Dequantize,
/// first.
template <Index D, class Gaps, class Which = Plain<family::Fair<D>>, Index C = 0>
struct Max : detail::GroupMax<detail::OneGroup<D>, Gaps, Which, C> {
  using detail::GroupMax<detail::OneGroup<D>, Gaps, Which, C>::GroupMax;
};

/// Max over windows of 2 x 2 pixels of C x H x W images, channel-major (rows of C H W numbers): z is the pooled image
/// of M = C H W / 4 numbers, the gaps are an image of 3 C channels of its size (column r M + m: gap r of window m).
/// Gaps::law<3 M, M + Context>, Which::law<M, M + Context> on {0 .. 3}, both given the whole pooled image.
template <Index C, Index H, Index W, class Gaps, class Which = Plain<family::Fair<4>>, Index Context = 0>
struct MaxPool2x2 : detail::GroupMax<detail::Windows2x2<C, H, W>, Gaps, Which, Context> {
  using detail::GroupMax<detail::Windows2x2<C, H, W>, Gaps, Which, Context>::GroupMax;
};

}  // namespace rheo
