// SPDX-License-Identifier: MIT
// Independent and ConditionalIndependent: the two wirings of a family, a density of one coordinate with P parameters.
//
// A family owes, for L a number, a dual or a lane, raw(k) its k-th parameter and q what `natural` made of them:
//   static constexpr Index params, natural_count, cotangents;
//   std::array<L, natural_count> natural(raw)          what the density reads, made once where all rows share the
//     parameters
//   L log_prob(L x, q)                                 nats; off the support -inf
//   L log_prob_pull(L x, L g_v, q, give)               the cotangent of x; give(c, g), each c below `cotangents`
//     exactly once
//   void raw_pull(raw, q, g, g_raw)                    from the cotangents g[c], summed over rows, to those of the
//     parameters
// and to draw, one of
//   L from_normal(L e, q)                              x from one normal a coordinate
//   T draw(noise, i, j, q)                             x at row i, coordinate j, which owns the draws j * draws .. (j +
//     1) * draws - 1
// and, where a draw moves with its parameters (a pathwise derivative: Figurnov et al. 2018, arXiv:1805.08498), one of
//   void draw_pull(x, g_x, q, give)                    adds nothing but dx/dparameter g_x, in the coordinates of
//     log_prob_pull
//   void draw_pull(x, g_x, q, noise, i, j, give)
// It may say
//   static constexpr Support support                   real without it
//   static constexpr bool smooth, lanes                true without it; lanes = false where the machine has no packet
//     of its functions
//   static constexpr Index draws                       1 without it
//   static constexpr Index categories                  values 0 .. categories - 1, for whole numbers
//   void initialise(const T* x, Index n, raw)          a start from n numbers where nothing before it could standardise
//     them: odds; raw(k) is a reference
// All parameters zero should be the family's standard member: nets start there.
#pragma once

#include <array>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/math/lane.hpp"
#include "rheo/nets/mlp.hpp"

