// SPDX-License-Identifier: MIT
// Which coordinates of the data reach which latent coordinates of a flow, by asking: rows are encoded, then again with
// one column exchanged.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "catch.hpp"
#include "rheo/core/layer.hpp"

namespace rheo_test {

/// Nets that are quick to compile, and nothing else: outputs are sines of weighted sums.  Output column o of the masked
/// one, one of P for each coordinate, sees the coordinates before its own.
template <bool Masked> struct Sines {
  template <rheo::Index In, rheo::Index P, rheo::Index C = 0> struct net {
    static constexpr bool masked = Masked, smooth = true;
    static constexpr rheo::Index Out = Masked ? In * P : P, param_count = (In + C + 1) * Out;
    template <class T> using Cache = rheo::NoCache;
    template <class Q> static auto unpack(Q p) { return p.matrix(In + C + 1, Out, "weight"); }
    template <class T> void init(rheo::Params<T> theta, rheo::Params<T>, rheo::Noise noise) const {
      for (rheo::Index i = 0; i < param_count; ++i) theta.data()[i] = noise.normal(i, 0);
    }
    template <class T> void map(rheo::NetPass<T, rheo::NoCache> p) const {
      for (rheo::Index o = 0; o < Out; ++o) output(p, o);
    }
    template <class T, class Fill> void unroll(rheo::NetPass<T, rheo::NoCache> p, Fill fill) const {
      for (rheo::Index j = 0; j < In; ++j) {
        for (rheo::Index o = j * P; o < (j + 1) * P; ++o) output(p, o);
        fill(j);
      }
    }

   private:
    template <class T> static void output(rheo::NetPass<T, rheo::NoCache>& p, rheo::Index o) {
      const T* w = p.theta.data() + o * (In + C + 1);
      for (rheo::Index i = 0; i < p.in.rows(); ++i) {
        T a = w[In + C];
        for (rheo::Index j = 0; j < (Masked ? o / P : In); ++j) a += w[j] * p.in.data()[j * p.in.outerStride() + i];
        for (rheo::Index j = 0; j < C; ++j) a += w[In + j] * p.context.data()[j * p.context.outerStride() + i];
        p.out.data()[o * p.out.outerStride() + i] = std::sin(a);
      }
    }
  };
};

/// A flow with parameters drawn, and what the layers before its base make of 40 rows evenly from [low, high].
template <class F> struct Wiring {
  static constexpr rheo::Index n = 40, D = F::x_dim, C = F::context_dim;
  rheo::Column<double> theta = rheo::Column<double>::Zero(F::param_count),
                       buffers = rheo::Column<double>::Zero(F::buffer_count);
  rheo::Batch<double> x{n, D}, other{n, D}, context{n, C}, z;

  Wiring(double low, double high) {
    rheo::detail::init<F, double>(F{}, rheo::Params<double>(theta.data(), theta.size()),
                                  rheo::Params<double>(buffers.data(), buffers.size()), rheo::Noise{1});
    for (rheo::Index i = 0; i < theta.size(); ++i) theta(i) += 0.4 * rheo::Noise{2}.normal(i, 0);
    for (rheo::Index i = 0; i < n; ++i) {
      for (rheo::Index j = 0; j < D; ++j) {
        x(i, j) = low + (high - low) * rheo::Noise{3}.uniform(i, j);
        other(i, j) = low + (high - low) * rheo::Noise{4}.uniform(i, j);
      }
      for (rheo::Index j = 0; j < C; ++j) context(i, j) = rheo::Noise{5}.normal(i, j);
    }
    z = encode(x, context);
  }
  rheo::Batch<double> encode(const rheo::Batch<double>& data, const rheo::Batch<double>& c) const {
    const auto body = F{}.body();
    using B = std::remove_const_t<decltype(body)>;
    rheo::Batch<double> out(n, B::z_dim);
    rheo::Column<double> v = rheo::Column<double>::Zero(n);
    rheo::Arena scratch;
    rheo::CacheOf<B, double> cache;
    body.encode(rheo::Pass<double, rheo::CacheOf<B, double>>{rheo::view(data),
                                                             rheo::view(out),
                                                             rheo::ColView<double>(v.data(), n),
                                                             {theta.data(), B::param_count},
                                                             {buffers.data(), B::buffer_count},
                                                             rheo::columns(rheo::view(c), 0, B::context_dim),
                                                             rheo::Noise{6},
                                                             cache,
                                                             scratch,
                                                             false,
                                                             nullptr});
    return out;
  }
  /// How far the latent coordinate that moves least moves when column j of the data is another, in its own deviations.
  double moved_by(rheo::Index j) const {
    auto y = x;
    y.col(j) = other.col(j);
    return moved(encode(y, context));
  }
  double moved_by_context(rheo::Index j) const {
    auto c = context;
    c.col(j) += 1;
    return moved(encode(x, c));
  }
  /// The least share of the variance of a latent coordinate that no affine map of one coordinate of the data explains.
  double least_not_affine() const {
    double least = 1;
    for (rheo::Index i = 0; i < z.cols(); ++i) {
      for (rheo::Index j = 0; j < D; ++j) {
        const rheo::Column<double> a = z.col(i) - z.col(i).mean(), b = x.col(j) - x.col(j).mean();
        const double slope = (a * b).sum() / b.square().sum();
        least = std::min(least, (a - slope * b).square().sum() / a.square().sum());
      }
    }
    return least;
  }

 private:
  double moved(const rheo::Batch<double>& y) const {
    double least = 1e300;
    for (rheo::Index i = 0; i < z.cols(); ++i) {
      least = std::min(
          least, (y.col(i) - z.col(i)).abs().maxCoeff() / std::sqrt((z.col(i) - z.col(i).mean()).square().mean()));
    }
    return least;
  }
};

/// No latent coordinate is an affine image of a coordinate of the data, as one that no layer transforms would be.
template <class F> void check_moved(const std::string& name, const Wiring<F>& w) {
  INFO(name << ", D = " << F::x_dim);
  REQUIRE(w.z.allFinite());
  CHECK(w.least_not_affine() > 1e-6);
}
template <class F> void check_moved(const std::string& name, double low = -2, double high = 2) {
  check_moved(name, Wiring<F>(low, high));
}

/// The same, and every latent coordinate depends on every coordinate of the data and of the context.
template <class F> void check_wiring(const std::string& name, double low = -2, double high = 2) {
  const Wiring<F> w(low, high);
  check_moved(name, w);
  INFO(name << ", D = " << F::x_dim);
  double least = 1;
  for (rheo::Index j = 0; j < F::x_dim; ++j) least = std::min(least, w.moved_by(j));
  for (rheo::Index j = 0; j < F::context_dim; ++j) least = std::min(least, w.moved_by_context(j));
  CHECK(least > 1e-7);
}

/// body.operator()<D>() for D = First, ..., Last.
template <rheo::Index First, rheo::Index Last, class Body> void each_dimension(Body body) {
  [&]<rheo::Index... K>(std::integer_sequence<rheo::Index, K...>) { (body.template operator()<First + K>(), ...); }
  (std::make_integer_sequence<rheo::Index, Last - First + 1>{});
}

}  // namespace rheo_test
