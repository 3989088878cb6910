// SPDX-License-Identifier: MIT
// Dense linear algebra that tests compare against, compiled once: every product and factorisation that Eigen sees costs
// the compiler a hundred types.
#pragma once

#include <Eigen/Core>

namespace rheo_test {

template <class T> using Dense = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

Dense<double> times(const Dense<double>& A, const Dense<double>& B);
Dense<long double> times(const Dense<long double>& A, const Dense<long double>& B);
Dense<double> transposed(const Dense<double>& A);
/// max |a_ij - b_ij|.
double farthest(const Dense<double>& A, const Dense<double>& B);
/// max |A' A - I|, in A's own precision.
double off_orthogonal(const Dense<double>& A);
float off_orthogonal(const Dense<float>& A);
double det(const Dense<double>& A);
long double log_abs_det(const Dense<long double>& A);
/// By one-sided Jacobi rotations (Hestenes 1958): relative error of a few eps, and little to compile.
double top_singular_value(const Dense<double>& A);
/// u' A v.
double form(const Eigen::ArrayXd& u, const Dense<double>& A, const Eigen::ArrayXd& v);

}  // namespace rheo_test
