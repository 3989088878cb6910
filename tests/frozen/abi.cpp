// SPDX-License-Identifier: MIT
// The shared library of one frozen flow; the header may have been read before.
#include "conditional.hpp"
#define CONDITIONAL_C_ABI
#include "conditional.hpp"
#include "conditional.hpp"