namespace rheo {
namespace detail {

template <class F> constexpr Support family_support() {
  if constexpr (requires { F::support; }) return F::support;
  return Support::real;
}
template <class F>
inline constexpr bool smooth_family = [] {
  if constexpr (requires { F::smooth; }) return bool(F::smooth);
  return true;
}();
template <class F>
inline constexpr bool family_lanes = [] {
  if constexpr (requires { F::lanes; }) return bool(F::lanes);
  return true;
}();
template <class F>
inline constexpr Index family_categories = [] {
  if constexpr (requires { F::categories; }) return Index(F::categories);
  return Index(0);
}();

template <class F, class T> using Natural = std::array<T, static_cast<std::size_t>(F::natural_count)>;
template <class F, class T> using Cotangents = std::array<T, static_cast<std::size_t>(F::cotangents)>;

struct GiveNothing {
  template <class T> void operator()(Index, T) const {}
};
template <class F, class T>
concept DrawsNormal = requires(const F& f, Natural<F, T> q) {
  f.from_normal(T(), q);
};
template <class F, class T>
concept PullsDraw = requires(const F& f, Natural<F, T> q) {
  f.draw_pull(T(), T(), q, GiveNothing{});
};
template <class F, class T>
concept PullsNoisyDraw = requires(const F& f, Natural<F, T> q) {
  f.draw_pull(T(), T(), q, Noise{}, Index(), Index(), GiveNothing{});
};
template <class F, class T>
concept Reparameterised = PullsDraw<F, T> || PullsNoisyDraw<F, T>;

/// Lanes where the family has them.
template <class F, class T, class Body> void family_sweep(Index n, Body&& body) {
  if constexpr (family_lanes<F>) {
    math::sweep<T>(n, body);
  } else {
    for (Index i = 0; i < n; ++i) body(math::At<T>{}, i);
  }
}

/// Where the parameters of coordinate j come from: a function of the row's place, at(i)(k) in lanes or numbers.
template <class T> struct SharedRaw {
  const T* r;
  template <class At> auto operator()(At, Index) const {
    return [r = r](Index k) { return typename At::Number(r[k]); };
  }
};
template <class T> struct RowRaw {
  const T* r;
  Index stride;
  template <class At> auto operator()(At, Index i) const {
    return [r = r + i, s = stride](Index k) { return At::load(r + k * s); };
  }
};

/// q where all rows share it, as lanes or numbers.
template <class L, class T, std::size_t N> std::array<L, N> broadcast(const std::array<T, N>& q) {
  std::array<L, N> out;
  for (std::size_t k = 0; k < N; ++k) out[k] = L(q[k]);
  return out;
}

/// One coordinate of a family on one column; Raw says whether its parameters are shared.
template <class F, class T, class Raw> struct FamilyColumn {
  static constexpr bool shared = std::is_same_v<Raw, SharedRaw<T>>;
  const F& family;
  Raw raw;
  Natural<F, T> q{};

  FamilyColumn(const F& f, Raw r) : family(f), raw(r) {
    if constexpr (shared) q = family.template natural<T>(raw(math::At<T>{}, 0));
  }
  template <class At> auto at(At where, Index i) const {
    using L = typename At::Number;
    if constexpr (shared) return broadcast<L>(q);
    else return family.template natural<L>(raw(where, i));
  }
  void score(const T* x, T* v, Index n) const {
    family_sweep<F, T>(n, [&](auto where, Index i) {
      where.store(v + i, where.load(v + i) + family.log_prob(where.load(x + i), at(where, i)));
    });
  }
  void draw(const Noise& noise, Index j, T* x, Index n) const {
    if constexpr (DrawsNormal<F, T>) {  // x holds the normals
      family_sweep<F, T>(
          n, [&](auto where, Index i) { where.store(x + i, family.from_normal(where.load(x + i), at(where, i))); });
    } else {
      for (Index i = 0; i < n; ++i) x[i] = family.draw(noise, i, j, at(math::At<T>{}, i));
    }
  }
  /// Runs pull(where, i, q, give) over the rows; hands the parameters' cotangents to g_raw: summed if they are shared,
  /// else row by row.
  template <bool Lanes, class Pull> void pull(Index n, Pull&& body, T* g_raw, Index g_stride) const {
    if constexpr (shared) {
      Cotangents<F, T> total;
      total.fill(T(0));
      Index i = 0;
      if constexpr (Lanes && math::has_lanes_v<T>) {
        using L = math::Lane<T>;
        Cotangents<F, L> sums;
        sums.fill(L(0));
        const auto q_l = broadcast<L>(q);
        for (; i + L::size <= n; i += L::size)
          body(math::At<L>{}, i, q_l, [&](Index k, L g) { sums[static_cast<std::size_t>(k)] += g; });
        for (std::size_t k = 0; k < total.size(); ++k) total[k] = sum(sums[k]);
      }
      for (; i < n; ++i) body(math::At<T>{}, i, q, [&](Index k, T g) { total[static_cast<std::size_t>(k)] += g; });
      family.raw_pull(raw(math::At<T>{}, 0), q, total, [&](Index k, T g) { g_raw[k] += g; });
    } else {
      auto row = [&](auto where, Index i) {
        using L = typename decltype(where)::Number;
        const auto q_i = at(where, i);
        Cotangents<F, L> g;
        g.fill(L(0));
        body(where, i, q_i, [&](Index k, L value) { g[static_cast<std::size_t>(k)] += value; });
        family.raw_pull(raw(where, i), q_i, g, [&](Index k, L value) { where.store(g_raw + k * g_stride + i, value); });
      };
      if constexpr (Lanes) math::sweep<T>(n, row);
      else
        for (Index i = 0; i < n; ++i) row(math::At<T>{}, i);
    }
  }
  void encode_pull(const T* x, const T* g_v, T* g_x, Index n, T* g_raw, Index g_stride) const {
    pull<family_lanes<F>>(
        n,
        [&](auto where, Index i, const auto& q_i, auto give) {
          where.store(g_x + i, family.log_prob_pull(where.load(x + i), where.load(g_v + i), q_i, give));
        },
        g_raw, g_stride);
  }
  void decode_pull(const Noise& noise, Index j, const T* x, const T* g_out, const T* g_v, Index n, T* g_raw,
                   Index g_stride) const {
    constexpr bool noisy = PullsNoisyDraw<F, T>;
    pull<family_lanes<F> && !noisy>(
        n,
        [&](auto where, Index i, const auto& q_i, auto give) {
          const auto x_i = where.load(x + i),
                     g = where.load(g_out + i) + family.log_prob_pull(x_i, where.load(g_v + i), q_i, give);
          if constexpr (noisy) family.draw_pull(x_i, g, q_i, noise, i, j, give);
          else family.draw_pull(x_i, g, q_i, give);
        },
        g_raw, g_stride);
  }
};

}  // namespace detail

/// p(x) = prod_j f(x_j; theta_j) with learned parameters, the same for every row; starts at the family's standard
/// member, and where that has odds takes the data's at the first start. decode draws exactly; decode_pull exists where
/// the family has a pathwise derivative.
template <Index D, class Family> struct Independent : DistributionFacts<D, detail::family_support<Family>()> {
  static constexpr Index P = Family::params, param_count = D * P, categories = detail::family_categories<Family>;
  static constexpr bool smooth = detail::smooth_family<Family>;
  template <class T> using Cache = NoCache;
  Family family{};

  Independent() = default;
  explicit Independent(const Family& f) : family(f) {}
  /// Hands the arguments to the family.
  template <class... A>
  requires(sizeof...(A) > 0 && std::is_constructible_v<Family, A...>) explicit Independent(A... a) : family(a...) {}

  template <class Q> static auto unpack(Q p) { return p.matrix(P, D, "raw"); }

  template <class T>
  void initialise(InitPass<T> p) const requires requires(const Family& f, const T* x, T& (*raw)(Index)) {
    f.initialise(x, Index(), raw);
  }
  {
    if (!(p.theta.all() == T(0)).all()) return;  // learned, or read from a file
    for (Index j = 0; j < D; ++j)
      family.initialise(column(p.in, j).data(), p.in.rows(), [&](Index k) -> T& { return p.theta.data()[j * P + k]; });
  }
  template <class T> void encode(Pass<T, NoCache> p) const {
    for (Index j = 0; j < D; ++j) at<T>(p.theta, j).score(column(p.in, j).data(), p.v.data(), p.in.rows());
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    for (Index j = 0; j < D; ++j) {
      at<T>(p.theta, j)
          .encode_pull(column(p.in, j).data(), p.g_v.data(), column(p.g_in, j).data(), p.in.rows(),
                       p.g_theta.data() + j * P, 1);
    }
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    if constexpr (detail::DrawsNormal<Family, T>) p.noise.normals(p.out);
    for (Index j = 0; j < D; ++j) {
      const auto f = at<T>(p.theta, j);
      f.draw(p.noise, j, column(p.out, j).data(), p.out.rows());
      f.score(column(p.out, j).data(), p.v.data(), p.out.rows());
    }
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const requires detail::Reparameterised<Family, T> {
    for (Index j = 0; j < D; ++j) {
      at<T>(p.theta, j)
          .decode_pull(p.noise, j, column(p.out, j).data(), column(p.g_out, j).data(), p.g_v.data(), p.out.rows(),
                       p.g_theta.data() + j * P, 1);
    }
  }

 private:
  template <class T> auto at(Params<const T> theta, Index j) const {
    return detail::FamilyColumn<Family, T, detail::SharedRaw<T>>(family, {theta.data() + j * P});
  }
};

/// p(x | c) = prod_j f(x_j; net(c)_j): the coordinates are independent given the context, C > 0 wide.  Net is a recipe
/// (Mlp<64, 64>).
template <Index D, class Family, class Net, Index C>
struct ConditionalIndependent : DistributionFacts<D, detail::family_support<Family>()> {
  static_assert(C > 0, "rheo: ConditionalIndependent wants a context; Independent is the wiring without one");
  static constexpr Index P = Family::params, categories = detail::family_categories<Family>;
  using Conditioner = typename Net::template net<0, D * P, C>;
  static_assert(!detail::is_masked<Conditioner>,
                "rheo: ConditionalIndependent wants a plain net: Mlp<64, 64> in place of Made<64, 64>");
  static constexpr Index context_dim = C, param_count = Conditioner::param_count, encode_passes = 1, decode_passes = 1;
  static constexpr bool smooth = Conditioner::smooth && detail::smooth_family<Family>;
  template <class T> using NetCache = typename Conditioner::template Cache<T>;
  template <class T> struct Cache {
    NetCache<T> net;
    Buffer<T> raw;
  };
  Family family{};
  Conditioner net{};

  ConditionalIndependent() = default;
  explicit ConditionalIndependent(const Family& f) : family(f) {}
  /// Hands the arguments to the family.
  template <class... A>
  requires(sizeof...(A) > 0 && std::is_constructible_v<Family, A...>) explicit ConditionalIndependent(A... a)
      : family(a...) {}

  template <class Q> static auto unpack(Q p) { return p.part(Conditioner{}, param_count, "net"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    const View<T> raw = parameters(p, p.in.rows());
    for (Index j = 0; j < D; ++j) at<T>(raw, j).score(column(p.in, j).data(), p.v.data(), p.in.rows());
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    const Index n = p.in.rows();
    pull(p, n, columns(p.g_in, 0, 0), [&](const View<T>& raw, const View<T>& g_raw) {
      for (Index j = 0; j < D; ++j) {
        at<T>(raw, j).encode_pull(column(p.in, j).data(), p.g_v.data(), column(p.g_in, j).data(), n,
                                  column(g_raw, j * P).data(), g_raw.outerStride());
      }
    });
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    const Index n = p.out.rows();
    const View<T> raw = parameters(p, n);
    if constexpr (detail::DrawsNormal<Family, T>) p.noise.normals(p.out);
    for (Index j = 0; j < D; ++j) {
      const auto f = at<T>(raw, j);
      f.draw(p.noise, j, column(p.out, j).data(), n);
      f.score(column(p.out, j).data(), p.v.data(), n);
    }
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires detail::Reparameterised<Family, T> {
    const Index n = p.out.rows();
    pull(p, n, p.g_in, [&](const View<T>& raw, const View<T>& g_raw) {
      for (Index j = 0; j < D; ++j) {
        at<T>(raw, j).decode_pull(p.noise, j, column(p.out, j).data(), column(p.g_out, j).data(), p.g_v.data(), n,
                                  column(g_raw, j * P).data(), g_raw.outerStride());
      }
    });
  }

 private:
  template <class T> auto at(const View<T>& raw, Index j) const {
    return detail::FamilyColumn<Family, T, detail::RowRaw<T>>(family, {column(raw, j * P).data(), raw.outerStride()});
  }
  template <class T> View<T> parameters(Pass<T, Cache<T>>& p, Index n) const {
    const View<T> raw = p.cache.raw.view(n, D * P);
    net.map(NetPass<T, NetCache<T>>{columns(p.in, 0, 0), raw, p.theta, p.context, p.cache.net, p.scratch});
    return raw;
  }
  template <class T, class Body> void pull(Pull<T, Cache<T>>& p, Index n, View<T> none, Body body) const {
    Arena::Scope scope(p.scratch);
    const View<T> raw = p.cache.raw.view(n, D * P), g_raw = p.scratch.template take<T>(n, D * P);
    body(raw, g_raw);
    net.map_pull(NetPull<T, NetCache<T>>{columns(p.in, 0, 0), read(g_raw), none, p.theta, p.g_theta, p.context,
                                         p.g_context, p.cache.net, p.scratch});
  }
};

}  // namespace rheo
