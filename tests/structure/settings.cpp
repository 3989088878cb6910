// SPDX-License-Identifier: MIT
// What a program's settings of Eigen must not change: densities, their gradients, samples, fits, files, targets. Prints
// every number, or, given a file of such numbers and a tolerance, compares its own with them.
#include <Eigen/Dense>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include <rheo/distributions/mixture_of.hpp>
#include <rheo/distributions/normal.hpp>
#include <rheo/evaluation/sliced_wasserstein.hpp>
#include <rheo/flows/repeat.hpp>
#include <rheo/io/npy.hpp>
#include <rheo/layers/bijections/act_norm.hpp>
#include <rheo/layers/bijections/coupling.hpp>
#include <rheo/layers/bijections/elementwise.hpp>
#include <rheo/layers/bijections/low_rank_linear.hpp>
#include <rheo/layers/bijections/lu_linear.hpp>
#include <rheo/layers/bijections/standardize.hpp>
#include <rheo/nets/mlp.hpp>
#include <rheo/targets/curves.hpp>
#include <rheo/targets/rings.hpp>
#include <rheo/training/fit.hpp>
#include <rheo/transformers/rational_quadratic_spline.hpp>

using namespace rheo;

namespace {
std::vector<double> numbers;

template <class D> void tell(const Eigen::DenseBase<D>& x) {
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) numbers.push_back(static_cast<double>(x.derived().coeff(i, j)));
  }
}

template <class T, class F> void tell_flow(const F& flow) {
  constexpr Index D = F::x_dim;
  auto model = make_model<T>(flow, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(0.1 * Noise{2}.normal(i, 0));
  Batch<T> x(150, D);
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < D; ++j) x(i, j) = T(Noise{3}.normal(i, j) + 0.3 * Noise{3}.normal(i, 0));
  }
  model.initialise(x);
  tell(model.log_prob(x));
  const Eigen::Matrix<T, Eigen::Dynamic, D, Eigen::RowMajor> other_order = x.matrix();
  tell(model.log_prob(other_order));
  tell(model.log_prob(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>(x.matrix())));  // of the program's order
  tell(model.log_prob(x.row(3)));
  tell(model.score(x));
  tell(model.encode(x));
  tell(model.sample(70, Noise{4}));
  Trainer trainer(model, Adam{1e-3});
  trainer.step(view(std::as_const(x)), Model<F, T>::template nothing<const T>(x.rows()), {0, x.rows()}, Noise{5}, 1e-3);
  tell(trainer.gradient());
  tell(model.parameters());
  if constexpr (std::is_same_v<T, double>)
    numbers.push_back(
        fit(model, x, {.epochs = 2, .batch = 64, .learning_rate = 1e-3, .validation = 0.2, .noise = Noise{6}})
            .best_loss);
  tell(model.parameters());
  tell(model.buffers());
}
}  // namespace

int main(int count, char** arguments) {
  using Net = Mlp<16, 16>;
  tell_flow<double>(Flow{Standardize<3>{}, Repeat<2, Chain<AffineCoupling<3, Net>, LuLinear<3>>>{}, FullNormal<3>{}});
  tell_flow<float>(Flow{ActNorm<2>{}, Elementwise<2, RationalQuadraticSpline<>>{}, LowRankLinear<2, 1>{},
                        Mixture<3, DiagonalNormal<2>>{}});

  const auto rings = targets::rings<double>(300, Noise{7});
  tell(rings);
  numbers.push_back(sliced_wasserstein(rings, targets::moons<double>(300, Noise{8})));
  tell(io::parse_npy(io::format_npy(rings.matrix()), "rings"));
  if (count < 3) {
    for (double x : numbers) std::cout << std::setprecision(17) << x << '\n';
    return 0;
  }
  std::ifstream file(arguments[1]);
  const double tolerance = std::atof(arguments[2]);
  std::size_t k = 0;
  for (double wanted; file >> wanted; ++k) {
    if (k >= numbers.size() || !(std::abs(numbers[k] - wanted) <= tolerance * (1 + std::abs(wanted)))) {
      std::cerr << "number " << k << " of " << numbers.size() << " is not " << wanted << '\n';
      return 1;
    }
  }
  return k == numbers.size() && k > 1000 ? 0 : 1;
}
