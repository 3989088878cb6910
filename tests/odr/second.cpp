// SPDX-License-Identifier: MIT
// The other unit.
#include "unit.hpp"

rheo::Column<double> log_prob_in_second(const OdrModel& model, const rheo::Batch<double>& x) { return model.log_prob(x); }
rheo::Batch<double> sample_in_second() { return odr_model().sample(5, rheo::Noise{3}); }
const void* fail_handler_in_second() { return &rheo::fail_handler; }
