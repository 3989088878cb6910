// SPDX-License-Identifier: MIT
// The compiled part, for float and double: what the headers mark with RHEO_COMPILE.  A file of the target
// rheo::compiled; who builds without CMake compiles it once, with the flags of the program, and everything with
// -DRHEO_COMPILED.
#define RHEO_COMPILED_SOURCE
#include "rheo/core/noise.hpp"
#include "rheo/core/product.hpp"
#include "rheo/core/tile.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/math/contraction.hpp"
#include "rheo/math/spectral.hpp"
#include "rheo/nets/linear.hpp"
#include "rheo/training/fit_options.hpp"
#include "rheo/training/fit_run.hpp"
#include "rheo/training/held_out.hpp"
#include "rheo/training/outlying.hpp"
#include "rheo/training/repeated.hpp"
#include "rheo/training/support.hpp"
#include "rheo/training/trainer.hpp"
