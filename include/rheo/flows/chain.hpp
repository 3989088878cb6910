// SPDX-License-Identifier: MIT
// Chain: layers in encode order, data first.  It is itself a layer, so chains nest.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/moments.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

// The names that a compiler prints when a joint does not fit.
template <Index K> struct layer_index {};
template <Index D> struct gives_dim {};
template <Index D> struct next_wants_dim {};
template <Index J> struct coordinate {};
template <Support S> struct gives_support {};
template <Support S> struct next_wants_support {};
template <Index N> struct gives_categories {};
template <Index N> struct next_wants_categories {};

/// Whether a joint fits, under names for the compiler to print.
template <class K, class Gives, class Wants> inline constexpr bool dimensions_agree = false;
template <class K, Index D> inline constexpr bool dimensions_agree<K, gives_dim<D>, next_wants_dim<D>> = true;
/// The same of supports, J the coordinate; `any` fits all.
template <class K, class J, class Gives, class Wants> inline constexpr bool supports_agree = false;
template <class K, class J, Support S>
inline constexpr bool supports_agree<K, J, gives_support<S>, next_wants_support<S>> = true;
template <class K, class J, Support S>
inline constexpr bool supports_agree<K, J, gives_support<Support::any>, next_wants_support<S>> = true;
template <class K, class J, Support S>
inline constexpr bool supports_agree<K, J, gives_support<S>, next_wants_support<Support::any>> = true;
template <class K, class J>
inline constexpr bool supports_agree<K, J, gives_support<Support::any>, next_wants_support<Support::any>> = true;
/// The same of counts of categories; 0 fits all.
template <class K, class J, class Gives, class Wants> inline constexpr bool categories_agree = false;
template <class K, class J, Index N, Index M>
inline constexpr bool categories_agree<K, J, gives_categories<N>, next_wants_categories<M>> =
    N == 0 || M == 0 || N == M;

