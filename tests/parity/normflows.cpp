// SPDX-License-Identifier: MIT
// Whole flows with the weights of normflows, whose layers run from noise to data: the inverse of a chain.
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "weights.hpp"

namespace parity_normflows {

namespace {
using namespace rheo_test;

template <Index D> struct LargerHalfPasses {
  static constexpr bool transformed(Index j) { return j >= (D + 1) / 2; }
};
template <Index D> void real_nvp(const std::string& name) {
  constexpr Index first = D / 2;  // their swap puts the first D / 2 coordinates last
  std::array<Index, static_cast<std::size_t>(D)> swap{};
  for (Index j = 0; j < D; ++j) swap[static_cast<std::size_t>(j)] = (j + first) % D;
  const Chain block{AffineCoupling<D, Mlp<32, 32>, 0, Exp, LargerHalfPasses<D>>{}, Permute<D>{swap}, ActNorm<D>{}};
  using Block = std::remove_const_t<decltype(block)>;
  const Reference r(name);
  auto model = make_model<double>(Flow{Invert<Repeat<4, Block>>{Repeat<4, Block>{block}}, DiagonalNormal<D>{}}, Noise{});
  Importer put{r, model.theta()};
  for (int layer = 0; layer < 4; ++layer) {
    for (const char* l : {"0", "2", "4"}) put.linear("flows." + std::to_string(3 * layer) + ".flows.1.param_map.net." + l);
    put.values("flows." + std::to_string(3 * layer + 2) + ".s");
    put.values("flows." + std::to_string(3 * layer + 2) + ".t");
  }
  put.values("q0.loc");
  put.values("q0.log_scale");
  REQUIRE(put.done());
  check_parity(model, r);
  const Batch<double> loc = r.batch("q0.loc"), log_scale = r.batch("q0.log_scale"), noise = r.batch("noise");
  Column<double> base = Column<double>::Constant(noise.rows(), -0.91893853320467274178 * static_cast<double>(D) - log_scale.sum());
  for (Index j = 0; j < D; ++j) base -= 0.5 * ((noise.col(j) - loc(0, j)) * std::exp(-log_scale(0, j))).square();
  CHECK(worst_relative(base - model.log_prob(r.batch("sample")), r.batch("sample_log_det")) < 1e-10);
}
}  // namespace

TEST_CASE("normflows: RealNVP with ActNorm") {
  real_nvp<2>("normflows_realnvp_D2");
  real_nvp<5>("normflows_realnvp_D5");
}

}  // namespace parity_normflows
