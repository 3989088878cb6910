// SPDX-License-Identifier: MIT
// What a user has of his own: an activation, and a flow whose type holds a lambda.
#pragma once

#include <rheo/distributions/normal.hpp>
#include <rheo/flows/flow.hpp>
#include <rheo/layers/bijections/elementwise.hpp>
#include <rheo/nets/activation.hpp>

namespace mine {

/// Tanh, by another name.
struct Bend : rheo::Tanh {};

inline auto flow(double power) {
  return rheo::Flow{rheo::elementwise<1, 1>([power](auto x, const auto& a) { return x + power * x * x * x + a[0]; }),
                    rheo::StandardNormal<1>{}};
}

}  // namespace mine
