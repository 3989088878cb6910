// SPDX-License-Identifier: MIT
// once: put a range map between
// expect: supports_agree<.*integer.*next_wants_support<.*category
#include "rheo/distributions/discrete.hpp"
#include "rheo/flows/dequantize.hpp"
using namespace rheo;
#ifdef RIGHT
Flow flow{Round<2, Fixed<Uniform>, 8>{}, Categorical<2, 8>{}};
#else
Flow flow{Round<2, Fixed<Uniform> >{}, Categorical<2, 8>{}};
#endif
int main() { return static_cast<int>(flow.x_dim); }
