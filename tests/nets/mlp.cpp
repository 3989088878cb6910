// SPDX-License-Identifier: MIT
// How nets start.
#include "rheo/nets/mlp.hpp"

#include "catch.hpp"

namespace nets_mlp {
using namespace rheo;

namespace {
template <class W> double mean_square(const W& w) { return w.array().square().mean(); }
}  // namespace

TEST_CASE(
    "weights start uniform with variance 1 / (3 fan in), wide ones 2 / fan in; biases on +-1/sqrt(fan in); the last "
    "layer at zero or as the others") {
  auto check = []<class Last>(Last, double weights) {
    using Net = typename BasicMlp<Silu, Last, 200, 100>::template net<50, 7>;
    Column<double> theta(Net::param_count);
    const Params<double> params(theta.data(), theta.size());
    Net{}.init(params, Params<double>{}, Noise{1});
    const auto layers = Net::unpack(params);
    const double widths[] = {50, 200, 100};
    for (std::size_t l = 0; l < 3; ++l) {
      const bool zero = Last::zero && l == 2;
      const auto n = static_cast<double>(layers[l].W.size());
      CHECK(mean_square(layers[l].W) * widths[l] ==
            Approx(zero ? 0 : weights)
                .margin(4.5 * weights * 0.9 / std::sqrt(n)));  // the square of a uniform deviates by 0.894 of its mean
      CHECK(layers[l].W.array().abs().maxCoeff() <= (zero ? 0 : std::sqrt(3 * weights / widths[l])));
      CHECK(layers[l].b.array().abs().maxCoeff() <= (zero ? 0 : 1 / std::sqrt(widths[l])));
      CHECK((zero || layers[l].b.array().abs().maxCoeff() > 0.5 / std::sqrt(widths[l])));
    }
  };
  check(ZeroLast{}, 1.0 / 3);
  check(UniformLast{}, 1.0 / 3);
  check(WideZeroLast{}, 2);
}

}  // namespace nets_mlp
