// SPDX-License-Identifier: MIT
// Inverses of steep rational-quadratic splines: rheo's beside the textbook formula, 2c / (-b - sqrt(b^2 - 4ac)) for
// every sign of b, nothing clamped, on the same knots.  Random splines on [-5, 5], 8 bins, logits N(0, scale^2), 10^6
// inversions a row: uniform points, or two in five on a knot or one ulp beside it.  Printed: NaNs, the worst
// |f(f^-1(y)) - y| with f in the scalar of the row, and with f in double on knots added up in double, which charges to
// the inverse what float's knots are off by.
#include <cmath>
#include <cstdio>

#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace {
using namespace rheo;
constexpr Index K = 8, rows = 10000, rounds = 100;

struct Tally {
  long nan = 0;
  double worst = 0;
  void add(double error) {
    if (std::isnan(error)) ++nan;
    else worst = std::max(worst, error);
  }
};
template <class T> T textbook(const math::RationalQuadraticBin<T>& bin, T y) {
  const T s = bin.h / bin.w, c0 = y - bin.y, q = bin.d0 + bin.d1 - 2 * s;
  const T a = c0 * q + bin.h * (s - bin.d0), b = bin.h * bin.d0 - c0 * q, c = -s * c0;
  return bin.x + bin.w * (2 * c / (-b - std::sqrt(b * b - 4 * a * c)));
}
template <class M, class T> T value(const M& map, T x, const T* raw) {
  return map.encode(x, [&](Index k) { return raw[k]; }).y;
}

template <class T, class Knots> void row(const char* name, double scale, bool at_knots) {
  const RationalQuadraticSpline<K, Knots> map(5);
  Tally ours, in_double, theirs;
  Batch<double> draw(rows, map.params);
  Batch<T> raw(rows, map.params), y(rows, 1), x(rows, 1), back(rows, 1), beside(rows, 1), root(rows, 1);
  Column<T> v(rows), ignored(rows);
  for (Index r = 0; r < rounds; ++r) {
    const Noise noise = Noise{11}.fork(static_cast<std::uint64_t>(r));
    noise.normals(view(draw));
    raw = (scale * draw).template cast<T>();
    for (Index i = 0; i < rows; ++i) {
      y(i, 0) = T(10 * noise.uniform(i, 100) - 5);
      if (!at_knots || noise.uniform(i, 101) < 0.6) continue;
      const auto h = math::SoftmaxBins<K, T>::template of<Knots::bounded>(
          [&](Index k) { return map.knots.logit(raw(i, K + k)); }, 10, map.knots.template least<K>());
      T knot(-5);
      for (Index k = noise.index(i, 102, K); k-- > 0;) knot += h[k];
      const auto side = noise.index(i, 103, 3);
      y(i, 0) = side == 0 ? knot : std::nextafter(knot, side == 1 ? T(-9) : T(9));
    }
    v.setZero();
    detail::transform<false, T>(map, read(view(y)), read(view(raw)), view(x), ColView<T>(v.data(), rows));
    for (Index i = 0; i < rows; ++i) {
      const T inside = std::min(std::max(y(i, 0), T(-5)), T(5));
      root(i, 0) = textbook(map.template bin_at<false>(inside, [&](Index k) { return raw(i, k); }), inside);
    }
    auto forward = [&](const Batch<T>& in, Batch<T>& out) {
      ignored.setZero();
      detail::transform<true, T>(map, view(in), read(view(raw)), view(out), ColView<T>(ignored.data(), rows));
    };
    forward(x, back);
    forward(root, beside);
    for (Index i = 0; i < rows; ++i) {
      double wide[3 * K - 1];
      for (Index k = 0; k < map.params; ++k) wide[k] = static_cast<double>(raw(i, k));
      ours.add(std::isnan(v(i)) ? NAN : std::abs(static_cast<double>(back(i, 0) - y(i, 0))));
      in_double.add(std::abs(value(map, static_cast<double>(x(i, 0)), wide) - static_cast<double>(y(i, 0))));
      theirs.add(std::isnan(root(i, 0)) ? NAN : std::abs(static_cast<double>(beside(i, 0) - y(i, 0))));
    }
  }
  std::printf("%-7s %-7s %5g  %-7s %8ld %10.1e %10.1e %12ld %10.1e\n", name, sizeof(T) == 4 ? "float" : "double", scale,
              at_knots ? "knots" : "random", ours.nan, ours.worst, in_double.worst, theirs.nan, theirs.worst);
  std::fflush(stdout);
}
}  // namespace

int main() {
  std::printf("%-7s %-7s %5s  %-7s %8s %10s %10s %12s %10s\n", "knots", "scalar", "scale", "points", "NaN", "worst",
              "f double", "textbook NaN", "worst");
  for (double scale : {1., 3., 6., 10.}) {
    for (bool at_knots : {false, true}) {
      row<float, SafeKnots>("rheo", scale, at_knots);
      row<float, NflowsKnots>("nflows", scale, at_knots);
      row<double, SafeKnots>("rheo", scale, at_knots);
      row<double, NflowsKnots>("nflows", scale, at_knots);
    }
  }
}
