// SPDX-License-Identifier: MIT
// The cases of normflows.
#include "rheo/io/import/normflows.hpp"
#include "compare.hpp"

namespace python_parity {

namespace {
namespace theirs = io::normflows;
template <Index D, class... Layers> void check(Comparison& c, const std::string& name) {
  using F = theirs::NormalizingFlow<theirs::DiagGaussian<D>, Layers...>;
  c.check("normflows_" + name, [](const std::string& path) { return io::from_normflows<F>(path); });
}
}  // namespace

void normflows(Comparison& c) {
  check<5, Repeat<4, Chain<theirs::AffineCouplingBlock<5, 24, 16>, theirs::Swap<5>, theirs::ActNorm<5>>>>(c,
                                                                                                          "real_nvp");
  check<4, Repeat<3, Chain<theirs::AffineCouplingBlock<4, 24, 16>, theirs::Shuffle<4>>>>(c, "shuffle");
  using Odd = theirs::MaskedAffineFlow<3, Mask<0, 1, 0>, 12, 10>;
  using Even = theirs::MaskedAffineFlow<3, Mask<1, 0, 1>, 12, 10>;
  check<3, Odd, theirs::ActNorm<3>, Even, theirs::ActNorm<3>>(c, "masked_affine");
}

}  // namespace python_parity
