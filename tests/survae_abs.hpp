// SPDX-License-Identifier: MIT
// The log-densities that SurVAE's library computed in float64: absolute value with sign probability 1/2, range map,
// four affine couplings with exp scales and the order reversed between, standard normal.  The nets there give the
// log-scale first and then the shift (whatever the files' own description says: only so do the numbers agree, to
// 1e-15), here the other way round.
#pragma once

#include <numbers>
#include <string>

#include "catch.hpp"
#include "reference.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"

namespace rheo_test {

/// A model of `front` and the file's couplings, with the file's weights.
template <class... Front> auto survae_model(const Reference& r, const Front&... front) {
  using namespace rheo;
  using Step = AffineCoupling<2, Mlp<32, 32>, 0, Exp>;
  auto model = make_model<double>(
      Flow{front..., Step{}, Flip<2>{}, Step{}, Flip<2>{}, Step{}, Flip<2>{}, Step{}, StandardNormal<2>{}}, Noise{1});
  Index at = 0;
  for (int k = 0; k < 4; ++k) {
    for (const char* part : {"0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"}) {
      const Batch<double> w =
          r.batch("transforms." + std::to_string(2 + 2 * k) + ".coupling_net.0." + part);  // out x in, row-major
      for (Index o = 0; o < w.rows(); ++o) {
        for (Index i = 0; i < w.cols(); ++i) model.theta().data()[at++] = w(part[0] == '4' ? w.rows() - 1 - o : o, i);
      }
    }
  }
  REQUIRE(at == model.theta().size());
  return model;
}

/// The worst relative error of `got` against the file's 100 log-densities.
inline double survae_error(const Reference& r, const rheo::Column<double>& got) {
  const rheo::Batch<double> want = r.batch("log_prob");
  REQUIRE(want.size() == 100);
  return ((got - want.col(0)).abs() / (1 + want.col(0).abs())).maxCoeff();
}

}  // namespace rheo_test
