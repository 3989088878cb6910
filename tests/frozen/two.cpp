// SPDX-License-Identifier: MIT
// A second file with the same frozen header, behind what windows.h and complex.h define.
#include <Eigen/Core>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <complex>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define near
#define far
#define small char
#define interface struct
#define I _Complex_I
#include "conditional.hpp"

double conditional_elsewhere(const double* x, const double* context);
double conditional_elsewhere(const double* x, const double* context) { return conditional::log_prob(x, context); }
