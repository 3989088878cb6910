// SPDX-License-Identifier: MIT
// The surjective flows.
#include "models.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"

namespace models {
using namespace rheo;

Entry abs_flow() {
  return entry<presets::AbsFlow<2>>(
      "abs_flow", "moduli of both coordinates, 8 affine couplings: for targets with both mirror symmetries");
}
Entry abs_uniform() {
  return entry<presets::AbsUniform<2>>("abs_uniform",
                                       "learned signs of x1, all else uniform: for checkerboard; data in [-4, 4]^2");
}
Entry sort_flow() {
  return entry<presets::SortFlow<2>>(
      "sort_flow", "both coordinates sorted, 8 affine couplings: for targets that do not tell x1 from x2");
}
Entry permute_flow() {
  return entry<presets::PermuteFlow<2>>("permute_flow",
                                        "8 shuffles and affine couplings: sort_flow's targets, a bound");
}
Entry max_flow() {
  return entry<presets::MaxFlow<2>>("max_flow", "the larger coordinate by a spline, the other given it by splines");
}
Entry augmented_flow() {
  return entry<presets::AugmentedFlow<2>>("augmented_flow",
                                          "two normal numbers beside the data, 8 affine couplings: a bound");
}
Entry slice_flow() {
  return entry<presets::SliceFlow<2>>("slice_flow", "8 affine couplings, then one coordinate normal given the other");
}
}  // namespace models
