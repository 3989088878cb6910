// SPDX-License-Identifier: MIT
#define RHEO_COMPILE_ONCE
#include "compiled_once.hpp"
