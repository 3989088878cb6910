// SPDX-License-Identifier: MIT
// Whole flows with the weights of zuko: MAF and NSF, whose masked nets become rheo's own Made once units are sorted by
// degree (their weights under the mask are not zero: Made must not read them), and coupling.
#include "rheo/io/import/zuko.hpp"
#include "parity.hpp"

namespace parity_zuko {

namespace {
using namespace rheo_test;
template <class F> void check(const std::string& name) {
  check_parity(io::from_zuko<F>(state_dict(name), name), Reference(name));
}

using Own =
    Flow<Autoregressive<4, io::zuko::Affine, MadeBy<DealtDegrees, Tanh, ZeroLast, 30, 31>, 0, Order<1, 3, 0, 2>>,
         Coupling<4, io::zuko::Spline<6>, Mlp<16, 16>, 0, Mask<0, 1, 1, 0>>, StandardNormal<4>>;
}  // namespace

TEST_CASE("zuko: MAF") { check<io::zuko::Maf<5, 0, 3, 32, 32>>("zuko_maf_D5"); }
TEST_CASE("zuko: NSF") {
  check<io::zuko::Nsf<3, 0, 3, 8, 32, 32>>("zuko_nsf_D3");
  check<io::zuko::Nsf<4, 2, 3, 8, 32, 32>>("zuko_nsf_D4_context2");
}
TEST_CASE("zuko: coupling") { check<io::zuko::Nice<4, 0, 3, 32, 32>>("zuko_nice_D4"); }
TEST_CASE("zuko: a flow of one's own, with another order, mask and activation, and units that do not divide evenly") {
  check<Own>("zuko_own_D4");
}

}  // namespace parity_zuko
