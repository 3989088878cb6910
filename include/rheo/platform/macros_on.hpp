// SPDX-License-Identifier: MIT
// Last line of such a header: puts back what rheo/platform/macros_off.hpp put aside.  Both are read anew by every
// header, so that they have no #pragma once.
#pragma pop_macro("abs")
#pragma pop_macro("max")
#pragma pop_macro("min")
