// SPDX-License-Identifier: MIT
// The drawings: thin rings, the tree, the picture.  Entropies are constants found by trapezoid sums over the plane, two
// steps agreeing to 1e-9; an independent rule confirms them here.
#include "rheo/targets/drawing.hpp"

#include "rheo/targets/fractals.hpp"
#include "rheo/targets/linked_rings.hpp"
#include "rheo/targets/synthetic_image.hpp"
#include "targets/checks.hpp"

namespace targets_drawings {
using namespace rheo::targets;
using checks::edges;

namespace {

/// A part of the plane and the side of its panels, at most 3.5 of the narrowest blur there.
struct Region {
  Box box;
  double side;
};

/// Mass and entropy, without the panels at whose centre log p < -70: within them it is below -40.
template <class D> checks::Totals totals(const std::vector<Region>& regions) {
  checks::Totals t;
  for (const Region& r : regions) {
    const auto e1 = edges(r.box.x1_min, r.box.x1_max, r.side), e2 = edges(r.box.x2_min, r.box.x2_max, r.side);
    for (std::size_t i = 0; i + 1 < e1.size(); ++i) {
      for (std::size_t j = 0; j + 1 < e2.size(); ++j) {
        if (D::log_prob(0.5 * (e1[i] + e1[i + 1]), 0.5 * (e2[j] + e2[j + 1])) < -70.0) continue;
        const auto part = checks::totals(D::log_prob, {e1[i], e1[i + 1]}, {e2[j], e2[j + 1]});
        t.mass += part.mass;
        t.entropy += part.entropy;
      }
    }
  }
  return t;
}

template <class D>
void certify(const std::vector<Region>& regions, const checks::Edges& c1, const checks::Edges& c2, int m) {
  INFO(D::name);
  const auto t = totals<D>(regions);
  CHECK(std::fabs(t.mass - 1.0) < 1e-8);
  CHECK(std::fabs(t.entropy - D::entropy()) < 1e-8);
  checks::same_law(D::template sample<double>(100000, rheo::Noise{20}), D::log_prob, c1, c2, m);
  checks::same_entropy<D>(100000);
  checks::same_rows<D>();
}

}  // namespace

TEST_CASE("olympic_rings and four_rings: mass, entropy, sampler") {
  certify<OlympicRings>({{{-2.8, 2.8, -1.8, 1.8}, 0.01}}, edges(-2.9, 2.9, 0.2), edges(-1.9, 1.9, 0.2), 64);
  certify<FourRings>({{{-2.1, 2.8, -1.8, 1.8}, 0.01}}, edges(-2.2, 2.9, 0.2), edges(-1.9, 1.9, 0.2), 64);
  const double blur =
      std::sqrt(0.2) *
      0.01;  // a tenth of the circle's density over its blur at 1.5 blurs outside, far from all crossings
  const double x = -1.75 - 1.0 - 1.5 * blur;
  CHECK(std::fabs(OlympicRings::log_prob(x, 0.75) - (detail::log_normal(1.5) - std::log(blur * 10.0 * detail::pi) -
                                                     0.5 * std::log(1.0 + 1.5 * blur))) < 1e-5);
}

TEST_CASE("fractal_tree: mass, entropy, sampler") {
  certify<FractalTree>({{{-3.0, 2.7, -2.5, 2.6}, 0.03}}, edges(-2.8, 2.4, 0.1), edges(-2.2, 2.4, 0.1), 12);
}

TEST_CASE("synthetic_image: mass, entropy, sampler, empty places") {
  certify<SyntheticImage>({{{-9.0, 9.0, -5.4, -1.5}, 0.15},
                           {{-9.0, -0.75, -1.5, -0.8}, 0.15},
                           {{-0.75, 0.75, -1.5, -0.8}, 0.03},
                           {{0.75, 9.0, -1.5, -0.8}, 0.15},
                           {{-9.0, 9.0, -0.8, 0.0}, 0.1},
                           {{-9.0, -1.5, 0.0, 1.2}, 0.15},
                           {{-1.5, 1.5, 0.0, 1.2}, 0.04},
                           {{1.5, 9.0, 0.0, 1.2}, 0.15},
                           {{-9.0, -2.9, 1.2, 3.6}, 0.15},
                           {{-2.9, 2.9, 1.2, 3.6}, 0.035},
                           {{2.9, 9.0, 1.2, 3.6}, 0.15}},
                          edges(-3.0, 3.0, 0.2), edges(-4.0, 3.0, 0.2), 24);
  CHECK(SyntheticImage::log_prob(0.0, 1.3) < -25.0);   // the forehead
  CHECK(SyntheticImage::log_prob(-3.5, 2.5) < -70.0);  // beside the hair
}

TEST_CASE("a drawing's density is the blur's integral, its parts weighted") {
  Drawing d;
  d.add(3.0, Stroke{{0.4, -0.2}, 0.7, 0.9, 0.0, 0.15, 0.15});
  d.add(1.0, Circle{{1.0, 0.5}, 0.8, 0.2}).add(2.0, Stroke{{-1.0, 0.3}, -0.4, 0.5, 0.3, 0.1, 0.2});
  const auto direct = [](double x1, double x2) {
    double p = 0.0;
    const int n = 400;
    const auto normal = [](double z, double s) { return std::exp(detail::log_normal(z / s)) / s; };
    for (int k = 0; k < n; ++k) {
      const double t = 2.0 * detail::pi * k / n;
      p += normal(x1 - 1.0 - 0.8 * std::cos(t), 0.2) * normal(x2 - 0.5 - 0.8 * std::sin(t), 0.2) / (6.0 * n);
    }
    for (const auto& node : detail::gauss_legendre(60, -0.9, 0.9)) {
      p += 0.5 * node.weight / 1.8 * normal(x1 - 0.4 - node.x * std::cos(0.7), 0.15) *
           normal(x2 + 0.2 - node.x * std::sin(0.7), 0.15);
    }
    checks::nodes(-0.5, 0.5, -0.3, 0.3, 40, [&](double a, double b, double w) {
      const double c = std::cos(-0.4), s = std::sin(-0.4), d1 = x1 + 1.0 - a * c + b * s, d2 = x2 - 0.3 - a * s - b * c;
      p += w / (3.0 * 0.6) * normal(d1 * c + d2 * s, 0.1) * normal(d2 * c - d1 * s, 0.2);
    });
    return std::log(p);
  };
  for (double x1 : {-1.6, -0.9, 0.2, 1.1, 2.0}) {
    for (double x2 : {-1.0, 0.1, 0.6, 1.4}) CHECK(std::fabs(d.log_prob(x1, x2) - direct(x1, x2)) < 1e-10);
  }
}

TEST_CASE("a drawing far away and off the plane: no NaN but for NaN; nonsense is refused") {
  for (double far : {1e3, 1e20, 1e160, 1e308}) {
    CHECK(SyntheticImage::log_prob(far, -far) < -1e5);
    CHECK(FractalTree::log_prob(-far, 0.3) < -1e5);
    CHECK(OlympicRings::log_prob(0.0, far) < -1e5);
  }
  CHECK(SyntheticImage::log_prob(detail::infinity, 0.0) == -detail::infinity);
  CHECK(std::isnan(SyntheticImage::log_prob(std::nan(""), 0.0)));
  Drawing d;
  CHECK_THROWS_AS(d.add(0.0, Circle{{0.0, 0.0}, 1.0, 0.1}), std::invalid_argument);
  CHECK_THROWS_AS(d.add(1.0, Circle{{0.0, 0.0}, 1.0, 0.0}), std::invalid_argument);
  CHECK_THROWS_AS(d.add(1.0, Stroke{{0.0, 0.0}, 0.0, 1.0, 1.0, 0.0, 0.1}), std::invalid_argument);
  CHECK_THROWS_AS(d.add(1.0, Stroke{{0.0, 0.0}, 0.0, 1.0, 1.0, 0.1, 0.0}), std::invalid_argument);
  CHECK(d.log_prob(0.0, 0.0) == -detail::infinity);
}

}  // namespace targets_drawings