namespace detail {

/// What is known of the supports on the data side of a chain, and after each layer.
template <Index D> struct Unknown {
  static constexpr Supports<D> value = all_of<D>(Support::any);
  static constexpr std::array<Index, static_cast<std::size_t>(D)> counts{};
};
template <class Before, class L> struct After {
  static constexpr Supports<L::z_dim> value = supports_after<L>(Before::value);
  static constexpr std::array<Index, static_cast<std::size_t>(L::z_dim)> counts = categories_after<L>(Before::counts);
};

/// Whether the ascending ones among `supports` leave a layer that passes them in the order in which they came.
template <class L, std::size_t D> constexpr bool keeps_order(const std::array<Support, D>& supports) {
  Index last = -1;
  const auto source = support_source<L>();
  for (std::size_t j = 0; j < source.size(); ++j) {
    const Index i = source[j];
    if (i < 0 || i >= L::x_dim || L::x_support[static_cast<std::size_t>(i)] != Support::any ||
        supports[static_cast<std::size_t>(i)] != Support::ordered)
      continue;
    if (i < last) return false;
    last = i;
  }
  return true;
}

/// Whole numbers 0 .. K - 1 are categories to a layer that wants those: their counts agree or not, as any.
template <class Given, class Next> constexpr Index support_misfit() {
  const Supports<Next::x_dim> wanted = Next::x_support;
  Supports<Next::x_dim> given = Given::value;
  for (std::size_t j = 0; j < given.size(); ++j) {
    if (given[j] == Support::integer && wanted[j] == Support::category && Given::counts[j] > 0)
      given[j] = Support::category;
  }
  return first_misfit(given, wanted);
}
template <std::size_t D>
constexpr Index count_misfit(const std::array<Index, D>& given, const std::array<Index, D>& wanted) {
  for (std::size_t j = 0; j < D; ++j) {
    if (given[j] != 0 && wanted[j] != 0 && given[j] != wanted[j]) return static_cast<Index>(j);
  }
  return -1;
}

template <Index K, class Given, class Next, std::size_t J> consteval bool check_support_of() {
  static_assert(
      supports_agree<layer_index<K>, coordinate<J>, gives_support<Given::value[J]>,
                     next_wants_support<Next::x_support[J]>>,
      "rheo: Chain: the support that a layer gives differs from the one that the next wants; put a range map between: "
      "LogMap or SoftplusInverseMap behind positive numbers, LogitMap behind the unit interval, LevelMap<D, K> or "
      "IntervalMap behind an interval, "
      "CutCircleMap and LogitMap behind angles, Ordered behind ascending numbers; where coordinates differ each by "
      "itself: On<D, Mask<1, 0>, range::Log>, range::Logit, range::RescalePositive to a box");
  return true;
}
template <Index K, class Given, class Next, std::size_t J> consteval bool check_categories_of() {
  static_assert(categories_agree<layer_index<K>, coordinate<J>, gives_categories<Given::counts[J]>,
                                 next_wants_categories<x_categories<Next>()[J]>>,
                "rheo: Chain: a layer gives whole numbers, or an interval, of other categories than the next wants");
  return true;
}
template <Index K, class L, class Next> consteval bool check_dimensions() {
  static_assert(
      dimensions_agree<layer_index<K>, gives_dim<L::z_dim>, next_wants_dim<Next::x_dim>>,
      "rheo: Chain: z_dim of a layer differs from x_dim of the next: all parts of a flow want the same D, the "
      "base too, as Flow{AffineCoupling<2, Mlp<64, 64>>{}, StandardNormal<2>{}}, unless one drops or adds");
  return L::z_dim == Next::x_dim;
}
/// Checks every joint, data first, for one coordinate that does not fit; the result type holds the supports at the end.
template <Index K, class Given, class L, class... Rest> struct Walk { using End = After<Given, L>; };
template <Index K, class Given, class L, class Next, class... Rest> struct Walk<K, Given, L, Next, Rest...> {
  using Here = After<Given, L>;
  static constexpr bool fits = [] {
    if constexpr (check_dimensions<K, L, Next>()) {
      static_assert(
          keeps_order<Next>(Here::value),
          "rheo: Chain: ascending numbers must stay in their order until Ordered: no Flip or Squeeze between");
      constexpr Index of_support = support_misfit<Here, Next>(),
                      of_count = count_misfit(Here::counts, x_categories<Next>());
      if constexpr (of_support >= 0) return check_support_of<K, Here, Next, static_cast<std::size_t>(of_support)>();
      else if constexpr (of_count >= 0) return check_categories_of<K, Here, Next, static_cast<std::size_t>(of_count)>();
      return true;
    }
    return false;
  }();
  using Further =
      std::conditional_t<fits, Walk<K + 1, Here, Next, Rest...>, Walk<K + 1, Unknown<Next::x_dim>, Next, Rest...>>;
  using End = typename Further::End;
};

/// Data-side supports of layers in a row: where the first takes `any` and hands it on, what the next ones want.
template <class L, class... Rest> constexpr Supports<L::x_dim> supports_before() {
  Supports<L::x_dim> x = L::x_support;
  if constexpr (sizeof...(Rest) > 0) {
    const auto z = supports_before<Rest...>();
    const auto source = support_source<L>();
    for (std::size_t j = 0; j < source.size() && j < z.size(); ++j) {
      if (L::z_support[j] != Support::any || source[j] < 0) continue;
      Support& s = x[static_cast<std::size_t>(source[j])];
      if (s == Support::any) s = z[j];
    }
  }
  return x;
}

/// The same for counts of categories.
template <class L, class... Rest> constexpr std::array<Index, static_cast<std::size_t>(L::x_dim)> categories_before() {
  auto x = x_categories<L>();
  if constexpr (sizeof...(Rest) > 0) {
    const auto z = categories_before<Rest...>();
    const auto source = support_source<L>();
    for (std::size_t j = 0; j < source.size() && j < z.size(); ++j) {
      if (L::z_support[j] == Support::any && source[j] >= 0 &&
          L::x_support[static_cast<std::size_t>(source[j])] == Support::any)
        x[static_cast<std::size_t>(source[j])] = z[j];
    }
  }
  return x;
}
/// Whether what the layers behind L want ascending comes to L ascending too.
template <class L, class... Rest> constexpr bool wants_in_order() {
  if constexpr (sizeof...(Rest) > 0) {
    const auto z = supports_before<Rest...>();
    const auto source = support_source<L>();
    Index last = -1;
    for (std::size_t j = 0; j < source.size() && j < z.size(); ++j) {
      const Index i = source[j];
      if (z[j] != Support::ordered || L::z_support[j] != Support::any || i < 0 ||
          L::x_support[static_cast<std::size_t>(i)] != Support::any)
        continue;
      if (i < last) return false;
      last = i;
    }
    return wants_in_order<Rest...>();
  }
  return true;
}

/// x coordinate that z coordinate j of the first N layers takes its support from; -1 where a layer lays down its own.
template <std::size_t N, class Tuple> constexpr Index trace_support(Index j) {
  if constexpr (N == 0) {
    return j;
  } else {
    using L = std::tuple_element_t<N - 1, Tuple>;
    if (L::z_support[static_cast<std::size_t>(j)] != Support::any) return -1;
    const Index i = support_source<L>()[static_cast<std::size_t>(j)];
    return i < 0 ? i : trace_support<N - 1, Tuple>(i);
  }
}

/// Reports the columns that reach a real base in units far from its own.  Rows that are not finite tell nothing.
template <class T, std::size_t D>
void report_off_scale(CView<T> x, const std::array<Support, D>& base, StartReport& report) {
  if (x.rows() < 2 || !x.allFinite()) return;
  for (std::size_t j = 0; j < D; ++j) {
    if (base[j] != Support::real) continue;
    const math::Moments here = math::raw_moments(x, static_cast<Index>(j));
    if (math::apart({0, 1}, here)) report.off_scale.push_back({static_cast<Index>(j), here.mean, here.deviation});
  }
}

/// Encodes all rows of `x` into `z`, a bounded number at a time.
template <class T, class L>
void encode_rows(const L& layer, CView<T> x, Batch<T>& z, Params<const T> theta, Params<const T> buffers,
                 CView<T> context) {
  constexpr Index step = 1024;
  CacheOf<L, T> cache;
  Arena scratch;
  Column<T> v(step);
  z.resize(x.rows(), L::z_dim);
  for (Index i = 0; i < x.rows(); i += step) {
    const Index n = std::min(step, x.rows() - i);
    v.setZero();
    layer.encode(Pass<T, CacheOf<L, T>>{rows(x, i, n), rows(view(z), i, n), ColView<T>(v.data(), n), theta, buffers,
                                        rows(context, i, n), Noise{}.from_row(i), cache, scratch, false});
  }
}

}  // namespace detail

