// SPDX-License-Identifier: MIT
// The importers of every library; a program wants one of them as a rule.
#pragma once

#include "rheo/io/import/flowjax.hpp"
#include "rheo/io/import/nflows.hpp"
#include "rheo/io/import/normflows.hpp"
#include "rheo/io/import/survae.hpp"
#include "rheo/io/import/zuko.hpp"
