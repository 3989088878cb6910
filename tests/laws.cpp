// SPDX-License-Identifier: MIT
// One group of the registry through every law.
#include "laws.hpp"

#include "registry.hpp"

#define RHEO_JOIN(a, b) a##b
#define RHEO_ENTRIES(group, entry) RHEO_JOIN(RHEO_GROUP_, group)(entry)
#define RHEO_CHECK(name, layer)                    \
  SECTION(name) { rheo_test::check_laws(name, layer); } \
  static_assert(true)

TEST_CASE("every layer keeps every law") {
  using namespace rheo_test;
  RHEO_ENTRIES(RHEO_GROUP, RHEO_CHECK);
}
