// SPDX-License-Identifier: MIT
// Products without an inner dimension, and without rows.
#include "rheo/core/product.hpp"

#include "catch.hpp"

namespace core_product {

TEST_CASE("empty products are zero, or add nothing") {
  using namespace rheo;
  const Batch<double> none(3, 0), no_rows(0, 3), empty(0, 2);
  Batch<double> out = Batch<double>::Constant(3, 2, 7.0), sum = out, nothing(0, 2);
  gemm_nn<double>(view(none), view(empty), view(out));
  CHECK((out == 0).all());
  out.setConstant(7);
  const Batch<double> narrow(2, 0);
  gemm_nt<double>(view(none), view(narrow), view(out));
  CHECK((out == 0).all());
  gemm_tn_add<double>(view(no_rows), view(empty), view(sum));
  CHECK((sum == 7).all());
  const Batch<double> square = Batch<double>::Ones(3, 2);
  gemm_nn<double>(view(no_rows), view(square), view(nothing));
  CHECK(nothing.rows() == 0);
}

}  // namespace core_product
