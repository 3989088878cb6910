// SPDX-License-Identifier: MIT
// What every transformer that is inverted by a root must do, beside the laws: hard parameters, far points, NaN, numeric
// slopes, duals through decode.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "rheo/autodiff/dual.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/transformers/transformer.hpp"

namespace rheo_test {
using namespace rheo;

template <class T> struct Raw {
  std::vector<T> values;
  const T& operator()(Index k) const { return values[static_cast<std::size_t>(k)]; }
  T& operator[](Index k) { return values[static_cast<std::size_t>(k)]; }
};
template <class T> Raw<T> random_raw(Index params, double scale, std::uint64_t key) {
  Raw<T> raw;
  for (Index k = 0; k < params; ++k) raw.values.push_back(T(scale * Noise{key}.normal(k, 0)));
  return raw;
}
template <class To, class T> Raw<To> cast(const Raw<T>& raw) {
  Raw<To> out;
  for (T x : raw.values) out.values.push_back(To(x));
  return out;
}

template <class T> const std::vector<T>& points() {
  static const std::vector<T> x = [] {
    std::vector<T> p;
    for (int i = -80; i <= 80; ++i) p.push_back(T(0.17) * T(i));
    for (double far : {30.0, 1e3, 1e4, 1e6, 1e30}) p.push_back(T(far)), p.push_back(T(-far));
    return p;
  }();
  return x;
}

template <class T, class M> void check_identity(const M& map) {
  const Raw<T> zero = random_raw<T>(M::params, 0, 1);
  const T eps = std::numeric_limits<T>::epsilon();
  for (T x : points<T>()) {
    const auto m = map.encode(x, zero);
    INFO("x " << x << " y " << m.y << " v " << m.v);
    CHECK(std::abs(m.y - x) <= 64 * eps * (1 + std::abs(x)));
    CHECK(std::abs(m.v) <= 64 * eps);
  }
}

/// Round trips, residuals, V both ways, order, finiteness, at raw parameters of scale 0.1, 1 and 3, and V where they
/// are huge.
template <class T, class M> void check_round_trips(const M& map) {
  const T eps = std::numeric_limits<T>::epsilon();
  double worst = 0;
  for (double scale : {0.1, 1.0, 3.0}) {
    for (std::uint64_t key = 1; key <= 12; ++key) {
      const Raw<T> raw = random_raw<T>(M::params, scale, key);
      for (T x : points<T>()) {
        const auto there = map.encode(x, raw);
        const auto back = map.decode(there.y, raw);
        const auto again = map.encode(back.y, raw);
        const T slope = std::exp(there.v), allowed = 128 * eps * (1 + std::abs(there.y) + slope * std::abs(x));
        INFO("scale " << scale << " key " << key << " x " << x << " y " << there.y << " v " << there.v << " back "
                      << back.y << " v " << back.v);
        REQUIRE(std::isfinite(there.v));
        REQUIRE(std::isfinite(there.y));
        REQUIRE(std::isfinite(back.v));
        REQUIRE(std::abs(again.y - there.y) <= allowed);
        REQUIRE(back.v == again.v);
        worst = std::max(worst, double(std::abs(again.y - there.y) / allowed));
      }
    }
  }
  INFO("worst residual, in units of what is allowed: " << worst);
  CHECK(worst > 0);
  for (std::uint64_t key = 1; key <= 8; ++key) {
    const Raw<T> raw = random_raw<T>(M::params, 60, key);
    for (T x : points<T>()) {
      INFO("huge parameters, key " << key << " x " << x);
      CHECK(std::isfinite(map.encode(x, raw).v));
      CHECK_FALSE(std::isnan(map.decode(x, raw).v));
    }
  }
}

template <class M> void check_slopes(const M& map, double tolerance = 1e-7) {
  for (double scale : {0.1, 1.0, 3.0}) {
    for (std::uint64_t key = 1; key <= 6; ++key) {
      const Raw<double> raw = random_raw<double>(M::params, scale, key);
      double before = -std::numeric_limits<double>::infinity();
      for (double x = -14; x < 14; x += 0.0371) {
        const double h = 1e-4;
        const auto f = [&](double u) { return map.encode(u, raw).y; };
        const double slope = (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h), y = f(x);
        INFO("scale " << scale << " key " << key << " x " << x << " slope " << slope << " v " << map.encode(x, raw).v);
        CHECK(std::abs(slope - std::exp(map.encode(x, raw).v)) <= tolerance * (1 + slope) + 1e-11 * std::abs(y));
        CHECK(y > before);
        before = y;
      }
    }
  }
}

template <class T, class M> void check_nan(const M& map) {
  const Raw<T> raw = random_raw<T>(M::params, 1, 5);
  const T nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(std::isnan(map.encode(nan, raw).y));
  CHECK(std::isnan(map.encode(nan, raw).v));
  CHECK(std::isnan(map.decode(nan, raw).y));
  CHECK(std::isnan(map.decode(nan, raw).v));
  for (Index k = 0; k < M::params; ++k) {
    Raw<T> sick = raw;
    sick[k] = nan;
    CHECK(std::isnan(map.encode(T(0.5), sick).y + map.encode(T(0.5), sick).v));
    CHECK(std::isnan(map.decode(T(0.5), sick).y));
  }
}

/// First tangents through decode against differences, second ones (duals of duals) against differences of the first.
/// Key 1 would set the gate of the mixtures so near 0, where its third derivative jumps, that the differences reach
/// over it.
template <class M> void check_duals(const M& map) {
  using D = Dual<double>;
  for (std::uint64_t key = 2; key <= 5; ++key) {
    const Raw<double> raw = random_raw<double>(M::params, 0.7, key),
                      direction = random_raw<double>(M::params, 1, key + 100);
    for (double y : {-6.0, -1.3, 0.2, 2.5, 20.0}) {
      const auto dual = [&](double t) {  // value and slope of decode along the direction, at t
        Raw<D> a = cast<D>(raw);
        for (Index k = 0; k < M::params; ++k) a[k] = D(raw(k) + t * direction(k), direction(k));
        return map.decode(D(y + 0.7 * t, 0.7), a);
      };
      const double h = 1e-3;
      const auto value = [&](double t) { return dual(t).y.a; };
      const double first = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h);
      const auto slope = [&](double t) { return dual(t).y.b; };
      const double second = (8 * (slope(h) - slope(-h)) - (slope(2 * h) - slope(-2 * h))) / (12 * h);
      Raw<Dual<D>> a = cast<Dual<D>>(raw);
      for (Index k = 0; k < M::params; ++k) a[k] = Dual<D>(D(raw(k), direction(k)), D(direction(k), 0));
      const auto nested = map.decode(Dual<D>(D(y, 0.7), D(0.7, 0)), a);
      INFO("key " << key << " y " << y << " by duals " << slope(0) << ", " << nested.y.b.b << " by differences "
                  << first << ", " << second);
      CHECK(std::abs(slope(0) - first) <= 1e-6 * (1 + std::abs(first) + std::abs(second)));
      CHECK(nested.y.a.b == Approx(slope(0)).epsilon(1e-10).margin(1e-10));
      CHECK(std::abs(nested.y.b.b - second) <= 2e-5 * (1 + std::abs(second) + std::abs(first)));
    }
  }
}

}  // namespace rheo_test
