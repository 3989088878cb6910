// SPDX-License-Identifier: MIT
// A scalar field on a lattice of 6 x 6 and 8 x 8: how equal the weights of a flow's draws are, and whether log Z by
// them is that of annealing; of the free field it is known.
//   Albergo, Kanwar, Shanahan 2019, arXiv:1904.12072: m^2 = -4, lambda 6.975 and 6.008; the free field has m^2 = 1.
#include <cmath>

#include "../compare/common.hpp"
#include "anneal.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/pareto_smoothing.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/flows/repeat.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/targets/phi4.hpp"
#include "rheo/training/alpha_divergence.hpp"
#include "rheo/training/fit_energy.hpp"
#include "rows.hpp"

namespace published {
namespace {
using namespace rheo;

template <Index L, Index Parity>
using Sites = Coupling<L * L, ScaleShift<>, MlpOf<Silu, 128, 128>, 0, CheckerboardMask<1, L, L, Parity>>;
template <Index L> using FieldFlow = Flow<Repeat<6, Chain<Sites<L, 0>, Sites<L, 1>>>, StandardNormal<L * L>>;

template <Index L> Record measure(const targets::Phi4<L>& field, int seed) {
  constexpr Index draws = 20'000;
  const Noise noise{static_cast<std::uint64_t>(300 + seed)};
  const double begin = study::cpu_seconds();
  auto model = make_model<float>(FieldFlow<L>{}, noise.fork(0));
  fit_energy(model, alpha_divergence(field, 0.0),
             {.steps = 5000,
              .batch = 512,
              .learning_rate = 1e-3,
              .clip_norm = 1,
              .schedule = {Cosine{0.01}, 100},
              .noise = noise.fork(1),
              .check_every = 500,
              .check_rows = 8192});
  const double seconds = study::cpu_seconds() - begin;
  const auto w = weighted_sample(model, field, draws, noise.fork(2)).log_w;
  const Estimate by_flow = log_z(w);
  const auto s = anneal(draws, 0.25, field, moves::Hmc<1, 10>{0.08}, 64, noise.fork(3), noise.fork(4));
  Record row;
  row.number("effective_share", effective_sample_size(w) / static_cast<double>(draws));
  row.number("k_hat", pareto_smoothed(w).shape);
  row.number("log_z_flow", by_flow.value);
  row.number("log_z_flow_error", by_flow.error);
  row.number("log_z_annealed", s.log_z.value);
  row.number("log_z_annealed_error", s.log_z.error);
  if (const auto exact = field.log_z()) row.number("log_z", *exact);
  row.number("minutes", seconds / 60);
  return row;
}
template <Index L> void add(std::vector<Cell>& all, double lambda) {
  const std::string size = std::to_string(L);
  all.push_back({"field.free." + size, "field", "free." + size,
                 [] { return measure<L>(targets::Phi4<L>(1, 0), static_cast<int>(L)); }});
  all.push_back({"field.phi4." + size, "field", "phi4." + size,
                 [=] { return measure<L>(targets::Phi4<L>(-4, lambda), static_cast<int>(10 + L)); }});
}

}  // namespace

std::vector<Cell> field_rows() {
  std::vector<Cell> all;
  add<6>(all, 6.975);
  add<8>(all, 6.008);
  return all;
}

}  // namespace published
