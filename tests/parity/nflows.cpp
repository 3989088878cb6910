// SPDX-License-Identifier: MIT
// Whole flows with the weights of nflows: masked autoregressive, RealNVP and neural spline coupling with LU layers between, all with residual conditioners.
#include "rheo/io/import/nflows.hpp"
#include "parity.hpp"

namespace parity_nflows {

namespace {
using namespace rheo_test;
template <class F> void check(const std::string& name) { check_parity(io::from_nflows<F>(state_dict(name), name), Reference(name)); }

template <Index D> using Odd = io::nflows::SplineCoupling<D, 32, AlternatingMask<D, 0>, 0, 8, 3>;
template <Index D> using Even = io::nflows::SplineCoupling<D, 32, AlternatingMask<D, 1>, 0, 8, 3>;
template <Index D> using Lu = io::nflows::LuLinear<D>;
template <Index D> using SplineFlow = Flow<Odd<D>, Lu<D>, Even<D>, Lu<D>, Odd<D>, Lu<D>, StandardNormal<D>>;
}  // namespace

TEST_CASE("nflows: neural spline coupling flow with LU layers") {
  check<SplineFlow<2>>("nflows_rq_coupling_D2");
  check<SplineFlow<6>>("nflows_rq_coupling_D6");
}
TEST_CASE("nflows: masked autoregressive flow") {
  check<io::nflows::MaskedAutoregressiveFlow<2, 32, 3>>("nflows_maf_D2");
  check<io::nflows::MaskedAutoregressiveFlow<6, 32, 3>>("nflows_maf_D6");
}
TEST_CASE("nflows: RealNVP") {
  check<io::nflows::SimpleRealNvp<2, 32, 4>>("nflows_realnvp_D2");
  check<io::nflows::SimpleRealNvp<6, 32, 4>>("nflows_realnvp_D6");
}

}  // namespace parity_nflows
