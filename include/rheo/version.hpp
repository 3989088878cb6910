// SPDX-License-Identifier: MIT
// The version, read by CMake too.
#pragma once

#define RHEO_VERSION_MAJOR 0
#define RHEO_VERSION_MINOR 2
#define RHEO_VERSION_PATCH 0
