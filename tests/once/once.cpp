// SPDX-License-Identifier: MIT
// The definitions: an explicit instantiation may follow its `extern` declaration, which the precompiled header holds.
#undef RHEO_LIBRARY_ONCE
#define RHEO_LIBRARY_ONCE
#include "once.hpp"
