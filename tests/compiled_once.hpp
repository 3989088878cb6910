// SPDX-License-Identifier: MIT
// What many test programs would compile alike and compiled_once.cpp compiles for all of them: explicit instantiations, declared `extern`
// everywhere but there.
#include "rheo/core/product.hpp"
#include "rheo/evaluation/certify.hpp"
#include "rheo/nets/activation.hpp"
#include "rheo/nets/linear.hpp"

#ifndef RHEO_COMPILE_ONCE
#define RHEO_COMPILE_ONCE extern
#endif

namespace rheo {

#define RHEO_ONCE_ACTIVATION(T, Act)                                                                                    \
  RHEO_COMPILE_ONCE template void detail::dense<T, Act>(CView<T>, CView<T>, CColView<T>, View<T>, T*);                  \
  RHEO_COMPILE_ONCE template void detail::dense_pull<T, Act>(CView<T>, const T*, CView<T>, CView<T>, View<T>, View<T>, ColView<T>)
#define RHEO_ONCE(T)                                                                                                    \
  RHEO_COMPILE_ONCE template class detail::Runner<T>;                                                                   \
  RHEO_COMPILE_ONCE template void gemm_nn<T>(CView<T>, CView<T>, View<T>);                                              \
  RHEO_COMPILE_ONCE template void gemm_nt<T>(CView<T>, CView<T>, View<T>);                                              \
  RHEO_COMPILE_ONCE template void gemm_tn_add<T>(CView<T>, CView<T>, View<T>);                                          \
  RHEO_COMPILE_ONCE template void detail::weight_pull<T>(CView<T>, CView<T>, View<T>);                                  \
  RHEO_COMPILE_ONCE template void detail::input_pull<T>(CView<T>, CView<T>, View<T>);                                   \
  RHEO_COMPILE_ONCE template void detail::first_pull<T>(CView<T>, CView<T>, CView<T>, View<T>, View<T>);                \
  RHEO_COMPILE_ONCE template void detail::slim_product<T>(CView<T>, CView<T>, View<T>);                                 \
  RHEO_COMPILE_ONCE template void detail::slim_product_t<T>(CView<T>, CView<T>, View<T>);                               \
  RHEO_COMPILE_ONCE template void detail::dense<T, Identity>(CView<T>, CView<T>, CColView<T>, View<T>, T*);             \
  RHEO_ONCE_ACTIVATION(T, Tanh);                                                                                        \
  RHEO_ONCE_ACTIVATION(T, Relu)

RHEO_ONCE(float);
RHEO_ONCE(double);
RHEO_ONCE(Dual<float>);
RHEO_ONCE(Dual<double>);
RHEO_COMPILE_ONCE template std::vector<Finding> detail::certify_subject<double>(const detail::Subject&, const CertifyOptions&);

#undef RHEO_ONCE
#undef RHEO_ONCE_ACTIVATION

}  // namespace rheo
