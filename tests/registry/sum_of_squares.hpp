// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/sum_of_squares.hpp"

#define RHEO_REGISTRY(entry)                                                                        \
  entry("sum of squares coupling", (Coupling<2, SumOfSquares<2, 2>, SmoothNet, 1, HalfMask<2>>{})); \
  entry("elementwise sum of squares", (Elementwise<2, SumOfSquares<3, 3>>{}))
