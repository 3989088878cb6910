// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/bernstein.hpp"

#define RHEO_REGISTRY(entry)                                                             \
  entry("Bernstein coupling", (Coupling<2, Bernstein<8>, SmoothNet, 1, HalfMask<2>>{})); \
  entry("elementwise Bernstein", (Elementwise<2, Bernstein<4>>{Bernstein<4>{3.0}}))
