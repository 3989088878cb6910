// SPDX-License-Identifier: MIT
// Squeeze and the masks of images, on small images written out.
#include "rheo/layers/bijections/squeeze.hpp"

#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/core/mask.hpp"
#include "rheo/flows/chain.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/on.hpp"

namespace bijections_squeeze {

namespace {
using namespace rheo_test;
template <class M, Index D> std::array<int, static_cast<std::size_t>(D)> bits() {
  std::array<int, static_cast<std::size_t>(D)> b{};
  for (Index j = 0; j < D; ++j) b[static_cast<std::size_t>(j)] = M::transformed(j);
  return b;
}
}  // namespace

TEST_CASE("squeeze takes every block of 2 x 2 pixels apart") {
  // channel 0:  0  1  2  3    channel 1:  8  9 10 11
  //             4  5  6  7               12 13 14 15
  Bench<Squeeze<2, 2, 4>, double> b(Squeeze<2, 2, 4>{});
  Batch<double> x(1, 16), want(1, 16);
  for (Index j = 0; j < 16; ++j) x(0, j) = static_cast<double>(j);
  want << 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15;
  const Batch<double> z = b.encode(x);
  CHECK((z == want).all());
  CHECK((b.decode(z) == x).all());
  CHECK(b.v(x)(0) == 0);

  Bench<Squeeze<1, 4, 4>, double> tall(Squeeze<1, 4, 4>{});
  want << 0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15;
  CHECK((tall.encode(x) == want).all());
}

TEST_CASE("supports travel through a squeeze") {
  using First = On<4, Mask<0, 0, 1, 0>, range::Exp>;  // the third number becomes positive
  using Both = Chain<First, Squeeze<1, 2, 2>>;
  static_assert(Both::z_support == Supports<4>{Support::any, Support::any, Support::positive, Support::any});
  using Wide =
      Chain<On<8, Mask<0, 1, 0, 0, 0, 0, 0, 0>, range::Exp>, Squeeze<1, 2, 4>>;  // pixel (0, 1) goes to channel 1
  static_assert(Wide::z_support[2] == Support::positive && Wide::z_support[1] == Support::any);
  SUCCEED();
}

TEST_CASE("checkerboards and channels") {
  CHECK(bits<CheckerboardMask<1, 2, 3>, 6>() == std::array{0, 1, 0, 1, 0, 1});
  CHECK(bits<CheckerboardMask<2, 2, 2>, 8>() == std::array{0, 1, 1, 0, 0, 1, 1, 0});
  CHECK(bits<CheckerboardMask<2, 2, 2, 1>, 8>() == std::array{1, 0, 0, 1, 1, 0, 0, 1});
  CHECK(bits<ChannelMask<3, 1, 2>, 6>() == std::array{0, 0, 0, 0, 1, 1});
  CHECK(bits<ChannelMask<3, 1, 2, 1>, 6>() == std::array{1, 1, 1, 1, 0, 0});
}

}  // namespace bijections_squeeze
