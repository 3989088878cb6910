// SPDX-License-Identifier: MIT
// Whole flows with the weights of SurVAE's library behind the absolute value.
#include "rheo/io/import/survae.hpp"
#include "parity.hpp"

namespace parity_survae {

namespace {
using namespace rheo_test;
namespace theirs = rheo::io::survae;
using Affine = theirs::AffineCouplingBijection<2, 32, 32>;
using Reverse = theirs::Reverse<2>;
template <class Range>
using AbsFlow = Flow<theirs::SimpleAbsSurjection<2>, Range, Affine, Reverse, Affine, Reverse, Affine, Reverse, Affine,
                     StandardNormal<2>>;
template <class F> void check(const std::string& name) {
  const Reference r(name);
  CHECK(worst_relative(io::from_survae<F>(state_dict(name), name).log_prob(r.batch("x")), r.batch("log_prob")) < 1e-10);
}
}  // namespace

TEST_CASE("SurVAE: absolute value and logit") { check<AbsFlow<theirs::Logit<2>>>("survae_abs_logit"); }
TEST_CASE("SurVAE: absolute value and inverse softplus") {
  check<AbsFlow<theirs::SoftplusInverse<2>>>("survae_abs_softplus");
}
TEST_CASE("SurVAE: affine couplings of several coordinates, ActNorm, permutations") {
  using Wide = theirs::AffineCouplingBijection<5, 20, 12>;
  using F =
      Flow<Wide, theirs::ActNormBijection<5>, theirs::Reverse<5>, Wide, theirs::Shuffle<5>, Wide, StandardNormal<5>>;
  check_parity(io::from_survae<F>(state_dict("survae_affine_D5"), "survae_affine_D5"), Reference("survae_affine_D5"));
}
TEST_CASE("SurVAE: an augmented flow's tensors, all of them taken") {
  using F = Flow<theirs::Augment<2, 3>, theirs::AffineCouplingBijection<5, 4>, StandardNormal<5>>;
  io::TensorFile file;
  for (const char* name : {"transforms.0.encoder.buffer", "base_dist.buffer"})
    file.tensors.push_back({name, "F32", {1}, {0}, {}});
  file.tensors.push_back({"transforms.1.coupling_net.0.0.weight", "F64", {4, 3}, std::vector<double>(12, 0.1), {}});
  file.tensors.push_back({"transforms.1.coupling_net.0.0.bias", "F64", {4}, std::vector<double>(4, 0), {}});
  file.tensors.push_back({"transforms.1.coupling_net.0.2.weight", "F64", {4, 4}, std::vector<double>(16, 0), {}});
  file.tensors.push_back(
      {"transforms.1.coupling_net.0.2.bias", "F64", {4}, {std::log(2.0), 0, 0, -1}, {}});  // log-scales, then shifts
  const auto model = io::from_survae<F>(file, "augmented");
  Batch<double> z(1, 5);
  z << 0.5, -0.5, 0.25, 2, 3;
  CHECK(model.decode(z)(0, 1) == -0.5);  // the coordinates of the data are the first two, which pass
  CHECK(model.elbo(Batch<double>::Zero(2, 2), Noise{1}).allFinite());
  file.tensors[0].name = "transforms.0.decoder.buffer";
  CHECK_THROWS_AS(io::from_survae<F>(file, "augmented"), FileError);
}

}  // namespace parity_survae
