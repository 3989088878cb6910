// SPDX-License-Identifier: MIT
// The coupling flows of splines and mixtures.
#include "models.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/layers/bijections/elementwise.hpp"

namespace models {
using namespace rheo;

template <Index C> using Spline = presets::Nsf<2, 4, Mlp<64, 64>, C>;
Entry nsf() {
  return {"nsf",
          "4 couplings by rational-quadratic splines of 8 bins, nets 1-64-64-23; a context of up to two columns",
          {make<Spline<0>>, make<Spline<1>>, make<Spline<2>>}};
}
Entry flow_plus_plus() {
  return entry<presets::FlowPlusPlus<2>>("flow_plus_plus", "4 couplings by mixtures of 8 logistics");
}
// The plane goes onto the torus, cut open at infinity, where circular splines act.
using Torus =
    Flow<Standardize<2>, SigmoidMap<2>, Invert<CutCircleMap<2>>,
         Repeat<4, Chain<Coupling<2, CircularRationalQuadraticSpline<8>, Periodic<MlpOf<Silu, 64, 64>>, 0, HalfMask<2>>,
                         Deal<2>>>,
         UniformCircle<2>>;
Entry circular_nsf() {
  return entry<Torus>("circular_nsf", "4 couplings by circular splines, the plane wrapped onto a torus by a sigmoid");
}
}  // namespace models
