// SPDX-License-Identifier: MIT
// W7: ten Metropolis moves of deviation 0.1, and one Hamiltonian move of ten leaps of 0.1, on an energy of two moons,
// of 10 000 and of 1 000 draws of N(0, I); and a stochastic normalizing flow, eight affine couplings 1-64-64-2 with
// four times ten Metropolis moves between, one step of reverse KL.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

/// u = ((|x| - 2) / 0.2)^2 / 2 + ((|x1| - 2) / 0.3)^2 / 2 - log(1 + exp(-4 |x1| / 0.09)), that of
/// targets::StimperMoons.
struct Moons {
  static constexpr Index dim = 2;
  template <class T> struct Workspace { Buffer<T> a; };
  template <class T> void value(CView<T> x, ColView<T> u, Workspace<T>& w) const {
    ColView<T> a = w.a.column(x.rows());
    a = column(x, 0).abs();
    u = ((column(x, 0).square() + column(x, 1).square()).sqrt() - T(2)).square() * T(12.5) +
        (a - T(2)).square() * T(0.5 / 0.09);
    u -= (T(1) + (a * T(-4 / 0.09)).exp()).log();
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, Workspace<T>& w) const {
    value(x, u, w);
    ColView<T> a = w.a.column(x.rows());
    column(g, 1) = (column(x, 0).square() + column(x, 1).square()).sqrt().max(T(1e-30));
    column(g, 0) = (T(25) - T(50) / column(g, 1)) * column(x, 0);
    column(g, 1) = (T(25) - T(50) / column(g, 1)) * column(x, 1);
    a = (a - T(2)) * T(1 / 0.09) + T(4 / 0.09) / (T(1) + (a * T(4 / 0.09)).min(T(80)).exp());
    column(g, 0) += a * column(x, 0) / column(x, 0).abs().max(T(1e-30));
  }
};

using Path = Interpolated<NormalEnergy<2>, Moons>;
using Even = AffineCoupling<2, Mlp<64, 64>>;
using Odd = AffineCoupling<2, Mlp<64, 64>, 0, BoundedExp, Mask<1, 0>>;
using Block = Chain<Even, Odd>;
using Moves = Metropolis<Path, 10>;
using Snf = Flow<Moves, Block, Moves, Block, Moves, Block, Moves, Block, StandardNormal<2>>;
Moves moves(double lambda) { return Moves(Path(NormalEnergy<2>{}, Moons{}, lambda), 0.1); }

template <class Layer> Call moving(const Layer& layer, Index n) {
  return sampling(started<float>(Flow<Layer, StandardNormal<2>>(layer, StandardNormal<2>{}), 0), n);
}
}  // namespace

void w7() {
  for (const auto& [n, text, metropolis, hmc] :
       {std::tuple(10000, "10 k", 1480.0, 1975.0), std::tuple(1000, "1 k", 147.0, 226.0)}) {
    add<float>({std::string("W7 Metropolis, 10 moves of ") + text, double(n), 0, 64, false, metropolis},
               [n = n] { return moving(Metropolis<Moons, 10>(Moons{}, 0.1), n); });
    add<float>({std::string("W7 Hmc, 10 leaps of ") + text, double(n), 0, 64, false, hmc},
               [n = n] { return moving(Hmc<Moons, 1, 10>(Moons{}, 0.1), n); });
  }
  add<float>({"W7 stochastic flow, train 1024", 1024, 3 * 68608, 64, true}, [] {
    const Snf flow(moves(1), Block{}, moves(0.75), Block{}, moves(0.5), Block{}, moves(0.25), Block{},
                   StandardNormal<2>{});
    return training(started<float>(flow, 0.02), Batch<float>(1024, 0), 1024, 1, ReverseKl<Moons>(Moons{}));
  });
}

}  // namespace rheo::bench
