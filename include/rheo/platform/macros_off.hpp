// SPDX-License-Identifier: MIT
// Last include of a header that says min, max or abs: puts aside what other libraries (windows.h, Arduino) define as
// macros of these names, until rheo/platform/macros_on.hpp.
#pragma push_macro("min")
#undef min
#pragma push_macro("max")
#undef max
#pragma push_macro("abs")
#undef abs
