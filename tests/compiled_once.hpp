// SPDX-License-Identifier: MIT
// What many test programs would compile alike and compiled_once.cpp compiles for all of them: explicit instantiations,
// declared `extern` everywhere but there.  What is not for tests alone is in rheo::compiled.
#include "once.hpp"
#include "rheo/evaluation/certify.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/math/contraction.hpp"
#include "rheo/nets/activation.hpp"
#include "rheo/nets/linear.hpp"

#ifndef RHEO_COMPILE_ONCE
#define RHEO_COMPILE_ONCE extern
#endif

namespace rheo {

#define RHEO_ONCE_ACTIVATION(T, Act)                                                                                   \
  RHEO_COMPILE_ONCE template void detail::dense<T, Act>(CView<T>, CView<T>, CColView<T>, View<T>, T*);                 \
  RHEO_COMPILE_ONCE template void detail::dense_pull<T, Act>(CView<T>, const T*, CView<T>, CView<T>, View<T>, View<T>, \
                                                             ColView<T>)
#define RHEO_ONCE(T)                                  \
  RHEO_COMPILE_ONCE template class detail::Runner<T>; \
  RHEO_COMPILE_ONCE template struct detail::BenchRoom<T>

RHEO_ONCE(float);
RHEO_ONCE(double);
RHEO_ONCE(Dual<double>);
RHEO_COMPILE_ONCE template std::vector<Finding> detail::certify_subject<double>(const detail::Subject&,
                                                                                const CertifyOptions&);

// What duals take in place of what rheo::compiled has.
RHEO_COMPILE_ONCE template void detail::dense<Dual<double>, Identity>(CView<Dual<double>>, CView<Dual<double>>,
                                                                      CColView<Dual<double>>, View<Dual<double>>,
                                                                      Dual<double>*);
RHEO_ONCE_ACTIVATION(Dual<double>, Tanh);
RHEO_ONCE_ACTIVATION(Dual<double>, Relu);
RHEO_COMPILE_ONCE template void gemm_nn<Dual<double>>(CView<Dual<double>>, CView<Dual<double>>, View<Dual<double>>);
RHEO_COMPILE_ONCE template void gemm_nt<Dual<double>>(CView<Dual<double>>, CView<Dual<double>>, View<Dual<double>>);
RHEO_COMPILE_ONCE template void detail::slim_product<Dual<double>>(CView<Dual<double>>, CView<Dual<double>>,
                                                                   View<Dual<double>>);
RHEO_COMPILE_ONCE template void detail::slim_product_t<Dual<double>>(CView<Dual<double>>, CView<Dual<double>>,
                                                                     View<Dual<double>>);
RHEO_COMPILE_ONCE template void math::contraction_root_of<Dual<double>>(CView<Dual<double>>, View<Dual<double>>, double,
                                                                        Arena&, Report*, math::MapRef<Dual<double>>);

#undef RHEO_ONCE
#undef RHEO_ONCE_ACTIVATION

}  // namespace rheo
