// SPDX-License-Identifier: MIT
// once: put a range map between
// expect: supports_agree<.*coordinate<3.*positive.*next_wants_support<.*real
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/layers/surjections/abs.hpp"
using namespace rheo;
#ifdef RIGHT
using F = Flow<Abs<5>, LogMap<5>, StandardNormal<5>>;
#else
using F = Flow<Abs<5>, On<5, Mask<1, 1, 1, 0, 0>, range::Log>, StandardNormal<5>>;
#endif
int main() { return static_cast<int>(F::z_support.size()); }
