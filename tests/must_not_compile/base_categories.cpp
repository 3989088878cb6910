// SPDX-License-Identifier: MIT
// expect: rheo: Chain: a layer gives whole numbers, or an interval, of other categories than the next wants
#include "rheo/distributions/discrete.hpp"
#include "rheo/flows/dequantize.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Round<2, Fixed<Uniform>, 2>{}, Bernoulli<2>{}};
#else
Flow flow{Round<2, Fixed<Uniform>, 4>{}, Bernoulli<2>{}};
#endif
int main() { return static_cast<int>(flow.x_dim); }
