// SPDX-License-Identifier: MIT
// expect: rheo: Coupling wants a plain net: Mlp<64, 64> in place of Made<64, 64>
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/nets/masked.hpp"
using namespace rheo;

int main() {
#ifdef RIGHT
  return static_cast<int>(AffineCoupling<4, Mlp<8>>{}.param_count);
#else
  return static_cast<int>(AffineCoupling<4, Made<8>>{}.param_count);
#endif
}
