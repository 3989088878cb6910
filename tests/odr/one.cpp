// SPDX-License-Identifier: MIT
// Two units include everything and use the same flow; one program.
#include <cmath>
#include <rheo/rheo.hpp>

double other_unit();

double log_prob_here() {
  using namespace rheo;
  auto model =
      make_model<double>(Flow{Repeat<2, Chain<AffineCoupling<2, Mlp<8>>, Flip<2>>>{}, StandardNormal<2>{}}, Noise{1});
  return model.log_prob(Batch<double>::Constant(1, 2, 0.5))(0);
}
int main() { return std::abs(log_prob_here() - other_unit()) == 0 && std::isfinite(other_unit()) ? 0 : 1; }
