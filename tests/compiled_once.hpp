// SPDX-License-Identifier: MIT
// What many test programs would compile alike and compiled_once.cpp compiles for all of them: explicit instantiations, declared `extern`
// everywhere but there.
#include "rheo/core/product.hpp"
#include "rheo/evaluation/certify.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/math/contraction.hpp"
#include "rheo/math/spectral.hpp"
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
  RHEO_COMPILE_ONCE template struct detail::BenchRoom<T>;                                                               \
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

// What the residual layers iterate.
RHEO_COMPILE_ONCE template void math::contraction_root_of<float>(CView<float>, View<float>, double, Arena&, Report*, math::MapRef<float>);
RHEO_COMPILE_ONCE template void math::contraction_root_of<double>(CView<double>, View<double>, double, Arena&, Report*, math::MapRef<double>);
RHEO_COMPILE_ONCE template void math::contraction_root_of<Dual<float>>(CView<Dual<float>>, View<Dual<float>>, double, Arena&, Report*, math::MapRef<Dual<float>>);
RHEO_COMPILE_ONCE template void math::contraction_root_of<Dual<double>>(CView<Dual<double>>, View<Dual<double>>, double, Arena&, Report*, math::MapRef<Dual<double>>);
RHEO_COMPILE_ONCE template double math::leading_pair<float>(CView<float>, ColView<float>, ColView<float>, int);
RHEO_COMPILE_ONCE template double math::leading_pair<double>(CView<double>, ColView<double>, ColView<double>, int);

#undef RHEO_ONCE
#undef RHEO_ONCE_ACTIVATION

}  // namespace rheo

namespace Eigen::internal {
#define RHEO_ONCE(T)                                                                                                                   \
  RHEO_COMPILE_ONCE template struct gebp_kernel<T, T, Index, blas_data_mapper<T, Index, ColMajor, Unaligned, 1>, gebp_traits<T, T>::mr, gebp_traits<T, T>::nr, false, false>;      \
  RHEO_COMPILE_ONCE template struct general_matrix_vector_product<Index, T, const_blas_data_mapper<T, Index, ColMajor>, ColMajor, false, T,  \
                                                                  const_blas_data_mapper<T, Index, RowMajor>, false, 0>;                     \
  RHEO_COMPILE_ONCE template struct general_matrix_vector_product<Index, T, const_blas_data_mapper<T, Index, RowMajor>, RowMajor, false, T,  \
                                                                  const_blas_data_mapper<T, Index, ColMajor>, false, 0>
RHEO_ONCE(float);
RHEO_ONCE(double);
#undef RHEO_ONCE
}  // namespace Eigen::internal
