/* SPDX-License-Identifier: MIT
   What C sees of a frozen flow. */
#include "conditional.hpp"

int one(const double* x, const double* context, double* out);
int one(const double* x, const double* context, double* out) {
  int (*sample)(uint64_t, const double*, int64_t, double*, double*) = conditional_sample;
  return conditional_log_prob(x, context, 1, out) + conditional_score(x, context, 1, out) + (sample == 0) +
         conditional_dim();
}
