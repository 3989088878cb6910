// SPDX-License-Identifier: MIT
#include "algebra.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace rheo_test {

Dense<double> times(const Dense<double>& A, const Dense<double>& B) { return A * B; }
Dense<long double> times(const Dense<long double>& A, const Dense<long double>& B) { return A * B; }
Dense<double> transposed(const Dense<double>& A) { return A.transpose(); }
double farthest(const Dense<double>& A, const Dense<double>& B) { return (A - B).cwiseAbs().maxCoeff(); }
double off_orthogonal(const Dense<double>& A) {
  return (A.transpose() * A - Dense<double>::Identity(A.cols(), A.cols())).cwiseAbs().maxCoeff();
}
float off_orthogonal(const Dense<float>& A) {
  return (A.transpose() * A - Dense<float>::Identity(A.cols(), A.cols())).cwiseAbs().maxCoeff();
}
double det(const Dense<double>& A) { return A.determinant(); }
long double log_abs_det(const Dense<long double>& A) {
  const Eigen::PartialPivLU<Dense<long double>> lu(A);
  return lu.matrixLU().diagonal().array().abs().log().sum();
}
double top_singular_value(const Dense<double>& A) {
  Dense<double> U = A;
  if (A.cols() > A.rows()) U = A.transpose();
  const Eigen::Index n = U.rows(), D = U.cols();
  bool turned = true;
  for (int sweep = 0; turned && sweep < 60; ++sweep) {
    turned = false;
    for (Eigen::Index j = 1; j < D; ++j) {
      for (Eigen::Index i = 0; i < j; ++i) {
        double *x = U.data() + i * n, *y = U.data() + j * n, xx = 0, yy = 0, xy = 0;
        for (Eigen::Index k = 0; k < n; ++k) xx += x[k] * x[k], yy += y[k] * y[k], xy += x[k] * y[k];
        if (std::abs(xy) <= 1e-14 * std::sqrt(xx * yy)) continue;
        turned = true;
        const double zeta = (yy - xx) / (2 * xy), t = std::copysign(1 / (std::abs(zeta) + std::hypot(1, zeta)), zeta),
                     c = 1 / std::hypot(1, t), s = c * t;
        for (Eigen::Index k = 0; k < n; ++k) {
          const double u = x[k];
          x[k] = c * u - s * y[k];
          y[k] = s * u + c * y[k];
        }
      }
    }
  }
  double top = 0;
  for (Eigen::Index j = 0; j < D; ++j) top = std::max(top, U.col(j).norm());
  return top;
}
double form(const Eigen::ArrayXd& u, const Dense<double>& A, const Eigen::ArrayXd& v) {
  return u.matrix().dot(A * v.matrix());
}

}  // namespace rheo_test
