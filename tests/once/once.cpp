// SPDX-License-Identifier: MIT
// What makes the precompiled header of our own programs.
#include "once.hpp"
