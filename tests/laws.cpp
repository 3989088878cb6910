// SPDX-License-Identifier: MIT
// One file of the registry (RHEO_REGISTRY_FILE) through every law.
#include "laws.hpp"

#include RHEO_REGISTRY_FILE

#define RHEO_CHECK(name, layer)                    \
  SECTION(name) { rheo_test::check_laws(name, layer); } \
  static_assert(true)

TEST_CASE("every layer keeps every law") {
  using namespace rheo_test;
  RHEO_REGISTRY(RHEO_CHECK);
}
