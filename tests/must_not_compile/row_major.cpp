// SPDX-License-Identifier: MIT
// only: rheo: view wants a Batch<T> or a Column<T>, whose columns stand one behind another
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
using namespace rheo;
#ifdef RIGHT
using Rooms = Batch<double>;
#else
using Rooms = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
#endif
int main() {
  const auto model = make_model<double>(Flow{StandardNormal<2>{}}, Noise{1});
  Rooms x(20, 2);
  Column<double> log_p(20);
  auto ws = model.workspace();
  model.sample_into(view(x), view(log_p), Noise{1}, {}, ws);
}
