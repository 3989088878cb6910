// SPDX-License-Identifier: MIT
// Slice: keeps the first coordinates; a law on the fibre scores and draws the others.  Augment, its generative form, is
// Invert<Slice>.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows): slicing, inference;  Huang et al. 2020, arXiv:2002.07101
//     (augmented flows).
#pragma once

#include <array>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/fibre.hpp"

namespace rheo {

/// z = (x_1 .. x_K), and x_(K+1) .. x_D follow Recipe::law<D - K, K + C> given z and the context;  V = log p(x_(K+1) ..
/// x_D | z).  Exact if the law is.  The kept coordinates may be of any support, the dropped ones have the law's; off it
/// v = -inf. Drawn whole numbers of a learned law give no gradient, so decode_pull is left out there.
template <Index D, Index K, class Recipe, Index C = 0> struct Slice {
  static_assert(0 < K && K < D, "rheo: Slice keeps some coordinates and drops some");
  static constexpr Index M = D - K;
  using Law = detail::LawOf<Recipe, M, K + C>;
  using Fibre = detail::Fibre<Law, K, C>;

  static constexpr Index x_dim = D, z_dim = K, context_dim = C, param_count = Law::param_count,
                         buffer_count = Law::buffer_count;
  static constexpr Kind kind = Kind::inference_surjection | Law::kind;
  static constexpr Exactness exactness = Law::exactness;
  static constexpr bool smooth = detail::is_smooth<Law>, biased_pulls = detail::has_biased_pulls<Law>;
  static constexpr Index encode_passes = detail::encode_effort<Law>().passes,
                         decode_passes = detail::decode_effort<Law>().passes;
  static constexpr bool parallel_encode = detail::encode_effort<Law>().parallel,
                        parallel_decode = detail::decode_effort<Law>().parallel;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Law, T>(); }
  static constexpr Supports<D> x_support = [] {
    Supports<D> s = all_of<D>(Support::any);
    for (Index j = 0; j < M; ++j) s[static_cast<std::size_t>(K + j)] = Law::x_support[static_cast<std::size_t>(j)];
    return s;
  }();
  static constexpr Supports<K> z_support = all_of<K>(Support::any);
  static constexpr std::array<Index, static_cast<std::size_t>(D)> x_categories = [] {
    std::array<Index, static_cast<std::size_t>(D)> n{};
    for (Index j = 0; j < M; ++j)
      n[static_cast<std::size_t>(K + j)] = detail::x_categories<Law>()[static_cast<std::size_t>(j)];
    return n;
  }();
  template <class T> using Cache = typename Fibre::template Cache<T>;

  Law law;
  constexpr Slice() requires(std::is_default_constructible_v<Law>) : law() {}
  explicit Slice(const Law& l) : law(l) {}

  template <class P> static auto unpack(P p) { return p.part(Law{}, param_count, "fibre"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<Law, T>(law, theta, buffers, noise);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const { return detail::valid_buffers(law, buffers); }
  template <class T> void initialise(InitPass<T> p) const requires detail::HasInitialise<Law, T> {
    Fibre::initialise(law, p, columns(p.in, 0, K), columns(p.in, K, M));
  }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<Law, T> {
    law.after_step(theta, buffers);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires CanEncode<Law, T> {
    copy(columns(p.in, 0, K), p.out);
    Fibre::score(law, p, Fibre::slot(p, p.cache), columns(p.in, 0, K), columns(p.in, K, M), p.v);
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_score<T>) {
    copy(p.g_out, columns(p.g_in, 0, K));
    Fibre::score_pull(law, p, Fibre::slot(p, p.cache), columns(p.in, 0, K), columns(p.in, K, M), p.g_v,
                      columns(p.g_in, K, M), columns(p.g_in, 0, K));
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanDecode<Law, T> {
    copy(p.in, columns(p.out, 0, K));
    Fibre::draw(law, p, Fibre::slot(p, p.cache), p.in, columns(p.out, K, M), p.v);
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_draw<T>) {
    copy(columns(p.g_out, 0, K), p.g_in);
    Fibre::draw_pull(law, p, Fibre::slot(p, p.cache), p.in, columns(p.out, K, M), columns(p.g_out, K, M), p.g_v,
                     p.g_in);
  }
  template <class T>
  void decode_path_pull(Pull<T, Cache<T>> p, CColView<T> factor) const requires(Fibre::template pulls_path<T>) {
    copy(columns(p.g_out, 0, K), p.g_in);
    Fibre::path_pull(law, p, Fibre::slot(p, p.cache), p.in, columns(p.out, K, M), columns(p.g_out, K, M), p.g_v, factor,
                     p.g_in);
  }
};

}  // namespace rheo