/// Layers in encode order.  The flat parameter vector holds theirs one behind the other; noise is forked by position.
template <class... Ls> struct Chain {
  static_assert(sizeof...(Ls) > 0, "rheo: Chain: empty");
  static_assert((Layer<Ls> && ...), "rheo: Chain: a part is not a layer: rheo/core/layer.hpp says what a layer owes");
  static_assert((detail::owes_no_layout<Ls>() && ...));
  static constexpr std::size_t size = sizeof...(Ls);  ///< how many layers
  /// The type of layer K.
  template <std::size_t K> using At = std::tuple_element_t<K, std::tuple<Ls...>>;

  static constexpr Index x_dim = At<0>::x_dim, z_dim = At<size - 1>::z_dim,
                         context_dim = std::max({Index(0), Index(Ls::context_dim)...});
  static_assert(((Ls::context_dim == 0 || Ls::context_dim == context_dim) && ...),
                "rheo: Chain: two layers want contexts of different width");
  static constexpr Index param_count = (Ls::param_count + ...), buffer_count = (Ls::buffer_count + ...);
  static constexpr Kind kind = (Ls::kind | ...);
  static constexpr Exactness exactness = (Ls::exactness | ...);
  static constexpr bool smooth = (detail::is_smooth<Ls> && ...), exact_pulls = (detail::has_exact_pulls<Ls> && ...),
                        biased_pulls = (detail::has_biased_pulls<Ls> || ...),
                        noise_free = (detail::is_noise_free<Ls> && ...);
  static constexpr Index encode_passes = (detail::encode_effort<Ls>() + ...).passes,
                         decode_passes = (detail::decode_effort<Ls>() + ...).passes;
  static constexpr bool parallel_encode = (detail::encode_effort<Ls>().parallel && ...),
                        parallel_decode = (detail::decode_effort<Ls>().parallel && ...);
  template <class T> static constexpr double accuracy() { return (detail::accuracy<Ls, T>() + ...); }
  /// What is known of the supports behind the last layer.
  using SupportsAtEnd = typename detail::Walk<0, detail::Unknown<x_dim>,
                                              Ls...>::End;  // named here so that every joint is checked, used or not
  static constexpr Supports<x_dim> x_support = detail::supports_before<Ls...>();
  static constexpr std::array<Index, static_cast<std::size_t>(x_dim)> x_categories = detail::categories_before<Ls...>();
  static constexpr std::array<Index, static_cast<std::size_t>(z_dim)> z_categories = SupportsAtEnd::counts;
  /// Of the data's whole numbers; 0 where they differ.
  static constexpr Index categories = [] {
    Index n = -1;
    for (std::size_t j = 0; j < x_categories.size(); ++j) {
      if (x_support[j] == Support::integer || x_support[j] == Support::category)
        n = n == -1 || n == x_categories[j] ? x_categories[j] : 0;
    }
    return n < 0 ? 0 : n;
  }();
  static constexpr bool bounded = (detail::is_bounded<Ls>() || ...);
  static_assert(detail::wants_in_order<Ls...>(),
                "rheo: Chain: ascending numbers must stay in their order until Ordered: no Flip or Squeeze between");
  static constexpr Supports<z_dim> z_support = SupportsAtEnd::value;
  static constexpr std::array<Index, static_cast<std::size_t>(z_dim)> support_source = [] {
    std::array<Index, static_cast<std::size_t>(z_dim)> s{};
    for (std::size_t j = 0; j < s.size(); ++j)
      s[j] = detail::trace_support<size, std::tuple<Ls...>>(static_cast<Index>(j));
    return s;
  }();

  std::tuple<Ls...> layers;  ///< data first

  constexpr Chain() = default;
  /// Of layers with hyper-parameters.
  constexpr explicit Chain(Ls... ls) requires(sizeof...(Ls) > 0) : layers(std::move(ls)...) {}

  template <class T> struct Cache {
    std::tuple<CacheOf<Ls, T>...> parts;
    std::array<Buffer<T>, size> states;  // the value behind layer i; the last is not used
  };

  template <class P> static auto unpack(P p) {
    [&]<std::size_t... Is>(std::index_sequence<Is...>) { (part<Is>(p), ...); }
    (std::make_index_sequence<size>{});
    return p;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    each([&]<std::size_t K>(const auto& layer) {
      detail::init<At<K>, T>(layer, slice<K>(theta), buffer_slice<K>(buffers), noise.fork(K));
    });
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    bool valid = true;
    each([&]<std::size_t K>(const auto& layer) {
      valid = valid && detail::valid_buffers(layer, buffer_slice<K>(buffers));
    });
    return valid;
  }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const {
    each([&]<std::size_t K>(const auto& layer) {
      detail::after_step(layer, slice<K>(theta), buffer_slice<K>(buffers));
    });
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires(CanEncode<Ls, T>&&...) {
    each([&]<std::size_t K>(const auto& layer) {
      layer.encode(Pass<T, CacheOf<At<K>, T>>{below<K>(p.cache, p.in), above<K>(p.cache, p.out), p.v, slice<K>(p.theta),
                                              buffer_slice<K>(p.buffers), context<K>(p.context), p.noise.fork(K),
                                              std::get<K>(p.cache.parts), p.scratch, p.keep, p.report, p.wants_v});
    });
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires(CanEncodePull<Ls, T>&&...) {
    encode_pull_by(p, [](const auto& layer, auto q) { layer.encode_pull(q); });
  }
  /// The same, where call(layer, pull) makes the pull of each layer.
  template <class T, class Call> void encode_pull_by(Pull<T, Cache<T>> p, Call call) const {
    Arena::Scope scope(p.scratch);
    CView<T> g = p.g_out;
    each_back([&]<std::size_t K>(const auto& layer) {
      const View<T> g_in = K == 0 ? p.g_in : p.scratch.template take<T>(p.in.rows(), At<K>::x_dim);
      call(layer, Pull<T, CacheOf<At<K>, T>>{below<K>(p.cache, p.in), above<K>(p.cache, p.out), g, p.g_v, g_in,
                                             slice<K>(p.theta), slice<K>(p.g_theta), buffer_slice<K>(p.buffers),
                                             context<K>(p.context), context<K>(p.g_context), p.noise.fork(K),
                                             std::get<K>(p.cache.parts), p.scratch});
      reseat(g, read(g_in));
    });
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires(CanDecode<Ls, T>&&...) {
    each_back([&]<std::size_t K>(const auto& layer) {
      layer.decode(Pass<T, CacheOf<At<K>, T>>{above<K>(p.cache, p.in), below<K>(p.cache, p.out), p.v, slice<K>(p.theta),
                                              buffer_slice<K>(p.buffers), context<K>(p.context), p.noise.fork(K),
                                              std::get<K>(p.cache.parts), p.scratch, p.keep, p.report, p.wants_v});
    });
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires(CanDecodePull<Ls, T>&&...) {
    decode_pull_by(p, [](const auto& layer, auto q) { layer.decode_pull(q); });
  }
  /// The same, where call(layer, pull) makes the pull of each layer.
  template <class T, class Call> void decode_pull_by(Pull<T, Cache<T>> p, Call call) const {
    Arena::Scope scope(p.scratch);
    CView<T> g = p.g_out;
    each([&]<std::size_t K>(const auto& layer) {
      const View<T> g_in = K + 1 == size ? p.g_in : p.scratch.template take<T>(p.in.rows(), At<K>::z_dim);
      call(layer, Pull<T, CacheOf<At<K>, T>>{above<K>(p.cache, p.in), below<K>(p.cache, p.out), g, p.g_v, g_in,
                                             slice<K>(p.theta), slice<K>(p.g_theta), buffer_slice<K>(p.buffers),
                                             context<K>(p.context), context<K>(p.g_context), p.noise.fork(K),
                                             std::get<K>(p.cache.parts), p.scratch});
      reseat(g, read(g_in));
    });
  }

  /// Data-dependent start, layer by layer, each on the data as they come out of those before it.
  template <class T> void initialise(InitPass<T> p) const {
    Batch<T> x = p.in, z;
    each([&]<std::size_t K>(const auto& layer) {
      const auto theta = slice<K>(p.theta), buffers = buffer_slice<K>(p.buffers);
      const auto c = context<K>(p.context);
      detail::initialise(layer, InitPass<T>{view(std::as_const(x)), theta, buffers, c, p.anew, p.report});
      if constexpr (K > 0 && At<K>::z_dim == 0) {
        if (p.report) detail::report_off_scale<T>(view(std::as_const(x)), At<K>::x_support, *p.report);
      }
      if constexpr (K + 1 < size && CanEncode<At<K>, T>) {
        detail::encode_rows<T>(layer, view(std::as_const(x)), z, theta, buffers, c);
        x.swap(z);
      }
    });
  }

 private:
  template <std::size_t K> static constexpr Index params_before() {
    return []<std::size_t... J>(std::index_sequence<J...>) { return (Index(0) + ... + At<J>::param_count); }
    (std::make_index_sequence<K>{});
  }
  template <std::size_t K> static constexpr Index buffers_before() {
    return []<std::size_t... J>(std::index_sequence<J...>) { return (Index(0) + ... + At<J>::buffer_count); }
    (std::make_index_sequence<K>{});
  }
  template <std::size_t K, class T> static Params<T> slice(Params<T> p) {
    return {p.data() + params_before<K>(), At<K>::param_count};
  }
  template <std::size_t K, class T> static Params<T> buffer_slice(Params<T> p) {
    return {p.data() + buffers_before<K>(), At<K>::buffer_count};
  }
  template <std::size_t K, class V> static V context(V c) { return columns(c, 0, At<K>::context_dim); }
  template <std::size_t K, class P> static void part(P& p) {
    if constexpr (At<K>::param_count > 0) p.part(LayoutOf<At<K>>{}, At<K>::param_count, std::to_string(K));
  }
  /// The values on the data side of layer I, and on its latent side; `end` is the chain's own on that side.
  template <std::size_t K, class T, class V> static V below(Cache<T>& c, V end) {
    if constexpr (K == 0) {
      return end;
    } else {
      return V(c.states[K - 1].view(end.rows(), At<K>::x_dim).data(), end.rows(), At<K>::x_dim,
               Eigen::OuterStride<>(end.rows()));
    }
  }
  template <std::size_t K, class T, class V> static V above(Cache<T>& c, V end) {
    if constexpr (K + 1 == size) {
      return end;
    } else {
      return V(c.states[K].view(end.rows(), At<K>::z_dim).data(), end.rows(), At<K>::z_dim,
               Eigen::OuterStride<>(end.rows()));
    }
  }
  template <class F> void each(F f) const {
    [&]<std::size_t... Is>(std::index_sequence<Is...>) { (f.template operator()<Is>(std::get<Is>(layers)), ...); }
    (std::make_index_sequence<size>{});
  }
  template <class F> void each_back(F f) const {
    [&]<std::size_t... Is>(std::index_sequence<Is...>) {
      (f.template operator()<size - 1 - Is>(std::get<size - 1 - Is>(layers)), ...);
    }
    (std::make_index_sequence<size>{});
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
