// SPDX-License-Identifier: MIT
// What Eigen 3.4 reads first where SSE is on.  Emscripten has SSE as WebAssembly's SIMD but no MMX, which Eigen does
// not use; and takes clang for a g++ 4.2, for whose faults Eigen has inline assembly that only x86 reads.
#pragma once
#undef EIGEN_COMP_GNUC
#define EIGEN_COMP_GNUC 63
