// SPDX-License-Identifier: MIT
// expect: put a range map between
// expect: Ordered behind ascending numbers
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/surjections/sort.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{SortPoints<2, 2, 1>{}, OrderedPoints<2, 2, 1>{}, StandardNormal<4>{}};
#else
Flow flow{Sort<2>{}, StandardNormal<2>{}};
#endif
int main() { return static_cast<int>(flow.z_support.size()); }
