// SPDX-License-Identifier: MIT
// The cases of nflows.
#include "rheo/io/import/nflows.hpp"
#include "compare.hpp"

namespace python_parity {

namespace {
namespace theirs = io::nflows;
template <class F> void check(Comparison& c, const std::string& name, F flow = {}) {
  c.check("nflows_" + name, [&](const std::string& path) { return io::from_nflows<F>(path, flow); });
}
using Feedforward = Chain<theirs::Permutation<5>,
                          Autoregressive<5, ScaleShift<FlooredSoftplusScale>, theirs::FeedforwardMade<18, 18, 18>>>;
template <Index K> using Additive = theirs::AdditiveCoupling<4, 16, AlternatingMask<4, K>>;
using First = theirs::SplineCoupling<3, 24, Mask<0, 1, 1>, 0, 8, 3>;
using Second = theirs::SplineCoupling<3, 24, Mask<1, 0, 1>, 0, 8, 3>;
using Third = theirs::SplineCoupling<3, 12, Mask<1, 0, 1>, 2, 5>;
}  // namespace

void nflows(Comparison& c) {
  check<theirs::MaskedAutoregressiveFlow<4, 20, 3>>(c, "maf");
  check<Flow<Repeat<2, Feedforward>, StandardNormal<5>>>(c, "maf_feedforward");
  check<theirs::SimpleRealNvp<5, 16, 4, 1>>(c, "real_nvp");
  check<Flow<Additive<0>, Additive<1>, Additive<0>, StandardNormal<4>>>(c, "additive");
  check<Flow<First, theirs::LuLinear<3>, Second, rheo::LuLinear<3>, StandardNormal<3>>>(c, "spline_coupling");
  check(c, "context",
        Flow{theirs::MaskedAffine<3, 17, 2>{}, theirs::Permutation<3>{}, theirs::MaskedSpline<3, 14, 2, 6, 4, 1>{},
             theirs::ReversePermutation<3>{}, Third{theirs::Spline<5, 1, 12>(2.5)}, StandardNormal<3>{}});
}

}  // namespace python_parity
