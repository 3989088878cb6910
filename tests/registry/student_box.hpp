// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/box.hpp"
#include "rheo/distributions/student_t.hpp"

#define RHEO_REGISTRY(entry)                                                   \
  entry("Student t", (StudentT<1>{8.0}));                                      \
  entry("Student t, fixed", (StudentT<2, Degrees::fixed>{6.0}));               \
  entry("conditional Student t", (ConditionalStudentT<3, SmoothNet, 2>{4.0})); \
  entry("uniform box", (UniformBox<2>{{-1, 0}, {1, 3}}))
