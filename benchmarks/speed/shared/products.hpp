// SPDX-License-Identifier: MIT
// Matrix products compiled once a program, in products.cpp: they are a good part of what a file with a net costs the compiler.
#pragma once

#include "rheo/core/product.hpp"

#ifndef RHEO_PRODUCTS_HERE
#define RHEO_PRODUCTS_HERE extern
#endif
namespace rheo {
#define RHEO_PRODUCTS(T)                                                     \
  RHEO_PRODUCTS_HERE template void gemm_nn<T>(CView<T>, CView<T>, View<T>); \
  RHEO_PRODUCTS_HERE template void gemm_nt<T>(CView<T>, CView<T>, View<T>); \
  RHEO_PRODUCTS_HERE template void gemm_tn_add<T>(CView<T>, CView<T>, View<T>)
RHEO_PRODUCTS(float);
RHEO_PRODUCTS(double);
#undef RHEO_PRODUCTS
}  // namespace rheo
