// SPDX-License-Identifier: MIT
// The density of a distribution in a bench.
#pragma once

#include "rheo/evaluation/layer_bench.hpp"

namespace rheo_test {

template <class B> rheo::Column<double> density(rheo::detail::LayerBench<B, double>& b, const rheo::Batch<double>& x) {
  rheo::Batch<double> out;
  rheo::Column<double> v;
  b.template call<true>(x, rheo::Batch<double>(x.rows(), 0), rheo::Noise{}, out, v);
  return v.exp();
}

}  // namespace rheo_test
