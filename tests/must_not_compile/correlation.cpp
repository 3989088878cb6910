// SPDX-License-Identifier: MIT
// expect: rheo: CorrelationCholesky: a correlation matrix has at least 2 rows
#include "rheo/layers/bijections/correlation_cholesky.hpp"
using namespace rheo;
#ifdef RIGHT
CorrelationCholesky<2> layer;
#else
CorrelationCholesky<1> layer;
#endif
int main() { return static_cast<int>(layer.x_dim); }
