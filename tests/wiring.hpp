// SPDX-License-Identifier: MIT
// Which coordinates of the data reach which latent coordinates of a flow, by asking: rows are encoded, then again with one column exchanged.
#pragma once

#include <cmath>
#include <string>

#include "catch.hpp"
#include "rheo/flows/model.hpp"
#include "shaken.hpp"

namespace rheo_test {

/// A flow away from its start and what encode makes of 60 rows that fill [low, high] evenly.
template <class F> struct Wiring {
  static constexpr rheo::Index n = 60, D = F::x_dim, C = F::context_dim;
  rheo::Model<F, double> model = shaken(F{}, 0.4);
  rheo::Batch<double> x{n, D}, other{n, D}, context{n, C}, z;

  Wiring(double low, double high) {
    for (rheo::Index i = 0; i < n; ++i) {
      for (rheo::Index j = 0; j < D; ++j) {
        x(i, j) = low + (high - low) * rheo::Noise{3}.uniform(i, j);
        other(i, j) = low + (high - low) * rheo::Noise{4}.uniform(i, j);
      }
      for (rheo::Index j = 0; j < C; ++j) context(i, j) = rheo::Noise{5}.normal(i, j);
    }
    z = encode(x, context);
  }
  rheo::Batch<double> encode(const rheo::Batch<double>& data, const rheo::Batch<double>& c) const { return model.encode(data, rheo::Noise{6}, c); }
  /// How far each latent coordinate moves when column j of the data is another, in its own deviations.
  rheo::Row<double> moved_by(rheo::Index j) const {
    auto y = x;
    y.col(j) = other.col(j);
    return moved(encode(y, context));
  }
  rheo::Row<double> moved_by_context(rheo::Index j) const {
    auto c = context;
    c.col(j) += 1;
    return moved(encode(x, c));
  }
  /// The share of the variance of z_i that no affine map of x_j explains.
  double not_affine(rheo::Index i, rheo::Index j) const {
    const rheo::Column<double> a = z.col(i) - z.col(i).mean(), b = x.col(j) - x.col(j).mean();
    const double slope = (a * b).sum() / b.square().sum();
    return (a - slope * b).square().sum() / a.square().sum();
  }

 private:
  rheo::Row<double> moved(const rheo::Batch<double>& y) const {
    rheo::Row<double> m(z.cols());
    for (rheo::Index i = 0; i < z.cols(); ++i) m(i) = (y.col(i) - z.col(i)).abs().maxCoeff() / std::sqrt((z.col(i) - z.col(i).mean()).square().mean());
    return m;
  }
};

/// No latent coordinate is an affine image of a coordinate of the data: what a coordinate that no layer transforms would be.
template <class F> void check_moved(const std::string& name, const Wiring<F>& w) {
  INFO(name << ", D = " << F::x_dim);
  REQUIRE(w.z.allFinite());
  double least = 1;
  for (rheo::Index i = 0; i < w.z.cols(); ++i) {
    for (rheo::Index j = 0; j < F::x_dim; ++j) least = std::min(least, w.not_affine(i, j));
  }
  CHECK(least > 1e-6);
}
template <class F> void check_moved(const std::string& name, double low = -2, double high = 2) { check_moved(name, Wiring<F>(low, high)); }

/// The same, and every latent coordinate depends on every coordinate of the data and of the context.
template <class F> void check_wiring(const std::string& name, double low = -2, double high = 2) {
  const Wiring<F> w(low, high);
  check_moved(name, w);
  INFO(name << ", D = " << F::x_dim);
  double least = 1;
  for (rheo::Index j = 0; j < F::x_dim; ++j) least = std::min(least, w.moved_by(j).minCoeff());
  CHECK(least > 1e-7);
  for (rheo::Index j = 0; j < F::context_dim; ++j) CHECK(w.moved_by_context(j).minCoeff() > 1e-7);
}

}  // namespace rheo_test
