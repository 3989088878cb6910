// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/surjections/argmax.hpp"

#define RHEO_REGISTRY(entry)                                               \
  entry("argmax, plain noise", (Argmax<2, 3, Plain<family::Normal<>>>{})); \
  entry("argmax, noise given the category and a context",                  \
        (Argmax<3, 4, Given<family::Normal<SoftBound>, SmoothNet>, 2>{})); \
  entry("argmax run backwards", (Invert<Argmax<1, 2, Given<family::Logistic<SoftBound>, SmoothNet>>>{}))
