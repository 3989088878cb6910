// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/flows/generative.hpp"

#define RHEO_REGISTRY(entry)                                                                        \
  entry("unsort points", (UnsortPoints<3, 2, 1>{}));                                                \
  entry("unmax, gaps given what is kept and a context",                                             \
        (Unmax<3, Given<family::Exponential<SoftBound>, SmoothNet>, Plain<family::Fair<3>>, 1>{})); \
  entry("unpool", (Unpool2x2<1, 2, 4, Plain<family::HalfNormal<>>>{}))
