// SPDX-License-Identifier: MIT
// Whole files by the system's own calls: InputFile, replace_file, can_replace_file.
#pragma once

#if defined(_WIN32)
#include "rheo/platform/files_windows.hpp"
#else
#include "rheo/platform/files_posix.hpp"
#endif
