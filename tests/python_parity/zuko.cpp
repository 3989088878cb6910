// SPDX-License-Identifier: MIT
// The cases of zuko.
#include "rheo/io/import/zuko.hpp"
#include "compare.hpp"

namespace python_parity {

namespace {
namespace theirs = io::zuko;
template <class F> void check(Comparison& c, const std::string& name) {
  c.check("zuko_" + name, [](const std::string& path) { return io::from_zuko<F>(path); });
}
using Own = Flow<Autoregressive<4, theirs::Affine, MadeBy<DealtDegrees, Tanh, ZeroLast, 30, 31>, 0, Order<1, 3, 0, 2>>,
                 Coupling<4, theirs::Spline<6>, Mlp<16, 16>, 0, Mask<0, 1, 1, 0>>, StandardNormal<4>>;
}  // namespace

void zuko(Comparison& c) {
  check<theirs::Maf<5>>(c, "maf");
  check<theirs::Maf<4, 3, 2, 37, 50>>(c, "maf_context");
  check<theirs::Maf<6, 0, 5, 13>>(c, "maf_uneven");
  check<theirs::Nsf<3>>(c, "nsf");
  check<theirs::Nsf<2, 5, 3, 5, 20, 30, 40>>(c, "nsf_context");
  check<theirs::Nsf<1, 2, 2>>(c, "nsf_one");
  check<theirs::Nice<4, 0, 4>>(c, "nice");
  check<theirs::Nice<5, 2, 3, 24>>(c, "nice_context");
  check<Own>(c, "own");
}

}  // namespace python_parity
