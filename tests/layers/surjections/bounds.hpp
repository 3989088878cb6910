// SPDX-License-Identifier: MIT
// What every bound on whole numbers owes: probabilities that sum to one for any number
// of draws, an elbo below log p, estimates that rise.
#pragma once

#include "catch.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/model.hpp"

namespace rheo_test {
using namespace rheo;

/// All points of {0 .. K - 1}^D, `copies` of each in a row.
inline Batch<double> all_points(Index D, Index K, Index copies) {
  Index n = 1;
  for (Index j = 0; j < D; ++j) n *= K;
  Batch<double> x(n * copies, D);
  for (Index i = 0; i < n * copies; ++i) {
    Index rest = i / copies;
    for (Index j = 0; j < D; ++j, rest /= K) x(i, j) = static_cast<double>(rest % K);
  }
  return x;
}

/// exact: log p of each point where it is known.
template <class M> void check_bound(const M& model, Index K, const Column<double>& exact = {}) {
  const Index copies = 4000;
  const Batch<double> x = all_points(M::dim, K, copies);
  const Index points = x.rows() / copies;
  Column<double> last;
  for (Index draws : {1, 4, 16}) {
    const Column<double> e = model.log_prob_estimate(x, draws, Noise{static_cast<std::uint64_t>(40 + draws)}).value;
    REQUIRE(e.allFinite());
    Column<double> totals(copies);  // one sum over all points a copy
    for (Index c = 0; c < copies; ++c) {
      totals(c) = 0;
      for (Index k = 0; k < points; ++k) totals(c) += std::exp(e(k * copies + c));
    }
    const Estimate sum = mean_and_error(totals);
    INFO(draws << " draws: sum " << sum.value << " +- " << sum.error);
    CHECK(std::abs(sum.value - 1) < 4 * sum.error + 1e-9);
    CHECK(sum.error < 0.02);
    for (Index k = 0; k < points; ++k) {
      const Column<double> here = e.segment(k * copies, copies);
      const Estimate mean = mean_and_error(here);
      if (exact.size() > 0) {
        INFO("point " << k << ": " << mean.value << " +- " << mean.error << ", log p = " << exact(k));
        CHECK(mean.value <= exact(k) + 4 * mean.error + 1e-9);
        const Estimate p = mean_and_error(Column<double>(here.exp()));  // weights are unbiased for any number of draws
        INFO("mean of exp: " << p.value << " +- " << p.error << ", p = " << std::exp(exact(k)));
        CHECK(std::abs(p.value - std::exp(exact(k))) < 4 * p.error + 1e-9);
      }
    }
    if (last.size() > 0) {
      const Estimate rise = mean_and_error(Column<double>(e - last));
      INFO("rise at " << draws << " draws: " << rise.value << " +- " << rise.error);
      CHECK(rise.value > 4 * rise.error);
    }
    last = e;
  }
  if (exact.size() == 0) return;
  // the error that an estimate states is the spread that many of them have
  const auto one = model.log_prob_estimate(x, 64, Noise{7});
  double spread = 0, stated = 0;
  for (Index k = 0; k < points; ++k) {
    const Column<double> here = one.value.segment(k * copies, copies);
    spread += (here - here.mean()).square().mean();
    stated += one.standard_error.segment(k * copies, copies).square().mean();
  }
  CHECK(std::sqrt(stated / spread) == Approx(1).margin(0.1));
}

}  // namespace rheo_test
