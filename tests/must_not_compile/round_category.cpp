// SPDX-License-Identifier: MIT
// once: rheo: Chain: a layer gives whole numbers, or an interval, of other categories than the next wants
// expect: categories_agree<.*coordinate<0.*gives_categories<4.*next_wants_categories<8
#include "rheo/distributions/discrete.hpp"
#include "rheo/flows/dequantize.hpp"
using namespace rheo;
#ifdef RIGHT
constexpr Index K = 8;
#else
constexpr Index K = 4;
#endif
Flow flow{Round<3, Fixed<Uniform>, K>{}, Categorical<3, 8>{}};
int main() { return static_cast<int>(flow.x_dim); }
