// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/free_form.hpp"

#define RHEO_REGISTRY(entry)                                            \
  entry("free form, 1-D", (FreeForm<1, MlpOf<Tanh, 5>>{}));             \
  entry("free form, 2-D, a residual decoder with a context",            \
        (FreeForm<2, MlpOf<Silu, 4>, ResidualMlpOf<Tanh, 4, 2>, 1>{})); \
  entry("free form, 3-D, a context", (FreeForm<3, ResidualMlpOf<Silu, 4, 1>, MlpOf<Softplus, 6, 5>, 2>{}))
