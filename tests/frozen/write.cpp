// SPDX-License-Identifier: MIT
// write FOLDER: trains and shakes four models, freezes them into headers of the folder, and writes what they gave into
// numbers.bin, and the first's alone into conditional.bin.
#include <string>

#include "mine.hpp"
#include "numbers.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "rheo/io/freeze.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
using namespace rheo;

namespace {
template <class T> void put(std::FILE* file, const Batch<T>& a) {
  const Batch<T> turned = a.transpose();
  ::put(file, turned.data(), static_cast<std::size_t>(turned.size()));
}
template <class T> void put(std::FILE* file, const Column<T>& a) {
  ::put(file, a.data(), static_cast<std::size_t>(a.size()));
}

template <class F, class T> void shake(Model<F, T>& model) {
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(0.3 * Noise{3}.normal(i, 0));
}
/// Points and contexts, some of them no numbers.
template <class T> Batch<T> points(Index width, std::uint64_t seed) {
  Batch<T> x(n_rows, width);
  Noise{seed}.normals(view(x));
  return x;
}
template <class T> Batch<T> with_extremes(Batch<T> x) {
  using L = std::numeric_limits<T>;
  x(1, 0) = L::infinity(), x(2, 0) = -L::infinity(), x(3, 0) = L::quiet_NaN(), x(4, 0) = L::denorm_min(),
       x(5, 0) = T(-0.0);
  x(6, 0) = std::numeric_limits<T>::lowest(), x(7, 0) = T(1e6);
  return x;
}
template <class F, class T>
void put_exact(std::FILE* file, const Model<F, T>& model, const Batch<T>& x, const Batch<T>& c) {
  const auto drawn = model.sample_and_log_prob(n_rows, Noise{7}, c);
  put(file, x);
  put(file, c);
  put(file, model.log_prob(x, c));
  put(file, model.score(x, c));
  put(file, drawn.x);
  put(file, drawn.log_prob);
  Column<T> alone(n_rows);
  Batch<T> score(n_rows, x.cols());
  for (Index i = 0; i < n_rows; ++i) {
    alone(i) = model.log_prob(x.row(i), c.row(i))(0);
    score.row(i) = model.score(x.row(i), c.row(i)).row(0);
  }
  put(file, alone);
  put(file, score);
}
}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const std::string folder = std::string(words[1]) + "/";
  std::FILE *all = std::fopen((folder + "numbers.bin").c_str(), "wb"),
            *first = std::fopen((folder + "conditional.bin").c_str(), "wb");
  if (!all || !first) return 2;

  // Every kind of state: parameters trained, moments of data and contexts, a data-dependent start, an order that was
  // drawn, knots that were given.
  using Spline = RationalQuadraticSpline<5>;
  using Conditional = Flow<Standardize<3>, ActNorm<3>, Permute<3>, Coupling<3, Spline, Mlp<8>, 1>,
                           Coupling<3, Spline, Mlp<8>, 1, Mask<false, true, false>>, StandardNormal<3>>;
  auto conditional = make_model<double>(
      Conditional{Standardize<3>{}, ActNorm<3>{}, Permute<3>{{2, 0, 1}}, Coupling<3, Spline, Mlp<8>, 1>{Spline(3.5)},
                  Coupling<3, Spline, Mlp<8>, 1, Mask<false, true, false>>{}, StandardNormal<3>{}},
      Noise{1});
  const Batch<double> c = 100 * points<double>(1, 5) + 20;
  Batch<double> x = 3 * points<double>(3, 6) + 1;
  x.col(1) += 0.01 * c.col(0);
  fit(conditional, x, c, {.epochs = 3, .batch = 50});
  x = with_extremes(x);
  conditional.parameters()(7) = -0.0, conditional.parameters()(8) = std::numeric_limits<double>::denorm_min();
  put_exact(all, conditional, x, c);
  put_exact(first, conditional, x, c);
  io::freeze(conditional, folder + "conditional.hpp", "conditional");

  auto folded = make_model<float>(presets::AbsUniform<2, 1, Mlp<8>>{3.5}, Noise{1});
  shake(folded);
  put_exact<decltype(folded)::FlowType, float>(all, folded, with_extremes(points<float>(2, 8)),
                                               Batch<float>(n_rows, 0));
  io::freeze(folded, folder + "folded.hpp", "folded");

  auto bound = make_model<double>(
      presets::AugmentedFlow<2, 1, 2, MlpOf<mine::Bend, 8>, Given<family::Normal<SoftBound>, Mlp<8>>>{}, Noise{1});
  shake(bound);
  const Batch<double> y = points<double>(2, 9);
  put(all, y);
  put(all, bound.elbo(y, Noise{10}));
  put(all, bound.sample(n_rows, Noise{7}));
  io::freeze(bound, folder + "bound.hpp", "bound", {.includes = {"mine.hpp"}});

  auto own = make_model<double>(mine::flow(0.25), Noise{1});
  shake(own);
  put_exact<decltype(own)::FlowType, double>(all, own, points<double>(1, 11), Batch<double>(n_rows, 0));
  io::freeze(own, folder + "own.hpp", "own", {.includes = {"mine.hpp"}, .flow = "mine::flow(0.25)"});
  io::freeze(own, folder + "other.hpp", "other",
             {.includes = {"mine.hpp"}, .flow = "mine::flow(0.26)"});  // what drift() tells
  return std::fclose(all) + std::fclose(first);
}
