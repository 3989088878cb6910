// SPDX-License-Identifier: MIT
// Whole flows with the weights of FlowJAX.
#include "rheo/io/import/flowjax.hpp"
#include "parity.hpp"

namespace parity_flowjax {

namespace {
using namespace rheo_test;
namespace theirs = rheo::io::flowjax;
}  // namespace

TEST_CASE("FlowJAX: coupling flow with a learned base") {
  const Reference r("flowjax_coupling_D2");
  const auto model =
      io::from_flowjax<theirs::CouplingFlow<2>>(state_dict("flowjax_coupling_D2"), "flowjax_coupling_D2");
  CHECK(worst_relative(model.log_prob(r.batch("x")), r.batch("log_prob")) < 1e-10);
  CHECK(worst_relative(model.encode(r.batch("x")), r.batch("z")) < 1e-10);
  CHECK(worst_relative(model.decode(r.batch("noise")), r.batch("sample")) < 1e-10);
}
TEST_CASE("FlowJAX: masked autoregressive flow with a context") {
  using F = theirs::MaskedAutoregressiveFlow<3, 2, 4, 17, 2, true, StandardNormal<3>>;
  check_parity(io::from_flowjax<F>(state_dict("flowjax_maf_D3_context2"), "flowjax_maf_D3_context2"),
               Reference("flowjax_maf_D3_context2"));
}

}  // namespace parity_flowjax
