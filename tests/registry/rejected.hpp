// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/rejected.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/targets/energies.hpp"

namespace rheo_test {
inline const targets::Banana<2> bent{1.2, 0.5};
inline const targets::Banana<3> bent_3{1.2, 0.5};
using RejectedNormal = Rejected<StandardNormal<3>, targets::Banana<3>>;
}  // namespace rheo_test

// The law of draws holds an estimate's mass to 1e-3; beyond the plane it is not run.
#define RHEO_REGISTRY(entry)                                                                                         \
  entry("rejected normal, two steps", (Rejected<StandardNormal<2>, targets::Banana<2>, 2>{{}, bent, 0.7, 1 << 20})); \
  entry("rejected flow of a rejected base, five steps",                                                              \
        (Rejected<Flow<AffineCoupling<3, SmoothNet>, RejectedNormal>, targets::Banana<3>, 5>{                        \
            Flow{AffineCoupling<3, SmoothNet>{}, RejectedNormal{{}, bent_3, 0.8, 4096}}, bent_3, 0.8, 4096}))
