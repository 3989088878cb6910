// SPDX-License-Identifier: MIT
// The cases of FlowJAX.
#include "rheo/io/import/flowjax.hpp"
#include "compare.hpp"

namespace python_parity {

namespace {
namespace theirs = io::flowjax;
template <class F> void check(Comparison& c, const std::string& name) {
  c.check("flowjax_" + name, [](const std::string& path) { return io::from_flowjax<F>(path); });
}
}  // namespace

void flowjax(Comparison& c) {
  check<theirs::CouplingFlow<2>>(c, "coupling");
  check<theirs::CouplingFlow<5, 2, 4, 20, 2, true, StandardNormal<5>>>(c, "coupling_context");
  check<theirs::CouplingFlow<3, 0, 3, 11, 1, false>>(c, "coupling_forward");
  check<theirs::MaskedAutoregressiveFlow<4, 0, 3, 20>>(c, "maf");
  check<theirs::MaskedAutoregressiveFlow<3, 2, 4, 17, 2, true, StandardNormal<3>>>(c, "maf_context");
  check<theirs::MaskedAutoregressiveFlow<3, 0, 2, 16, 1, false>>(c, "maf_forward");
}

}  // namespace python_parity
