// SPDX-License-Identifier: MIT
// expect: one whose encode draws whole numbers from a learned law, which would learn nothing
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/training/fit.hpp"
using namespace rheo;
#ifdef RIGHT
using F = Flow<Unfold<1>, StandardNormal<1>>;
#else
using F = Flow<Unfold<1, Plain<family::Bernoulli>>, StandardNormal<1>>;
#endif
int main() {
  auto model = make_model<double>(F{}, Noise{1});
  fit(model, Batch<double>::Ones(10, 1));
}
