// SPDX-License-Identifier: MIT
// expect: put a range map between
// expect: LogMap or SoftplusInverseMap behind positive numbers
// expect: LevelMap<D, K> or IntervalMap behind an interval, CutCircleMap
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/surjections/abs.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Abs<2>{}, SoftplusInverseMap<2>{}, StandardNormal<2>{}};
#else
Flow flow{Abs<2>{}, StandardNormal<2>{}};
#endif
int main() { return static_cast<int>(flow.z_support.size()); }
