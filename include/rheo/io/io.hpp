// SPDX-License-Identifier: MIT
// Everything in io/ but the weights of other libraries (io/import/): files that are whole or not there, tables,
// tensors, checkpoints, pictures, progress.  Optional: nothing above includes it.
#pragma once

#include "rheo/io/checkpoint.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/io/encoding.hpp"
#include "rheo/io/file.hpp"
#include "rheo/io/freeze.hpp"
#include "rheo/io/half_blocks.hpp"
#include "rheo/io/json.hpp"
#include "rheo/io/model_file.hpp"
#include "rheo/io/npy.hpp"
#include "rheo/io/plot.hpp"
#include "rheo/io/plot_corner.hpp"
#include "rheo/io/plot_curves.hpp"
#include "rheo/io/plot_fit.hpp"
#include "rheo/io/png.hpp"
#include "rheo/io/progress.hpp"
#include "rheo/io/row_files.hpp"
#include "rheo/io/safetensors.hpp"
