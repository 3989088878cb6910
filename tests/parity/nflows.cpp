// SPDX-License-Identifier: MIT
// Whole flows with the weights of nflows: masked autoregressive, RealNVP and neural spline coupling with LU layers
// between, all with residual conditioners.
#include "rheo/io/import/nflows.hpp"
#include "parity.hpp"

namespace parity_nflows {

namespace {
using namespace rheo_test;
template <class F> void check(const std::string& name, F flow = {}) {
  check_parity(io::from_nflows<F>(state_dict(name), name, flow), Reference(name));
}

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
TEST_CASE("nflows: contexts, masked splines, nested composites") {
  namespace theirs = io::nflows;
  using Last = theirs::SplineCoupling<3, 12, Mask<1, 0, 1>, 2, 5>;
  check("nflows_context_D3",
        Flow{theirs::MaskedAffine<3, 17, 2>{}, theirs::Permutation<3>{}, theirs::MaskedSpline<3, 14, 2, 6, 4, 1>{},
             theirs::ReversePermutation<3>{}, Last{theirs::Spline<5, 1, 12>(2.5)}, StandardNormal<3>{}});
}
TEST_CASE("nflows: masked autoregressive flow without residual blocks, random permutations") {
  using Layer = Autoregressive<5, ScaleShift<FlooredSoftplusScale>, io::nflows::FeedforwardMade<18, 18, 18>>;
  check<Flow<Repeat<2, Chain<io::nflows::Permutation<5>, Layer>>, StandardNormal<5>>>("nflows_maf_feedforward_D5");
}

}  // namespace parity_nflows
