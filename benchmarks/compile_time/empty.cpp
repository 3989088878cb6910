// SPDX-License-Identifier: MIT
// The least program over Eigen: a product that is known at run time.
#include <Eigen/Core>

int main(int count, char**) {
  const Eigen::ArrayXf a = Eigen::ArrayXf::Constant(count, 2);
  return static_cast<int>(a.exp().sum()) == 7 ? 0 : 1;
}
