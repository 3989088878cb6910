// SPDX-License-Identifier: MIT
// Picture: a grey image as a density on [-3.5, 3.5]^2 and an energy, as Wu et al. 2020, arXiv:2002.06707, section 4,
// make them of a photograph.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <rheo/rheo.hpp>

namespace snf {

using namespace rheo;

/// 700 x 700 pixels, 100 a unit, of targets::SyntheticImage about (0, -0.4): grey g from 1 (white) to 0, where its
/// density is 0.1 or more.  The density of the picture is 1 - g blurred by 3 pixels, and everywhere a hundredth of g
/// blurred by 10, by 20 and by 50.
class Picture {
 public:
  static constexpr Index side = 700, cells = 50;
  static constexpr double scale = 100, half = 0.5 * static_cast<double>(side) / scale;

  Picture() : energy_(side * side), cumulative_(side * side), histogram_(Batch<double>::Zero(cells, cells)) {
    std::vector<double> grey(side * side);
    for (Index j = 0; j < side; ++j) {
      for (Index i = 0; i < side; ++i)
        grey[at(i, j)] =
            1 - std::min(1.0, std::exp(targets::SyntheticImage::log_prob(centre(i), centre(j) - 0.4)) / 0.1);
    }
    const auto fine = blurred(grey, 3), b10 = blurred(grey, 10), b20 = blurred(grey, 20), b50 = blurred(grey, 50);
    double sum = 0, most = 0;
    std::vector<double> density(grey.size());
    for (std::size_t k = 0; k < grey.size(); ++k) {
      density[k] = std::max(0.0, 1 - fine[k]) + 0.01 * (b10[k] + b20[k] + b50[k]);
      cumulative_[k] = sum += density[k];
      most = std::max(most, density[k]);
    }
    for (std::size_t k = 0; k < grey.size(); ++k) {
      energy_[k] = static_cast<float>(std::log(most / density[k]));
      cumulative_[k] /= sum;
      histogram_(static_cast<Index>(k) % side * cells / side, static_cast<Index>(k) / side * cells / side) +=
          density[k] / sum;
    }
  }
  float energy(Index i, Index j) const { return energy_[at(i, j)]; }
  /// Exact masses of cells x cells cells.
  const Batch<double>& histogram() const { return histogram_; }
  Batch<float> sample(Index n, const Noise& noise) const {
    Batch<float> x(n, 2);
    for (Index r = 0; r < n; ++r) {
      const auto k = std::min<Index>(
          side * side - 1,
          std::lower_bound(cumulative_.begin(), cumulative_.end(), noise.uniform(r, 0)) - cumulative_.begin());
      x(r, 0) = static_cast<float>(centre(k % side) + (noise.uniform(r, 1) - 0.5) / scale);
      x(r, 1) = static_cast<float>(centre(k / side) + (noise.uniform(r, 2) - 0.5) / scale);
    }
    return x;
  }
  /// KL(picture || draws) of the histograms, cells of no mass counting as 1e-10.
  double divergence(const Batch<float>& x) const {
    Batch<double> drawn = Batch<double>::Zero(cells, cells);
    for (Index r = 0; r < x.rows(); ++r) {
      const double i = std::floor((x(r, 0) + half) * (cells / (2 * half))),
                   j = std::floor((x(r, 1) + half) * (cells / (2 * half)));
      if (i >= 0 && i < cells && j >= 0 && j < cells) drawn(static_cast<Index>(i), static_cast<Index>(j)) += 1;
    }
    drawn = drawn / drawn.sum() + 1e-10;
    return (histogram_ * ((histogram_ + 1e-10) / drawn).log()).sum();
  }

