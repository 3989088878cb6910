// SPDX-License-Identifier: MIT
// The laws as Catch checks, with the program's own count of allocations.
#pragma once

#include <string>

#include "catch.hpp"
#include "compiled_once.hpp"
#include "count_mallocs.hpp"
#include "rheo/evaluation/certify.hpp"

namespace rheo_test {

inline void check_findings(const std::string& name, const std::vector<rheo::Finding>& findings) {
  REQUIRE(findings.size() > 10);
  for (const auto& f : findings) {
    INFO(name << ", " << f.law << ": error " << f.error << ", allowed " << f.allowed);
    CHECK(f.passed());
  }
}
template <class L> void check_laws(const std::string& name, const L& layer, double spread = 0.3) {
  using namespace rheo::detail;
  // what summaries say: a layer of ours states what its directions cost, and one that iterates does not call itself
  // closed
  CHECK((!rheo::CanEncode<L, double> || encode_effort<L>().passes != rheo::not_stated));
  CHECK((!rheo::CanDecode<L, double> || decode_effort<L>().passes != rheo::not_stated));
  CHECK((accuracy<L, double>() == 0 || encode_effort<L>().passes != 0 || decode_effort<L>().passes != 0));
  rheo::CertifyOptions options;
  options.allocations = malloc_count;
  options.spread = spread;
  check_findings(name, rheo::certify(layer, options));
}

/// True when some finding whose law contains `law` failed: what a deliberately broken layer must show.
template <class L> bool breaks(const std::string& law, const L& layer) {
  for (const auto& f : rheo::certify(layer)) {
    if (!f.passed() && f.law.find(law) != std::string::npos) return true;
  }
  return false;
}

}  // namespace rheo_test

#define RHEO_CHECK_ENTRY(name, layer)                   \
  SECTION(name) { rheo_test::check_laws(name, layer); } \
  static_assert(true)
/// One file of the registry through every law.
#define RHEO_CHECK_LAWS(file)        \
  TEST_CASE("the laws: " file) {     \
    using namespace rheo_test;       \
    RHEO_REGISTRY(RHEO_CHECK_ENTRY); \
  }
