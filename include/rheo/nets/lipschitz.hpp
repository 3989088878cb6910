// SPDX-License-Identifier: MIT
// LipschitzMlp: a perceptron g whose Lipschitz constant in its whole input is at most kappa, with the products of its
// Jacobian.
//   Behrmann et al. 2019, arXiv:1811.00995, eq. 8 (weights by their spectral norm);  Miyato et al. 2018,
//     arXiv:1802.05957 (its gradient);
//   Chen et al. 2019, arXiv:1906.02735, sec. 3 (LipSwish).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "rheo/core/pass.hpp"
#include "rheo/math/spectral.hpp"
#include "rheo/nets/linear.hpp"
#include "rheo/nets/lip_activation.hpp"
#include "rheo/nets/mlp.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
/// Hidden widths H..., activation Act.  Each weight W is used as W / max(1, r sigma / c) with sigma = u' W v, c^depth =
/// kappa, so that the product of the norms is at most kappa.  Buffers hold the singular vectors u, v and the proven
/// factor r of math/spectral.hpp; after_step refreshes them (init does it thoroughly), at most `iterations` rounds of
/// power iteration.  kappa = infinity leaves the weights alone. The context's columns stand behind those of `in`, under
/// the same bound.  The last layer starts at zero, or as the others do: see Last.
template <class Act, class Last, Index... H> struct BasicLipschitzMlp {
  static constexpr std::string_view names[6][6] = {{"0.weight", "0.bias", "0.beta", "0.u", "0.v", "0.proof"},
                                                   {"1.weight", "1.bias", "1.beta", "1.u", "1.v", "1.proof"},
                                                   {"2.weight", "2.bias", "2.beta", "2.u", "2.v", "2.proof"},
                                                   {"3.weight", "3.bias", "3.beta", "3.u", "3.v", "3.proof"},
                                                   {"4.weight", "4.bias", "4.beta", "4.u", "4.v", "4.proof"},
                                                   {"5.weight", "5.bias", "5.beta", "5.u", "5.v", "5.proof"}};

  template <Index In, Index Out, Index C = 0> struct net {
    static constexpr std::size_t depth = sizeof...(H) + 1;
    static constexpr std::array<Index, depth + 1> width{In + C, H..., Out};
    static constexpr Index hidden = (H + ... + Index(0)), weights = [] {
      Index n = 0;
      for (std::size_t l = 0; l < depth; ++l) n += width[l] * width[l + 1];
      return n;
    }();
    static constexpr bool smooth = true;
    static_assert(depth <= 6, "rheo: LipschitzMlp: at most five hidden layers");
    static constexpr Index param_count = weights + hidden + Out + (Act::learned ? static_cast<Index>(depth) - 1 : 0);
    static constexpr Index buffer_count = 2 * static_cast<Index>(depth) + In + C + 2 * hidden + Out;

    double kappa = 0.9;
    int iterations = 5;

    net() = default;
    /// Throws std::invalid_argument unless 0 < kappa < 1 or kappa is infinite, and iterations > 0.
    explicit net(double k, int i = 5) : kappa(k), iterations(i) {
      if (!(k > 0 && (k < 1 || std::isinf(k))) || i < 1)
        detail::fail("LipschitzMlp: wants 0 < kappa < 1 (or infinity: no bound) and iterations > 0");
    }
    double bound_per_layer() const {
      return std::isinf(kappa) ? kappa : std::pow(kappa, 1 / static_cast<double>(depth));
    }

    /// Of the last call on n rows: scaled weights; values of the hidden layers, then K blocks of n rows of their
    /// tangents; pre-activations and slopes of the values; pre-activations of the tangents; the input with the context
    /// and the seeds.
    template <class T> struct Cache { Buffer<T> W, scale, h, pre, slope, lifted, joined; };

    template <class P> static auto unpack(P p) {
      using M = decltype(p.matrix(0, 0));
      using B = decltype(p.vector(0));
      struct LayerView {
        M W;  // in x out
        B b, beta;
      };
      return [&]<std::size_t... l>(std::index_sequence<l...>) {
        return std::array<LayerView, depth>{LayerView{p.matrix(width[l], width[l + 1], names[l][0]),
                                                      p.vector(width[l + 1], names[l][1]),
                                                      p.vector(Act::learned && l + 1 < depth ? 1 : 0, names[l][2])}...};
      }
      (std::make_index_sequence<depth>{});
    }
    template <class P> static auto unpack_buffers(P p) {
      using B = decltype(p.vector(0));
      struct Spectrum {
        B u, v, proof;  // proof: the factor r, and the hash of the weights that it was found for
      };
      return [&]<std::size_t... l>(std::index_sequence<l...>) {
        return std::array<Spectrum, depth>{Spectrum{p.vector(width[l], names[l][3]),
                                                    p.vector(width[l + 1], names[l][4]), p.vector(2, names[l][5])}...};
      }
      (std::make_index_sequence<depth>{});
    }

    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      auto layers = unpack(theta);
      for (std::size_t l = 0; l < depth; ++l) {
        const double bound = 1 / std::sqrt(static_cast<double>(std::max<Index>(1, width[l])));
        const bool zero = Last::zero && l + 1 == depth;
        const Noise w = noise.fork(2 * l), b = noise.fork(2 * l + 1);
        for (Index j = 0; j < width[l + 1]; ++j) {
          layers[l].b(j) = zero ? T(0) : T(bound * (2 * b.uniform(j, 0) - 1));
          for (Index i = 0; i < width[l]; ++i) layers[l].W(i, j) = zero ? T(0) : T(bound * (2 * w.uniform(j, i) - 1));
        }
        layers[l].beta.setConstant(T(Act::start));
      }
      buffers.all().setZero();
      follow(theta, buffers, 1000);
    }
    /// Unit vectors, and factors of at least 1 that leading_pair can give: with others the proof would prove nothing.
    template <class T> bool valid_buffers(Params<const T> buffers) const {
      const auto is_unit = [](const auto& a) {
        return std::abs(static_cast<double>(a.square().sum()) - 1) < 1e-4;
      };  // in float, a cast included
      for (const auto& [u, v, proof] : unpack_buffers(buffers)) {
        if (!(proof(0) >= T(1) && proof(0) <= T(2)) || (u.size() > 0 && v.size() > 0 && !(is_unit(u) && is_unit(v))))
          return false;
      }
      return true;
    }
    template <class T> void after_step(Params<T> theta, Params<T> buffers) const { follow(theta, buffers, iterations); }

    /// A proven bound on the Lipschitz constant of the net that these parameters and buffers make.  Buffers that were
    /// not refreshed after a change of the weights are noticed by a hash of the weights, and the bound is found anew,
    /// then at a cost.  The hash is that of the weights in float, so that a net keeps its proof when it is cast, and
    /// has 23 bits: a change of less than float's rounding goes unnoticed, and by chance one in eight million of the
    /// others, but none that makes sigma negative.
    template <class T> double lipschitz(Params<const T> theta, Params<const T> buffers) const {
      using S = decltype(autodiff::value_of(T()));
      const auto layers = unpack(theta);
      const auto spectra = unpack_buffers(buffers);
      double product = 1;
      for (std::size_t l = 0; l < depth; ++l) {
        const auto [u, v, proof] = spectra[l];
        const double along = static_cast<double>(autodiff::value_of(bilinear<T>(u, layers[l].W, v)));
        double sigma = std::abs(along), r = static_cast<double>(autodiff::value_of(proof(0)));
        const double scale = std::min(1.0, bound_per_layer() / (r * sigma));
        if (!(along >= 0) || hash<T>(layers[l].W) != autodiff::value_of(proof(1))) {
          Batch<S> W(width[l], width[l + 1]);
          for (Index j = 0; j < W.cols(); ++j)
            for (Index i = 0; i < W.rows(); ++i) W(i, j) = autodiff::value_of(layers[l].W(i, j));
          Column<S> a = Column<S>::Zero(width[l]), b = Column<S>::Zero(width[l + 1]);
          r = math::leading_pair<S>(view(std::as_const(W)), ColView<S>(a.data(), a.size()),
                                    ColView<S>(b.data(), b.size()), 100);
          sigma = static_cast<double>(a.matrix().dot(W.matrix() * b.matrix()));
        }
        product *= (sigma == 0 ? 0 : r * sigma) * (scale >= 0 ? scale : 1.0);
      }
      return std::isnan(product) ? std::numeric_limits<double>::infinity() : product;
    }

    /// out = g(in), n x Out.  Leaves room behind the values for the tangents of K directions.
    template <class T> void map(NetPass<T, Cache<T>> p, Index K = 0) const {
      prepare(p);
      values<T, true>(p, K);
    }
    /// The same for points on the way, with the weights that the last map() made ready; nothing is kept.
    template <class T> void value(NetPass<T, Cache<T>> p) const { values<T, false>(p, 0); }

    /// Tangents at the n rows of the last map(.., K): out block k = J seeds block k.  seeds (K n x In), out (K n x
    /// Out).  A call keeps what map_pull needs.
    template <class T> void tangents(CView<T> seeds, View<T> out, Index n, Index K, Cache<T>& cache) const {
      if constexpr (depth == 1) {
        detail::slim_product<T>(seeded(seeds, cache, n, K), weight(cache, 0), out);
        return;
      }
      const View<T> h = cache.h.view((K + 1) * n, hidden), lifted = cache.lifted.view(K * n, hidden),
                    slope = cache.slope.view(n, hidden);
      CView<T> in = seeded(seeds, cache, n, K);
      Index at = 0;
      for (std::size_t l = 0; l + 1 < depth; ++l) {
        const View<T> a = columns(lifted, at, width[l + 1]), t = rows(columns(h, at, width[l + 1]), n, K * n);
        detail::slim_product<T>(in, weight(cache, l), a);
        for (Index j = 0; j < width[l + 1]; ++j) {
          for (Index k = 0; k < K; ++k)
            column(t, j).segment(k * n, n) = column(a, j).segment(k * n, n) * column(slope, at + j);
        }
        reseat(in, read(t));
        at += width[l + 1];
      }
      detail::slim_product<T>(in, weight(cache, depth - 1), out);
    }

    /// out = J in at the rows whose slopes are given (m x hidden: the first rows of slopes(), or a choice of them);
    /// nothing is kept.
    template <class T> void jvp(CView<T> in, CView<T> slope, View<T> out, Cache<T>& cache, Arena& scratch) const {
      Arena::Scope scope(scratch);
      const Index m = in.rows();
      View<T> wide = scratch.template take<T>(m, C > 0 ? In + C : 0);
      if constexpr (C > 0) {
        wide.setZero();
        copy(in, columns(wide, 0, In));
        reseat(in, read(wide));
      }
      Index at = 0;
      for (std::size_t l = 0; l + 1 < depth; ++l) {
        const View<T> t = scratch.template take<T>(m, width[l + 1]);
        detail::slim_product<T>(in, weight(cache, l), t);
        for (Index j = 0; j < width[l + 1]; ++j) column(t, j) *= column(slope, at + j);
        reseat(in, read(t));
        at += width[l + 1];
      }
      detail::slim_product<T>(in, weight(cache, depth - 1), out);
    }
    /// out = J' in, the same way; out is m x In.
    template <class T> void vjp(CView<T> in, CView<T> slope, View<T> out, Cache<T>& cache, Arena& scratch) const {
      Arena::Scope scope(scratch);
      const Index m = in.rows();
      Index at = hidden;
      for (std::size_t l = depth; l-- > 1;) {
        const View<T> g = scratch.template take<T>(m, width[l]);
        detail::slim_product_t<T>(in, weight(cache, l), g);
        at -= width[l];
        for (Index j = 0; j < width[l]; ++j) column(g, j) *= column(slope, at + j);
        reseat(in, read(g));
      }
      const CView<T> W = weight(cache, 0);
      detail::slim_product_t<T>(in, rows(W, 0, In), out);
    }
    template <class T> static CView<T> slopes(Cache<T>& cache, Index n) { return read(cache.slope.view(n, hidden)); }

    /// The pull of map, and with K > 0 of tangents as well: g_out is (K + 1) n x Out, values first.  The seeds are
    /// constants.
    template <class T> void map_pull(NetPull<T, Cache<T>> p, Index K = 0) const { pull(p, K, K); }

    /// The pull of map alone after tangents of K directions were recorded: g_out is n x Out.
    template <class T> void value_pull(NetPull<T, Cache<T>> p, Index recorded) const { pull(p, 0, recorded); }

   private:
    template <class T> static CView<T> weight(Cache<T>& cache, std::size_t l) {
      Index at = 0;
      for (std::size_t m = 0; m < l; ++m) at += width[m] * width[m + 1];
      return view_of(static_cast<const T*>(cache.W.view(weights, 1).data()) + at, width[l], width[l + 1], width[l]);
    }
    template <class T, class U, class V> static T bilinear(const U& u, CView<T> W, const V& v) {
      T total(0);
      for (Index j = 0; j < W.cols(); ++j) total += v(j) * (column(W, j) * u).sum();
      return total;
    }
    /// A whole number below 2^23, made from the bits of W in float: the same on every machine, in float and in double.
    template <class T> static auto hash(CView<T> W) {
      using S = decltype(autodiff::value_of(T()));
      std::uint64_t h = 0, place = 0;
      for (Index j = 0; j < W.cols(); ++j) {
        for (Index i = 0; i < W.rows(); ++i)
          h += rheo::detail::mix64(platform::bit_cast<std::uint32_t>(static_cast<float>(autodiff::value_of(W(i, j)))) +
                                   0x9E3779B97F4A7C15u * ++place);
      }
      return static_cast<S>(h >> 41);
    }
    template <class T> void follow(Params<T> theta, Params<T> buffers, int rounds) const {
      const auto layers = unpack(theta);
      const auto spectra = unpack_buffers(buffers);
      for (std::size_t l = 0; l < depth; ++l) {
        auto [u, v, proof] = spectra[l];
        proof(0) = T(math::leading_pair<T>(read(layers[l].W), u, v, rounds));
        proof(1) = T(hash<T>(read(layers[l].W)));
      }
    }
    /// The scaled weights; scale row 0 holds the factors, row 1 sigma.
    template <class T> void prepare(NetPass<T, Cache<T>>& p) const {
      using std::abs;
      const auto layers = unpack(p.theta);
      const auto spectra = unpack_buffers(p.buffers);
      View<T> scale = p.cache.scale.view(2, static_cast<Index>(depth)), all = p.cache.W.view(weights, 1);
      const double c = bound_per_layer();
      Index at = 0;
      for (std::size_t l = 0; l < depth; ++l) {
        const auto [u, v, proof] = spectra[l];
        const auto L = static_cast<Index>(l);
        const T sigma = bilinear<T>(u, layers[l].W, v), full = proof(0) * abs(sigma);  // u and -u are as good
        scale(0, L) = full > T(c) ? T(c) / full : T(1);
        scale(1, L) = sigma;
        View<T> W = view_of(all.data() + at, width[l], width[l + 1], width[l]);
        W = layers[l].W * scale(0, L);
        at += W.size();
      }
    }
    template <class T> static CView<T> first(NetPass<T, Cache<T>>& p, Index K) {
      const Index n = p.in.rows();
      View<T> joined = p.cache.joined.view((K + 1) * n, In + C);
      for (Index j = 0; j < In; ++j) column(joined, j).head(n) = column(p.in, j);
      for (Index j = 0; j < C; ++j) column(joined, In + j).head(n) = column(p.context, j);
      return rows(read(joined), 0, n);
    }
    template <class T> static CView<T> seeded(CView<T> seeds, Cache<T>& cache, Index n, Index K) {
      View<T> joined = cache.joined.view((K + 1) * n, In + C);
      for (Index j = 0; j < In; ++j) column(joined, j).tail(K * n) = column(seeds, j);
      for (Index j = 0; j < C; ++j) column(joined, In + j).tail(K * n).setZero();
      return rows(read(joined), n, K * n);
    }
    template <class T, bool Keep> void values(NetPass<T, Cache<T>>& p, Index K) const {
      const Index n = p.in.rows();
      const auto layers = unpack(p.theta);
      View<T> h = p.cache.h.view((K + 1) * n, hidden), pre = p.cache.pre.view(n, Keep ? hidden : 0),
              slope = p.cache.slope.view(n, Keep ? hidden : 0);
      CView<T> in = first(p, K);
      Index at = 0;
      for (std::size_t l = 0; l + 1 < depth; ++l) {
        const View<T> out = rows(columns(h, at, width[l + 1]), 0, n);
        detail::slim_product<T>(in, weight(p.cache, l), out);
        T b(1);
        if constexpr (Act::learned) b = math::softplus(layers[l].beta(0));
        for (Index j = 0; j < width[l + 1]; ++j) {
          T *o = column(out, j).data(), *a = Keep ? column(pre, at + j).data() : nullptr,
            *d = Keep ? column(slope, at + j).data() : nullptr;
          math::sweep<T>(n, [=, bias = layers[l].b(j)](auto lane, Index i) {
            using L = typename decltype(lane)::Number;
            const L x = lane.load(o + i) + L(bias);
            const Sloped<L> s = Act::at(x, L(b));
            lane.store(o + i, s.value);
            if constexpr (Keep) {
              lane.store(a + i, x);
              lane.store(d + i, s.slope);
            }
          });
        }
        reseat(in, read(out));
        at += width[l + 1];
      }
      detail::slim_product<T>(in, weight(p.cache, depth - 1), p.out);
      for (Index j = 0; j < Out; ++j) column(p.out, j) += layers[depth - 1].b(j);
    }

    /// Column j of a hidden layer, from the cotangents of values and tangents to those of their pre-activations, in
    /// place.
    template <class T>
    static void act_pull(T* g, const T* pre, const T* slope, const T* lifted, Index n, Index K, T b, T& g_bias,
                         T& g_b) {
      const auto step = [=](auto lane, Index i, auto& bias, auto& beta) {
        using L = typename decltype(lane)::Number;
        const L d = lane.load(slope + i), g_h = lane.load(g + i);
        L g_d(0);
        for (Index k = 0; k < K; ++k) {
          const L g_t = lane.load(g + (k + 1) * n + i);
          g_d += g_t * lane.load(lifted + k * n + i);
          lane.store(g + (k + 1) * n + i, g_t * d);
        }
        L g_a = g_h * d;
        if (Act::learned || K > 0) {
          const Bent<L> c = Act::bent(lane.load(pre + i), L(b));
          g_a += g_d * c.bend;
          beta += g_h * c.value_b + g_d * c.slope_b;
        }
        bias += g_a;
        lane.store(g + i, g_a);
      };
      Index i = 0;
      if constexpr (math::has_lanes_v<T>) {
        using L = math::Lane<T>;
        L bias(0), beta(0);
        for (; i + L::size <= n; i += L::size) step(math::At<L>{}, i, bias, beta);
        g_bias += sum(bias), g_b += sum(beta);
      }
      for (; i < n; ++i) step(math::At<T>{}, i, g_bias, g_b);
    }

    template <class T> void pull(NetPull<T, Cache<T>>& p, Index K, Index recorded) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows(), m = (K + 1) * n, all = (recorded + 1) * n;
      const auto layers = unpack(p.theta);
      const auto spectra = unpack_buffers(p.buffers);
      auto g_layers = unpack(p.g_theta);
      const View<T> h = p.cache.h.view(all, hidden), pre = p.cache.pre.view(n, hidden),
                    slope = p.cache.slope.view(n, hidden);
      const View<T> lifted = p.cache.lifted.view(recorded * n, hidden),
                    scale = p.cache.scale.view(2, static_cast<Index>(depth));
      CView<T> g = p.g_out;
      for (Index j = 0; j < Out; ++j) g_layers[depth - 1].b(j) += column(g, j).head(n).sum();
      Index at = hidden;
      for (std::size_t l = depth; l-- > 0;) {
        at -= l > 0 ? width[l] : 0;
        const CView<T> in = rows(l > 0 ? columns(read(h), at, width[l]) : read(p.cache.joined.view(all, In + C)), 0, m);
        {
          Arena::Scope inner(p.scratch);
          View<T> g_W = p.scratch.template take<T>(width[l], width[l + 1]);
          g_W.setZero();
          detail::weight_pull<T>(in, g, g_W);
          weight_norm_pull<T>(layers[l].W, read(g_W), spectra[l].u, spectra[l].v, scale(0, static_cast<Index>(l)),
                              scale(1, static_cast<Index>(l)), g_layers[l].W);
        }
        if (l == 0) break;
        const View<T> g_h = p.scratch.template take<T>(m, width[l]);
        detail::slim_product_t<T>(g, weight(p.cache, l), g_h);
        T b(1), g_b(0);
        if constexpr (Act::learned) b = math::softplus(layers[l - 1].beta(0));
        for (Index j = 0; j < width[l]; ++j) {
          act_pull<T>(column(g_h, j).data(), column(pre, at + j).data(), column(slope, at + j).data(),
                      lifted.data() + (at + j) * recorded * n, n, K, b, g_layers[l - 1].b(j), g_b);
        }
        if constexpr (Act::learned) g_layers[l - 1].beta(0) += g_b * math::sigmoid(layers[l - 1].beta(0));
        reseat(g, read(g_h));
      }
      const CView<T> W = weight(p.cache, 0), g_a = rows(g, 0, n);
      detail::slim_product_t<T>(g_a, rows(W, 0, In), p.g_in);
      if constexpr (C > 0) {
        const View<T> g_c = p.scratch.template take<T>(n, C);
        detail::slim_product_t<T>(g_a, rows(W, In, C), g_c);
        p.g_context += g_c;
      }
    }
    /// From the cotangent of s W, s = c / (r sigma), to that of W.
    template <class T, class U>
    static void weight_norm_pull(CView<T> W, CView<T> g, const U& u, const U& v, T s, T sigma, View<T> g_W) {
      T dot(0);
      for (Index j = 0; j < W.cols(); ++j) {
        column(g_W, j) += column(g, j) * s;
        dot += (column(g, j) * column(W, j)).sum();
      }
      if (s == T(1)) return;
      for (Index j = 0; j < W.cols(); ++j) column(g_W, j) -= u * T(dot * s / sigma * v(j));
    }
  };
};

/// LipSwish between, the last layer at zero: a new residual layer is the identity.
template <Index... H> using LipschitzMlp = BasicLipschitzMlp<LipSwish, ZeroLast, H...>;
/// Another activation: LipschitzMlpOf<LipTanh, 64, 64>.
template <class Act, Index... H> using LipschitzMlpOf = BasicLipschitzMlp<Act, ZeroLast, H...>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
