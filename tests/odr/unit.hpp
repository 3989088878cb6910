// SPDX-License-Identifier: MIT
// What both units instantiate.
#pragma once

#include "rheo/rheo.hpp"

using OdrFlow = rheo::Flow<rheo::AffineCoupling<2, rheo::Mlp<4>>, rheo::Reverse<2>, rheo::StandardNormal<2>>;
using OdrModel = rheo::Model<OdrFlow, double>;

/// A model with parameters off the identity, and points for it.
inline OdrModel odr_model() {
  auto model = rheo::make_model<double>(OdrFlow{}, rheo::Noise{1});
  model.parameters() += 0.25;
  return model;
}
inline rheo::Batch<double> odr_points() {
  rheo::Batch<double> x(3, 2);
  x << 0, 1, -1, 0.5, 2, -3;
  return x;
}

rheo::Column<double> log_prob_in_second(const OdrModel& model, const rheo::Batch<double>& x);
rheo::Batch<double> sample_in_second();
const void* fail_handler_in_second();
