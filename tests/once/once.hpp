// SPDX-License-Identifier: MIT
// What our own programs would all compile alike and once.cpp compiles for them: explicit instantiations, declared `extern` everywhere but there.
#include "rheo/core/product.hpp"
#include "rheo/math/contraction.hpp"
#include "rheo/math/spectral.hpp"
#include "rheo/nets/linear.hpp"
#include "rheo/training/fit.hpp"

#ifndef RHEO_LIBRARY_ONCE
#define RHEO_LIBRARY_ONCE extern
#endif

namespace rheo {

#define RHEO_ONCE(T)                                                                                                    \
  RHEO_LIBRARY_ONCE template void gemm_nn<T>(CView<T>, CView<T>, View<T>);                                              \
  RHEO_LIBRARY_ONCE template void gemm_nt<T>(CView<T>, CView<T>, View<T>);                                              \
  RHEO_LIBRARY_ONCE template void gemm_tn_add<T>(CView<T>, CView<T>, View<T>);                                          \
  RHEO_LIBRARY_ONCE template void detail::multiply_row<T>(const detail::Product<T>&);                                   \
  RHEO_LIBRARY_ONCE template void detail::weight_pull<T>(CView<T>, CView<T>, View<T>);                                  \
  RHEO_LIBRARY_ONCE template void detail::multiply<T>(const detail::Product<T>&);                                       \
  RHEO_LIBRARY_ONCE template void detail::first_pull<T>(CView<T>, CView<T>, CView<T>, View<T>, View<T>);                \
  RHEO_LIBRARY_ONCE template void detail::slim_product<T>(CView<T>, CView<T>, View<T>);                                 \
  RHEO_LIBRARY_ONCE template void detail::slim_product_t<T>(CView<T>, CView<T>, View<T>);                               \
  RHEO_LIBRARY_ONCE template void math::contraction_root_of<T>(CView<T>, View<T>, double, Arena&, Report*, math::MapRef<T>);  \
  RHEO_LIBRARY_ONCE template double math::leading_pair<T>(CView<T>, ColView<T>, ColView<T>, int);                       \
  RHEO_LIBRARY_ONCE template LogProbEstimate<T> detail::estimate<T>(const Batch<T>&, bool);                             \
  RHEO_LIBRARY_ONCE template class detail::ShardTrainer<T>;                                                             \
  RHEO_LIBRARY_ONCE template FitResult detail::fit_rows<T>(Numbers<T>&, Numbers<T>&, ShardTrainer<T>&, CView<T>, CView<T>, const FitOptions&, const HeldOut<T>*, \
                                                           const std::function<StartReport(const Batch<T>&, const Batch<T>&)>&)
RHEO_ONCE(float);
RHEO_ONCE(double);
#undef RHEO_ONCE

}  // namespace rheo

namespace Eigen::internal {
#define RHEO_ONCE(T)                                                                                                                   \
  RHEO_LIBRARY_ONCE template struct gebp_kernel<T, T, Index, blas_data_mapper<T, Index, ColMajor, Unaligned, 1>, gebp_traits<T, T>::mr, gebp_traits<T, T>::nr, false, false>;      \
  RHEO_LIBRARY_ONCE template struct general_matrix_vector_product<Index, T, const_blas_data_mapper<T, Index, ColMajor>, ColMajor, false, T,  \
                                                                  const_blas_data_mapper<T, Index, RowMajor>, false, 0>;                     \
  RHEO_LIBRARY_ONCE template struct general_matrix_vector_product<Index, T, const_blas_data_mapper<T, Index, RowMajor>, RowMajor, false, T,  \
                                                                  const_blas_data_mapper<T, Index, ColMajor>, false, 0>
RHEO_ONCE(float);
RHEO_ONCE(double);
#undef RHEO_ONCE
}  // namespace Eigen::internal
