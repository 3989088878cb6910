// SPDX-License-Identifier: MIT
// Functions that depend on the scalar alone may be compiled once for a program: where RHEO_COMPILED is defined (by the
// CMake target rheo::compiled) they are declared beside their definitions, RHEO_COMPILE(void f<float>(float)), and
// rheo/compiled.cpp, which defines RHEO_COMPILED_SOURCE, makes them.
#pragma once

#if defined(RHEO_COMPILED_SOURCE)
#define RHEO_COMPILE(...) template __VA_ARGS__
#elif defined(RHEO_COMPILED)
#define RHEO_COMPILE(...) extern template __VA_ARGS__
#else
#define RHEO_COMPILE(...) static_assert(true)
#endif
