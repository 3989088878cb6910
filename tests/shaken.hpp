// SPDX-License-Identifier: MIT
// Models away from their start.
#pragma once

#include "rheo/flows/model.hpp"

namespace rheo_test {

/// Parameters have left their starting values by N(0, deviation^2).
template <class F> rheo::Model<F, double> shaken(F flow, double deviation) {
  auto model = rheo::make_model<double>(std::move(flow), rheo::Noise{1});
  for (rheo::Index i = 0; i < model.parameters().size(); ++i)
    model.parameters()(i) += deviation * rheo::Noise{2}.normal(i, 0);
  return model;
}

}  // namespace rheo_test
