// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/residual.hpp"

#define RHEO_REGISTRY(entry)                                   \
  entry("residual, 1-D", (Residual<1, LipschitzMlp<9>>{}));    \
  entry("residual, 2-D", (Residual<2, LipschitzMlp<9, 8>>{})); \
  entry("residual, 3-D with tanh and a context", (Residual<3, LipschitzMlpOf<LipTanh, 7, 8>, ExactLogDet, 2>{0.5}))
