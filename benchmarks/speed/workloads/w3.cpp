// SPDX-License-Identifier: MIT
// W3: eight rational-quadratic spline couplings of 8 bins in 8 and in 64 dimensions, every other coordinate moved in
// turn, conditioner D/2-128-128-23D/2 with ReLU.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

template <Index D>
using W3 =
    Flow<Repeat<8, Chain<Coupling<D, RationalQuadraticSpline<8>, Mlp<128, 128>, 0, AlternatingMask<D>>, Flip<D>>>,
         StandardNormal<D>>;
template <Index D> constexpr double flop = 8.0 * 2 * (D / 2 * 128 + 128 * 128 + 128 * 23 * D / 2);

template <Index D> Model<W3<D>, float> model() { return started<float>(W3<D>{}, 0.02); }
template <Index D> void put(const std::string& name, double train, double score, double draw) {
  add<float>({name + " train 512", 512, 3 * flop<D>, 128, true, train},
             [] { return training(model<D>(), chained<D>(20000), 512); });
  add<float>({name + " log_prob 20 k", 2e4, flop<D>, 128, false, score},
             [] { return scoring(model<D>(), chained<D>(20000)); });
  add<float>({name + " sample 20 k", 2e4, flop<D>, 128, false, draw}, [] { return sampling(model<D>(), 20000); });
}
}  // namespace

void w3() {
  put<8>("W3, D = 8", 5290, 63600, 64100);
  put<64>("W3, D = 64", 22900, 287000, 296000);
}

}  // namespace rheo::bench
