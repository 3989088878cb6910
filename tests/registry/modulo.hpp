// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/discretized_logistic.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/modulo.hpp"

#define RHEO_REGISTRY(entry)                                                                         \
  entry("modulo", (Modulo<1>{}));                                                                    \
  entry("modulo, learned windings", (Modulo<2, Given<family::DiscretizedLogistic<>, SmoothNet>>{})); \
  entry("modulo on one of two coordinates, context",                                                 \
        (Modulo<2, Given<family::DiscretizedLogistic<>, SmoothNet>, Mask<1, 0>, 1>{}));              \
  entry("unwind", (Unwind<1>{}));                                                                    \
  entry("unwind, learned windings", (Unwind<1, Given<family::DiscretizedLogistic<>, SmoothNet>>{})); \
  entry("discretized logistic", (DiscretizedLogistic<2>{}))
