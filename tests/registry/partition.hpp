// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/surjections/partition.hpp"

#define RHEO_REGISTRY(entry)                                              \
  entry("partition", (Partition<1, 4, Plain<family::Categorical<4>>>{})); \
  entry("partition, gate, knots",                                         \
        (Partition<2, 3, Given<family::Categorical<3>, SmoothNet>, 1>{detail::Zigzag<3>({0.2, 0.5})}))
