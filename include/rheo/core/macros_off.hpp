// SPDX-License-Identifier: MIT
// Last include of a header that says min, max or abs: other libraries' function-like macros of these names (windows.h, Arduino) are put aside,
#pragma push_macro("min")
#undef min
#pragma push_macro("max")
#undef max
#pragma push_macro("abs")
#undef abs
