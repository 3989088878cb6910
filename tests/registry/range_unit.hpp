// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/range.hpp"

#define RHEO_REGISTRY(entry)                                         \
  entry("logit, temperature 1/2", (LogitMap<2>{range::Logit{0.5}})); \
  entry("sigmoid", (SigmoidMap<2>{}));                               \
  entry("interval", (IntervalMap<2>{range::Interval{-1, 3}}));       \
  entry("tanh", (TanhMap<1>{}));                                     \
  entry("artanh", (ArctanhMap<2>{}));                                \
  entry("cut circle", (CutCircleMap<1>{}))
