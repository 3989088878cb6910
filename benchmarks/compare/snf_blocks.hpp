// SPDX-License-Identifier: MIT
// The flow blocks of Wu et al. 2020, arXiv:2002.06707, as their experiments build them: a net of its own for every kind
// of raw number, nothing started at zero, log-scales tanh(a) e^alpha with one trained alpha a coupling, which begins at
// -1.
#pragma once

#include <array>
#include <chrono>
#include <tuple>
#include <vector>

#include <rheo/rheo.hpp>

namespace snf {

using namespace rheo;

/// N raw numbers from a net of their own.
template <Index N, class Recipe> struct Part {
  static constexpr Index outputs = N;
  using recipe = Recipe;
};
/// Nets side by side that look at the same input; their outputs stand in this order.
template <class... Parts> struct Beside {
  template <Index In, Index Out, Index C = 0> struct net {
    static_assert((Parts::outputs + ...) == Out && C == 0);
    using Nets = std::tuple<typename Parts::recipe::template net<In, Parts::outputs, 0>...>;
    static constexpr std::size_t count = sizeof...(Parts);
    static constexpr std::array<Index, count> outputs{Parts::outputs...};
    template <std::size_t k> using Net = std::tuple_element_t<k, Nets>;
    static constexpr bool smooth = (Parts::recipe::template net<In, Parts::outputs, 0>::smooth && ...);
    static constexpr Index param_count = (Parts::recipe::template net<In, Parts::outputs, 0>::param_count + ...);
    template <class T> struct Cache {
      std::tuple<typename Parts::recipe::template net<In, Parts::outputs, 0>::template Cache<T>...> parts;
    };

    template <class P> static auto unpack(P p) {
      each([&]<std::size_t k>(std::integral_constant<std::size_t, k>, Index) {
        p.part(Net<k>{}, Net<k>::param_count, names[k]);
      });
      return p;
    }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      each([&]<std::size_t k>(std::integral_constant<std::size_t, k>, Index) {
        Net<k>{}.init(theta.part(Net<k>{}, Net<k>::param_count), buffers, noise.fork(k));
      });
    }
    template <class T> void map(NetPass<T, Cache<T>> p) const {
      each([&]<std::size_t k>(std::integral_constant<std::size_t, k>, Index at) {
        Net<k>{}.map(NetPass<T, typename Net<k>::template Cache<T>>{p.in, columns(p.out, at, outputs[k]),
                                                                    p.theta.part(Net<k>{}, Net<k>::param_count),
                                                                    p.context, std::get<k>(p.cache.parts), p.scratch});
      });
    }
    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      View<T> g_part = p.scratch.template take<T>(p.in.rows(), In);
      p.g_in.setZero();
      each([&]<std::size_t k>(std::integral_constant<std::size_t, k>, Index at) {
        Net<k>{}.map_pull(NetPull<T, typename Net<k>::template Cache<T>>{
            p.in, columns(p.g_out, at, outputs[k]), g_part, p.theta.part(Net<k>{}, Net<k>::param_count),
            p.g_theta.part(Net<k>{}, Net<k>::param_count), p.context, p.g_context, std::get<k>(p.cache.parts),
            p.scratch});
        p.g_in += g_part;
      });
    }

   private:
    static constexpr std::array<const char*, 4> names{"0", "1", "2", "3"};
    template <class Body> static void each(Body body) {
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        Index at = 0;
        ((body(std::integral_constant<std::size_t, k>{}, at), at += outputs[k]), ...);
      }
      (std::make_index_sequence<count>{});
    }
  };
};
/// Numbers that look at nothing, -1 at first.
struct Level {
  template <Index In, Index Out, Index C = 0> struct net {
    static constexpr bool smooth = true;
    static constexpr Index param_count = Out;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p.vector(Out, "level"); }
    template <class T> void init(Params<T> theta, Params<T>, Noise) const { unpack(theta).setConstant(T(-1)); }
    template <class T> void map(NetPass<T, NoCache> p) const {
      for (Index j = 0; j < Out; ++j) column(p.out, j).setConstant(p.theta.data()[j]);
    }
    template <class T> void map_pull(NetPull<T, NoCache> p) const {
      for (Index j = 0; j < Out; ++j) p.g_theta.data()[j] += column(p.g_out, j).sum();
      p.g_in.setZero();
    }
  };
};

