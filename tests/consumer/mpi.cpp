// SPDX-License-Identifier: MIT
// A user's fit on many machines.
#include "rheo/mpi.hpp"

#include "rheo/rheo.hpp"

int main(int argc, char** argv) {
  using namespace rheo;
  mpi::Session session(argc, argv);
  mpi::Team team;
  auto model = make_model<double>(Flow{Standardize<2>{}, StandardNormal<2>{}}, Noise{1});
  Batch<double> x(64, 2);
  Noise{2}.normals(view(x));
  fit(model, x, {.epochs = 1, .team = &team});
  return mpi::sample(team, model, 10, Noise{3}).allFinite() ? 0 : 1;
}
