// SPDX-License-Identifier: MIT
// The law of damaged buffers sees layers that take what a file may hold.
#include "laws.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace evaluation_faulty_buffers {
using namespace rheo;

namespace {

struct TakesAny : Standardize<2> {
  template <class T> bool valid_buffers(Params<const T>) const { return true; }
};
struct TakesNegative : Standardize<2> {
  template <class T> bool valid_buffers(Params<const T> b) const {
    return b.data()[2] != T(0) && b.data()[3] != T(0) && std::isfinite(T(1) / b.data()[2]);
  }
};
struct TakesNothing : Standardize<2> {
  template <class T> bool valid_buffers(Params<const T>) const { return false; }
};

}  // namespace

TEST_CASE("damaged buffers are seen by their law, and by none else") {
  using rheo_test::breaks;
  CHECK(breaks("damaged buffers", TakesAny{}));
  CHECK(breaks("damaged buffers", TakesNegative{}));
  CHECK(breaks("damaged buffers", TakesNothing{}));
  CHECK_FALSE(breaks("damaged buffers", Standardize<2>{}));
  CHECK_FALSE(breaks("damaged buffers", ActNorm<3>{}));
}

}  // namespace evaluation_faulty_buffers
