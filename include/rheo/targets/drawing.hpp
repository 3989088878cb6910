// SPDX-License-Identifier: MIT
// Drawing: a density put together from blurred strokes and circles, with its exact sampler and its log-density in
// closed form.
#pragma once

#include <cmath>
#include <vector>

#include "rheo/core/fail.hpp"
#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/rings.hpp"
#include "rheo/targets/toy.hpp"

namespace rheo::targets {

/// A rectangle of half sides (length, width) about `centre`, its first side at `angle`: uniform along each side, then
/// blurred along it by a Gaussian.  A half side of 0 leaves the Gaussian alone, so that a stroke is a blurred segment,
/// a bar with soft edges, or a normal.
struct Stroke {
  Point centre;                                                    ///< of the part
  double angle, half_length, half_width, blur_length, blur_width;  ///< radians; half sides; deviations along them
};

/// A circle of uniform angle, blurred by blur N.
struct Circle {
  Point centre;         ///< of the circle
  double radius, blur;  ///< of the circle and of its edge
};

/// A mixture of strokes and circles.
///
/// log_prob adds up the parts exactly, but for those below e^-45 of the largest; relative error of the density 1e-12.
/// It is -infinity where the square of the distance over the blur overflows, NaN for NaN.
class Drawing {
 public:
  /// Weights are positive and need not add up to one.  Throws std::invalid_argument for a blur or a weight that is not
  /// positive.
  Drawing& add(double weight, const Stroke& s) {
    return add(weight, Part{false, s.centre, std::cos(s.angle), std::sin(s.angle), Side{s.half_length, s.blur_length},
                            Side{s.half_width, s.blur_width}});
  }
  Drawing& add(double weight, const Circle& c) {
    return add(weight, Part{true, c.centre, 1.0, 0.0, Side{c.radius, c.blur}, Side{0.0, c.blur}});
  }
  /// From normals 0 and 1, uniforms 2, 3 and 4.
  Point draw(const Noise& noise, Index i) const {
    double u = total_ * noise.uniform(i, 4);
    std::size_t k = 0;
    while (k + 1 < parts_.size() && u >= parts_[k].weight) u -= parts_[k++].weight;
    const Part& p = parts_[k];
    if (p.circle) {
      const Point x = detail::draw_blurred_circle(noise, i, p.first.half, p.first.blur);
      return {p.centre[0] + x[0], p.centre[1] + x[1]};
    }
    const double a = p.first.half * (2.0 * noise.uniform(i, 2) - 1.0) + p.first.blur * noise.normal(i, 0);
    const double b = p.second.half * (2.0 * noise.uniform(i, 3) - 1.0) + p.second.blur * noise.normal(i, 1);
    return {p.centre[0] + a * p.cos - b * p.sin, p.centre[1] + a * p.sin + b * p.cos};
  }
  double log_prob(double x1, double x2) const {
    if (!std::isfinite(x1) || !std::isfinite(x2)) return detail::off_support(x1, x2);
    double best = -detail::infinity;
    const Part* nearest = nullptr;
    for (const Part& p : parts_) {
      const double b = p.bound(x1, x2);
      if (b > best) best = b, nearest = &p;
    }
    if (!nearest) return -detail::infinity;
    const double floor = nearest->log_density(x1, x2) - 45.0;
    detail::LogSum sum;
    for (const Part& p : parts_) {
      if (p.bound(x1, x2) >= floor) sum.add(p.log_density(x1, x2));
    }
    return sum.value() - std::log(total_);
  }
  std::size_t size() const { return parts_.size(); }  ///< how many parts

 private:
  struct Side {
    double half, blur;
    double top() const { return half > 0.0 ? -std::log(2.0 * half) : -std::log(blur) - 0.5 * detail::log_2pi; }
    double gap(double u) const { return std::fmax(std::fabs(u) - half, 0.0) / blur; }
    double log_density(double u) const {
      if (half > 0.0) return detail::log_normal_between((u - half) / blur, (u + half) / blur) - std::log(2.0 * half);
      return detail::log_normal(u / blur) - std::log(blur);
    }
  };
  struct Part {
    bool circle;
    Point centre;
    double cos, sin;
    Side first, second;
    double weight = 0.0, top = 0.0;

    /// No less than log_density, and cheap.
    double bound(double x1, double x2) const {
      const double d1 = x1 - centre[0], d2 = x2 - centre[1];
      if (circle) {
        const double g = (std::sqrt(d1 * d1 + d2 * d2) - first.half) / first.blur;
        return top - 0.5 * g * g;
      }
      const double g1 = first.gap(d1 * cos + d2 * sin), g2 = second.gap(d2 * cos - d1 * sin);
      return top - 0.5 * (g1 * g1 + g2 * g2);
    }
    double log_density(double x1, double x2) const {
      const double d1 = x1 - centre[0], d2 = x2 - centre[1];
      if (circle) return std::log(weight) + detail::log_blurred_circle(std::hypot(d1, d2), first.half, first.blur);
      return std::log(weight) + first.log_density(d1 * cos + d2 * sin) + second.log_density(d2 * cos - d1 * sin);
    }
  };
  Drawing& add(double weight, Part p) {
    if (!(weight > 0.0) || !(p.first.blur > 0.0) || !(p.second.blur > 0.0)) {
      ::rheo::detail::fail("a part of a drawing needs a positive weight and a positive blur");
    }
    p.weight = weight;
    p.top = std::log(weight) +
            (p.circle ? -detail::log_2pi - 2.0 * std::log(p.first.blur) : p.first.top() + p.second.top());
    parts_.push_back(p);
    total_ += weight;
    return *this;
  }

  std::vector<Part> parts_;
  double total_ = 0.0;
};

}  // namespace rheo::targets
