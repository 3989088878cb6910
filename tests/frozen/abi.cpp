// SPDX-License-Identifier: MIT
// The shared library of one frozen flow.
#define CONDITIONAL_C_ABI
#include "conditional.hpp"
