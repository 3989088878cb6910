// SPDX-License-Identifier: MIT
// ranks N: run by mpiexec at N ranks; each holds what the team gave it against what it computes alone.
//   Exit 0 where all is well; else a message, and the job ends.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "banana.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/mpi.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/fit_energy.hpp"

namespace {
using namespace rheo;

using Small = Flow<Standardize<2>, Repeat<3, Chain<AffineCoupling<2, Mlp<16, 16>>, Flip<2>>>, StandardNormal<2>>;
using Conditional = Flow<Chain<AffineCoupling<2, Mlp<16, 16>, 1>, Flip<2>>, StandardNormal<2>>;

void expect(bool well, const std::string& what) {
  if (!well) throw std::runtime_error(what);
}

template <class T> void steps(mpi::Team& team, double tolerance) {
  auto data = rheo_test::banana<T>(900, 1);
  const auto none = Model<Small, T>::template nothing<const T>(900);
  const auto x = view(std::as_const(data));
  auto own = make_model<T>(Small{}, Noise{2});
  own.initialise(data);
  for (Index i = 0; i < own.parameters().size(); ++i) own.parameters()(i) += T(0.2 * Noise{8}.normal(i, 0));
  auto alone = own;
  Trainer one(alone), many(own, Adam{}, 2);
  many.join(&team);
  double worst = 0;
  const auto both = [&](int k, Index rows) {
    const Noise noise = Noise{3}.fork(static_cast<std::uint64_t>(k));
    const auto a = one.step(x, none, {0, rows}, noise, 1e-3, 5), b = many.step(x, none, {0, rows}, noise, 1e-3, 5);
    worst = std::max(worst, static_cast<double>((own.parameters() - alone.parameters()).abs().maxCoeff()));
    Column<T> first = own.parameters();
    team.broadcast(first.data(), static_cast<std::size_t>(first.size()) * sizeof(T));
    expect((first == own.parameters()).all(), "ranks with other bits");
    return std::pair{a.stepped, b.stepped};
  };
  for (int k = 0; k < 12; ++k) both(k, k % 3 == 0 ? 70 : 700);
  data(650, 1) = T(std::nan(""));
  expect(both(12, 700) == std::pair{false, false}, "a step that is not finite was made");
  expect(both(13, 600) == std::pair{true, true}, "a step that is finite was not made");
  expect(worst <= tolerance, "parameters " + std::to_string(worst * 1e12) + "e-12 from one process's");
  if (team.rank() == 0) std::printf("steps of %zu bytes a number: at most %.2g from one process's\n", sizeof(T), worst);
}

template <class T> void rows_of_ranks(mpi::Team& team) {
  auto model = make_model<T>(Small{}, Noise{2});
  auto conditional = make_model<T>(Conditional{}, Noise{2});
  for (auto* theta : {&model.parameters(), &conditional.parameters()}) {  // at their start they are the identity
    for (Index i = 0; i < theta->size(); ++i) (*theta)(i) += T(0.2 * Noise{8}.normal(i, 0));
  }
  for (const Index n : {Index(0), Index(1), Index(1000), Index(5000)}) {
    const auto x = rheo_test::banana<T>(n, 4);
    const Batch<T> context = x.leftCols(1);
    expect((mpi::log_prob(team, model, x, {}, 2) == model.log_prob(x)).all(), "other log-densities");
    expect((mpi::sample(team, model, n, Noise{5}) == model.sample(n, Noise{5})).all(), "other samples");
    if (n == 0) continue;
    expect((mpi::log_prob(team, conditional, x, context) == conditional.log_prob(x, context)).all(),
           "other conditional log-densities");
    const auto a = mpi::sample_and_log_prob(team, conditional, n, Noise{5}, context),
               b = conditional.sample_and_log_prob(n, Noise{5}, context);
    expect((a.x == b.x).all() && (a.log_prob == b.log_prob).all(), "other conditional samples");
    const Batch<T> c = context.topRows(1);
    expect((mpi::sample(team, conditional, n, Noise{5}, c) == conditional.sample(n, Noise{5}, c)).all(),
           "other samples of one context");
  }
}

void energies(mpi::Team& team) {
  const targets::GaussianEnergy<2> target(Row<double>::Constant(2, 1.5), Eigen::Matrix2d::Identity().array() * 0.3);
  EnergyFitOptions options{.steps = 20, .batch = 300, .noise = Noise{3}, .check_every = 5, .check_rows = 500};
  auto alone = make_model<double>(Small{}, Noise{2}), own = alone;
  Replay<double> kept{.size = 300, .every = 4}, replay = kept;
  const auto a = fit_energy(alone, target, kept, options);
  options.team = &team;
  const auto b = fit_energy(own, target, replay, options);
  const double worst = (own.parameters() - alone.parameters()).abs().maxCoeff();
  expect(worst < 1e-11 && (replay.x - kept.x).abs().maxCoeff() < 1e-10, "another fit to an energy");
  expect(a.best_step == b.best_step && a.history.size() == b.history.size(), "another best step");
  if (team.rank() == 0) std::printf("20 steps to an energy: at most %.2g from one process's\n", worst);
}

template <class Move> void annealed(mpi::Team& team, const Move& move) {
  const targets::GaussianEnergy<1> target(Row<double>::Constant(1, 1.5), Batch<double>::Constant(1, 1, 0.16));
  for (const Index n : {Index(3), Index(5000)}) {
    Batch<double> x(n, 1);
    Noise{6}.normals(view(x));
    if (n > 3) x(4000, 0) = std::nan("");
    for (const double threshold : {0.0, 0.9}) {
      const auto a = mpi::annealed_sample(team, x, NormalEnergy<1>{}, target, move, 4, Noise{7}, threshold);
      const auto b = annealed_sample(x, NormalEnergy<1>{}, target, move, 4, Noise{7}, threshold);
      expect(((a.x == b.x) || (a.x != a.x && b.x != b.x)).all() && (a.log_w == b.log_w).all() &&
                 a.log_z.value == b.log_z.value,
             "another annealed sample");
      expect(
          a.resampled == b.resampled && (threshold == 0) == (b.resampled == 0) && a.log_w.ancestor == b.log_w.ancestor,
          "other resampled rows");
      expect(a.report.accepted == b.report.accepted && a.report.invalid == b.report.invalid && a.families == b.families,
             "another annealed report");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv);
  mpi::Team team;
  expect(argc == 2 && team.size() == std::atoi(argv[1]), "another number of ranks than " + std::string(argv[1]));
  steps<double>(team, 1e-12);
  steps<float>(team, 1e-5);
  rows_of_ranks<double>(team);
  rows_of_ranks<float>(team);
  energies(team);
  annealed(team, moves::Metropolis<2>{0.7});
  annealed(team, moves::Hmc<1, 2, true>{0.2});
  if (team.rank() == 0) std::printf("all is well at %d ranks\n", team.size());
}
