// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/householder.hpp"
#include "rheo/layers/bijections/qr_linear.hpp"
#include "rheo/layers/bijections/svd_linear.hpp"

#define RHEO_REGISTRY(entry)                                  \
  entry("Householder, 3 reflections", (Householder<4, 3>{})); \
  entry("QR linear", (QrLinear<3>{}));                        \
  entry("SVD linear", (SvdLinear<2>{}))
