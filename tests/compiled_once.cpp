// SPDX-License-Identifier: MIT
// The definitions: an explicit instantiation may follow its `extern` declaration, which the precompiled header holds.
#undef RHEO_COMPILE_ONCE
#define RHEO_COMPILE_ONCE
#include "compiled_once.hpp"