/// z = x e^s + t, s = tanh(a) e^alpha, parameters (t, a, alpha).
struct TanhAffine {
  static constexpr Index params = 3;
  template <class L, class Raw> static L log_scale(Raw raw) {
    using std::exp, std::tanh;
    return tanh(raw(1)) * exp(raw(2));
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const {
    using std::exp;
    const L s = log_scale<L>(raw);
    return {x * exp(s) + raw(0), s};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const {
    using std::exp;
    const L s = log_scale<L>(raw);
    return {(z - raw(0)) * exp(-s), s};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw raw, Give give) const {
    using std::exp;
    const L g_x = g_z * exp(log_scale<L>(raw));
    give(0, g_z);
    give_scale(g_x * x + g_v, raw, give);
    return g_x;
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    using std::exp;
    const L g_z = g_x * exp(-log_scale<L>(raw));
    give(0, -g_z);
    give_scale(g_v - g_x * x, raw, give);
    return g_z;
  }

 private:
  template <class L, class Raw, class Give> static void give_scale(L g_s, Raw raw, Give give) {
    using std::exp, std::tanh;
    const L t = tanh(raw(1)), e = exp(raw(2));
    give(1, g_s * e * (L(1) - t * t));
    give(2, g_s * e * t);
  }
};

/// From z to x: the second coordinate moves by nets of the first, they change places, twice.
template <class Transformer, class Net>
using Block = Invert<Repeat<2, Chain<Coupling<2, Transformer, Net, 0, HalfMask<2>>, Flip<2>>>>;

template <Index... H> using Dense = BasicMlp<Relu, UniformLast, H...>;
template <Index... H>
using RealNvpBlock = Block<TanhAffine, Beside<Part<1, Dense<H...>>, Part<1, Dense<H...>>, Part<1, Level>>>;

/// Splines of 20 bins with nflows' knots.  Theirs have the slope at the right end free, inside it; it is 1 here as at
/// the left end.
using Spline = RationalQuadraticSpline<20, NflowsKnots>;
template <Index... H>
using NsfBlock = Block<Spline, Beside<Part<20, Dense<H...>>, Part<20, Dense<H...>>, Part<19, Dense<H...>>>>;
template <Index... H> NsfBlock<H...> nsf_block(double tail) {
  using C =
      Coupling<2, Spline, Beside<Part<20, Dense<H...>>, Part<20, Dense<H...>>, Part<19, Dense<H...>>>, 0, HalfMask<2>>;
  using Pair = Chain<C, Flip<2>>;
  return NsfBlock<H...>(Repeat<2, Pair>(Pair(C(Spline(tail)), Flip<2>{})));
}

/// What a training left besides its parameters.
struct Trained {
  long skipped = 0;  ///< steps whose loss or gradient was not finite
  double acceptance = 0, seconds = 0;
};
/// Steps of Adam as the authors take them, on rows drawn anew each time: no clipping, and what stays are the last
/// parameters.  rate(step), step from 0, is asked before every one of them.
template <class F, class Objective, class Rate>
Trained train(Model<F, float>& model, const Batch<float>& data, Objective objective, int steps, Index batch,
              Noise noise, Rate rate) {
  const auto begin = std::chrono::steady_clock::now();
  Trainer<F, float, Objective> trainer(model, Adam{}, 1, std::move(objective));
  std::vector<Index> index(static_cast<std::size_t>(batch));
  Trained t;
  for (int step = 0; step < steps; ++step) {
    const double now = rate(step);
    const Noise own = noise.fork(static_cast<std::uint64_t>(step));
    for (Index i = 0; i < batch; ++i) index[static_cast<std::size_t>(i)] = own.fork(0).index(i, 0, data.rows());
    const BatchRows rows{0, batch, index.data(), nullptr};
    t.skipped +=
        !trainer.step(view(data), Model<F, float>::template nothing<const float>(data.rows()), rows, own.fork(1), now)
             .stepped;
  }
  t.acceptance = trainer.workspace().report().acceptance();
  t.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return t;
}

}  // namespace snf
