// SPDX-License-Identifier: MIT
// Hamiltonian Monte Carlo in a flow's latent space: a funnel that no step size suits, made round by a flow that was
// fitted to it; acceptance and effective draws against HMC on the funnel itself, at as many gradients.
#include <cstdio>

#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

constexpr Index chains = 64, rounds = 200, burn_in = 50, leaps = 8;

struct Chains {
  Batch<double> neck;  // x1 of each chain, move by move
  Report met{};
};

/// Moves all chains at once; `to_x` says where in the data space a point of theirs is.
template <class E, class ToX> Chains run(const E& energy, double step, ToX to_x) {
  const auto move = make_model<double>(Flow{Hmc<E, 1, leaps>(energy, step), StandardNormal<E::dim>{}}, Noise{1});
  Batch<double> z(chains, E::dim);
  Noise{2}.normals(view(z));
  Chains out{Batch<double>(chains, rounds)};
  for (Index k = -burn_in; k < rounds; ++k) {
    if (k == 0) out.met = {};
    z = move.decode(z, Noise{3}.fork(static_cast<std::uint64_t>(k + burn_in)), {}, out.met);
    if (k >= 0) out.neck.col(k) = to_x(z).col(0);
  }
  return out;
}
/// Draws that would tell the mean of x1 as well: its variance, 9, over the square of the chains' error.
double effective(const Batch<double>& neck) { return 9.0 / neck.rowwise().mean().square().mean(); }

int main() {
  const targets::Funnel<6> funnel;  // x1 ~ N(0, 9), the others N(0, exp(x1))
  using Step = Chain<AffineCoupling<6, MlpOf<Tanh, 24>>, Deal<6>>;
  auto model = make_model<double>(Flow{Repeat<4, Step>{}, ActNorm<6>{}, StandardNormal<6>{}}, Noise{4});
  fit_energy(model, path_gradient(funnel), {.steps = 800, .batch = 128, .learning_rate = 5e-3, .schedule = {Cosine{}}});
  const auto latent = latent_energy(model, funnel);

  std::printf("%-7s %4s %9s %9s %10s   %s\n", "space", "step", "accepted", "diverged", "mean x1^2",
              "effective draws a move");
  const auto told = [](const char* space, double step, Chains c) {
    const double diverged = 100 * static_cast<double>(c.met.divergent) / static_cast<double>(c.met.proposed);
    std::printf("%-7s %4.2f %9.2f %8.1f%% %10.1f   %.2f\n", space, step, c.met.acceptance(), diverged,
                c.neck.square().mean(), effective(c.neck) / rounds);
    return c;
  };
  const auto as_it_is = [](const Batch<double>& x) { return x; };
  told("data", 0.05, run(funnel, 0.05, as_it_is));
  const auto plain = told("data", 0.2, run(funnel, 0.2, as_it_is));
  told("data", 0.8, run(funnel, 0.8, as_it_is));
  const auto ours = told("latent", 0.3, run(latent, 0.3, [&](const Batch<double>& z) { return model.decode(z); }));

  const auto trace = [&](const char* name, const Chains& c) {
    Batch<double> at(rounds, 2);
    at << Column<double>::LinSpaced(rounds, 1, rounds), c.neck.row(0).transpose();
    return io::Curve::line(name, at);
  };
  const io::Image image = io::draw_curves({trace("latent space", ours), trace("data space, step 0.2", plain)},
                                          {.x = "move", .y = "x1 of one chain"});
  io::write_png("latent_hmc.png", io::thumbnail(image));
}
