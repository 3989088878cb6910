// SPDX-License-Identifier: MIT
// What our own programs read first.
#include "rheo/math/contraction.hpp"
#include "rheo/math/spectral.hpp"
#include "rheo/training/fit.hpp"
