// SPDX-License-Identifier: MIT
#include <rheo/rheo.hpp>

double other_unit() {
  using namespace rheo;
  auto model =
      make_model<double>(Flow{Repeat<2, Chain<AffineCoupling<2, Mlp<8>>, Flip<2>>>{}, StandardNormal<2>{}}, Noise{1});
  return model.log_prob(Batch<double>::Constant(1, 2, 0.5))(0);
}
