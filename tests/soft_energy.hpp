// SPDX-License-Identifier: MIT
// A soft energy in the plane, neither Gaussian nor even, and the path to it from N(0, I).
#pragma once

#include "rheo/math/path_energy.hpp"

namespace rheo_test {

/// u = x^4 / 10 + 0.7 (y - x)^2 + 0.3 x; y given x is N(x, 1 / 1.4).
struct Soft {
  static constexpr rheo::Index dim = 2;
  template <class T> using Workspace = rheo::NoWorkspace;
  template <class T> void value(rheo::CView<T> x, rheo::ColView<T> u, rheo::NoWorkspace&) const {
    for (rheo::Index i = 0; i < x.rows(); ++i) {
      const T a = x(i, 0), b = x(i, 1) - a;
      u(i) = a * (a * a * a * T(0.1) + T(0.3)) + b * b * T(0.7);
    }
  }
  template <class T>
  void value_and_gradient(rheo::CView<T> x, rheo::ColView<T> u, rheo::View<T> g, rheo::NoWorkspace& w) const {
    value(x, u, w);
    for (rheo::Index i = 0; i < x.rows(); ++i) {
      const T a = x(i, 0), b = x(i, 1) - a;
      g(i, 0) = a * a * a * T(0.4) + T(0.3) - b * T(1.4);
      g(i, 1) = b * T(1.4);
    }
  }
};
using SoftPath = rheo::Interpolated<rheo::NormalEnergy<2>, Soft>;
inline SoftPath soft_path() { return SoftPath(rheo::NormalEnergy<2>{}, Soft{}, 0.6); }

}  // namespace rheo_test
