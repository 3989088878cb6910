// SPDX-License-Identifier: MIT
// The case of SurVAE's library, which is not on PyPI.
#include "rheo/io/import/survae.hpp"
#include "compare.hpp"

namespace python_parity {

namespace {
namespace theirs = io::survae;
using Affine = theirs::AffineCouplingBijection<5, 20, 12>;
using F = Flow<Affine, theirs::ActNormBijection<5>, theirs::Reverse<5>, Affine, theirs::Shuffle<5>, Affine,
               StandardNormal<5>>;
}  // namespace

void survae(Comparison& c) {
  c.check("survae_affine", [](const std::string& path) { return io::from_survae<F>(path); });
}

}  // namespace python_parity
