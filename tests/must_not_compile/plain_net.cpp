// SPDX-License-Identifier: MIT
// expect: rheo: Autoregressive wants a masked net: Made<64, 64> in place of Mlp<64, 64>
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/nets/masked.hpp"
using namespace rheo;

int main() {
#ifdef RIGHT
  return static_cast<int>(MaskedAffineAutoregressive<3, Made<8>>{}.param_count);
#else
  return static_cast<int>(MaskedAffineAutoregressive<3, Mlp<8>>{}.param_count);
#endif
}
