// SPDX-License-Identifier: MIT
// error: rheo: the data's scalar type differs from the model's
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"

#ifdef RIGHT
using Scalar = double;
#else
using Scalar = float;
#endif

rheo::Column<double> score() {
  const auto model = rheo::make_model<double>(rheo::Flow{rheo::StandardNormal<2>{}}, rheo::Noise{1});
  const rheo::Batch<Scalar> x = rheo::Batch<Scalar>::Zero(3, 2);
  return model.log_prob(x);
}
