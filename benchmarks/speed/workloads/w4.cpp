// SPDX-License-Identifier: MIT
// W4: five autoregressive layers in 8 dimensions, order reversed between layers, masked conditioner 8-128-128-8P with
// ReLU: affine, and rational-quadratic splines of 8 bins.
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "workload.hpp"

namespace rheo::bench {
namespace {

template <class Transformer, class O> using Layer = Autoregressive<8, Transformer, Made<128, 128>, 0, O>;
template <class Transformer>
using W4 = Flow<Repeat<2, Chain<Layer<Transformer, NaturalOrder>, Layer<Transformer, ReversedOrder>>>,
                Layer<Transformer, NaturalOrder>, StandardNormal<8>>;
template <class Transformer> constexpr double flop = 10.0 * (8 * 128 + 128 * 128 + 128 * 8 * Transformer::params);

template <class Transformer> Model<W4<Transformer>, float> model() { return started<float>(W4<Transformer>{}, 0.02); }
template <class Transformer> void put(const std::string& name, double train, double score, double draw) {
  constexpr double f = flop<Transformer>;
  add<float>({name + " train 512", 512, 3 * f, 128, true, train},
             [] { return training(model<Transformer>(), chained<8>(20000), 512); });
  add<float>({name + " log_prob 10 k", 1e4, f, 128, false, score},
             [] { return scoring(model<Transformer>(), chained<8>(10000)); });
  add<float>({name + " sample 10 k", 1e4, f, 128, false, draw}, [] { return sampling(model<Transformer>(), 10000); });
}
}  // namespace

void w4() {
  put<ScaleShift<>>("W4 affine", 1914, 11500, 27500);
  put<RationalQuadraticSpline<8>>("W4 splines", 4910, 29100, 73500);
}

}  // namespace rheo::bench
