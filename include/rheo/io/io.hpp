// SPDX-License-Identifier: MIT
// Everything in io/.
#pragma once

#include "rheo/io/csv.hpp"
#include "rheo/io/file.hpp"
#include "rheo/io/plot.hpp"
#include "rheo/io/png.hpp"
#include "rheo/io/progress.hpp"
