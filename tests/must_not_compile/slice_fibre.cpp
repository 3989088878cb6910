// SPDX-License-Identifier: MIT
// expect: rheo: the fibre must be a recipe
// once: rheo: the fibre must be a recipe: Fixed<StandardNormal>, Given<family::Normal<>, Mlp<64>>, Plain<...> or FlowFibre<...>
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/surjections/slice.hpp"
using namespace rheo;
#ifdef RIGHT
using Dropped = Fixed<StandardNormal>;
#else
using Dropped = StandardNormal<2>;
#endif
int main() {
  return static_cast<int>(
      make_model<double>(Flow{Slice<4, 2, Dropped>{}, StandardNormal<2>{}}, Noise{1}).parameters().size());
}
