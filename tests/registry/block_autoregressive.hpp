// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/block_autoregressive.hpp"

#define RHEO_REGISTRY(entry)                                                                      \
  entry("block autoregressive", (BlockAutoregressive<2, Blocks<4, 3>>{}));                        \
  entry("block autoregressive, 4 dimensions, context", (BlockAutoregressive<4, Blocks<5>, 2>{})); \
  entry("inverse block autoregressive, 1 dimension", (Invert<BlockAutoregressive<1, Blocks<6, 5, 4>>>{}))
