// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/rejected.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/targets/energies.hpp"

namespace rheo_test {
using Below = Rejected<StandardNormal<2>, targets::Banana<2>>;
inline const targets::Banana<2> bent{1.2, 0.5};
}  // namespace rheo_test

#define RHEO_REGISTRY(entry)                                                                                \
  entry("rejected normal, two steps", (Rejected<StandardNormal<2>, targets::Banana<2>, 2>{{}, bent, 0.7})); \
  entry("rejected flow of a rejected base, five steps",                                                     \
        (Rejected<Flow<SmoothCoupling, Below>, targets::Banana<2>, 5>{Flow{SmoothCoupling{}, Below{{}, bent}}, bent}))