 private:
  static std::size_t at(Index i, Index j) { return static_cast<std::size_t>(i + side * j); }
  static double centre(Index i) { return (static_cast<double>(i) + 0.5) / scale - half; }
  /// By a Gaussian of so many pixels up to 4 deviations, the image mirrored at its edges.
  static std::vector<double> blurred(std::vector<double> image, int deviation) {
    const int reach = 4 * deviation;
    std::vector<double> kernel, line(side);
    double sum = 0;
    for (int k = -reach; k <= reach; ++k)
      kernel.push_back(std::exp(-0.5 * k * k / (deviation * deviation))), sum += kernel.back();
    for (bool across : {false, true}) {
      for (Index r = 0; r < side; ++r) {
        for (Index i = 0; i < side; ++i) {
          double s = 0;
          for (int k = -reach; k <= reach; ++k) {
            const Index m = (i + k + 2 * side) % (2 * side), mirrored = m < side ? m : 2 * side - 1 - m;
            s += kernel[static_cast<std::size_t>(k + reach)] * image[across ? at(r, mirrored) : at(mirrored, r)];
          }
          line[static_cast<std::size_t>(i)] = s / sum;
        }
        for (Index i = 0; i < side; ++i) image[across ? at(r, i) : at(i, r)] = line[static_cast<std::size_t>(i)];
      }
    }
    return image;
  }

  std::vector<float> energy_;
  std::vector<double> cumulative_;
  Batch<double> histogram_;
};

/// Energy of a picture, which must outlive it: linear inside a pixel, by central differences, and so with jumps from
/// one to the next; outside it that of the nearest inner pixel and 100 d^2, d the distance along each axis.
class PictureEnergy {
 public:
  static constexpr Index dim = 2;
  template <class T> using Workspace = NoWorkspace;
  explicit PictureEnergy(const Picture& p) : picture_(&p) {}

  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index r = 0; r < x.rows(); ++r) u(r) = place(x(r, 0), x(r, 1)).u;
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace&) const {
    for (Index r = 0; r < x.rows(); ++r) {
      const auto p = place(x(r, 0), x(r, 1));
      u(r) = p.u, g(r, 0) = p.g0, g(r, 1) = p.g1;
    }
  }

 private:
  template <class T> struct Place { T u, g0, g1; };
  template <class T> Place<T> place(T x0, T x1) const {
    if (!std::isfinite(x0) || !std::isfinite(x1)) return {T(std::numeric_limits<double>::infinity()), T(0), T(0)};
    T d0, d1, o0, o1;
    const Index i = pixel(x0, d0, o0), j = pixel(x1, d1, o1);
    const T e0 = T(0.5) * (picture_->energy(i + 1, j) - picture_->energy(i - 1, j)),
            e1 = T(0.5) * (picture_->energy(i, j + 1) - picture_->energy(i, j - 1));
    return {picture_->energy(i, j) + d0 * e0 + d1 * e1 + T(100) * (o0 * o0 + o1 * o1),
            e0 * T(Picture::scale) + T(200) * o0, e1 * T(Picture::scale) + T(200) * o1};
  }
  /// The inner pixel nearest to a coordinate, the place in its own pixel in (-1/2, 1/2], and how far it lies outside.
  template <class T> static Index pixel(T x, T& d, T& outside) {
    const T inside = std::clamp(x, T(-Picture::half), T(Picture::half));
    outside = x - inside;
    const T at = (inside + T(Picture::half)) * T(Picture::scale) - T(0.5), whole = std::round(at);
    d = at - whole;
    return std::clamp<Index>(static_cast<Index>(whole), 1, Picture::side - 2);
  }

  const Picture* picture_;
};

struct Settings {
  int steps = 2000;
  Index batch = 250, samples = 500'000, rows = 50'000;
  double rate = 1e-3;
};
struct Row {
  double divergence, nll, acceptance, train_seconds, sample_seconds;
};
/// `blocks` blocks of two couplings, among 1, 2, 3, 4, 6, 8, without moves and with ten on the prior and behind every
/// block.
Row real_nvp(int blocks, bool moves, const Picture& picture, const Batch<float>& data, Noise noise, const Settings& s);
Row nsf(int blocks, bool moves, const Picture& picture, const Batch<float>& data, Noise noise, const Settings& s);

}  // namespace snf
