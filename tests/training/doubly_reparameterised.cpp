// SPDX-License-Identifier: MIT
// DoublyReparameterised: the mean of its gradient is that of ImportanceWeighted's, its variance smaller for the law
// that encode draws from, and none at the exact posterior; for every layer that takes it, with layers before and
// behind, and with a context.
#include "catch.hpp"
#include "gradients.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/stochastic/indexed.hpp"
#include "rheo/layers/stochastic/vae.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/importance_weighted.hpp"
#include "shaken.hpp"

namespace training_doubly_reparameterised {

namespace {
using namespace rheo;
using rheo_test::error, rheo_test::gradients, rheo_test::normals, rheo_test::shaken;
using Net = MlpOf<Tanh, 4>;
using Law = Given<family::Normal<SoftBound>, Net>;
template <Index D, Index C = 0> using Step = Chain<AffineCoupling<D, Net, C>, Flip<D>>;

/// Same means; the share of the plain variance that is left for the parameters [first, first + count) of the law that
/// draws.
template <class F> double compare(Index K, Index repeats, Index first, Index count) {
  auto model = shaken(F{}, 0.3);
  const Batch<double> c = normals(600, F::context_dim, 3), rows = model.sample(600, Noise{7}, c), x = rows.topRows(8),
                      c8 = c.topRows(8);
  fit(model, rows, c, {.epochs = 30, .batch = 50, .learning_rate = 5e-3},
      ImportanceWeighted(5));  // far from the posterior, paths vary more than scores
  const Batch<double> plain = gradients(model, ImportanceWeighted(K), x, c8, repeats, Noise{4}),
                      doubly = gradients(model, DoublyReparameterised(K), x, c8, repeats, Noise{5});
  double worst = 0, before = 0, after = 0;
  for (Index j = 0; j < F::param_count; ++j) {
    const double e = std::hypot(error(plain, j), error(doubly, j));
    if (e > 0) worst = std::max(worst, std::fabs(plain.col(j).mean() - doubly.col(j).mean()) / e);
    if (j >= first && j < first + count)
      before += error(plain, j) * error(plain, j), after += error(doubly, j) * error(doubly, j);
  }
  INFO("K " << K << ": worst of " << F::param_count << " parameters " << worst
            << " errors apart; variance of the law's " << after / before);
  CHECK(worst < 4.5);
  return after / before;
}

using Encoder = ConditionalIndependent<2, family::Normal<SoftBound>, Net, 3>;
using Hidden = Flow<Step<3>, VaeLayer<3, 2, Law, Law>, Step<2>, StandardNormal<2>>;
constexpr Index before_encoder = Step<3>::param_count;

}  // namespace

TEST_CASE("a vae between couplings: the same mean, a smaller variance, the more so the more draws") {
  const double one = compare<Hidden>(1, 4000, before_encoder, Encoder::param_count),
               few = compare<Hidden>(8, 1500, before_encoder, Encoder::param_count),
               many = compare<Hidden>(64, 600, before_encoder, Encoder::param_count);
  INFO("shares of the variance left: " << one << ' ' << few << ' ' << many);
  CHECK(few < 0.7);
  CHECK(many < 0.3);
  CHECK(many < few);
}

TEST_CASE("an index, an augmentation, chains in chains, contexts") {
  using OneIndex = Indexed<Step<2>, 1, Law, Law, Net>;
  using Posterior = ConditionalIndependent<1, family::Normal<SoftBound>, Net, 2>;
  CHECK(compare<Flow<OneIndex, Step<2>, StandardNormal<2>>>(8, 1500, 0, Posterior::param_count) < 0.7);
  using Augmented = Flow<Chain<Step<2>, Augment<2, 1, Law>>, Repeat<2, Step<3>>, FullNormal<3>>;
  CHECK(compare<Augmented>(8, 1500, Step<2>::param_count, Posterior::param_count) < 0.7);
  using Conditional = Flow<VaeLayer<3, 2, Law, Law, 1>, Step<2, 1>, StandardNormal<2>>;
  CHECK(compare<Conditional>(8, 1500, 0, ConditionalIndependent<2, family::Normal<SoftBound>, Net, 4>::param_count) <
        0.7);
}

TEST_CASE("one draw and the exact posterior: the law that draws has a gradient of 0") {
  // z ~ N(0, 1), x = 0.8 z + 0.2 + noise of deviation 0.5
  using Affine = Given<family::Normal<>, MlpOf<Tanh>>;
  auto model = make_model<double>(Flow{VaeLayer<1, 1, Affine, Affine>{}, StandardNormal<1>{}}, Noise{1});
  const double precision = 1 + 0.64 / 0.25;
  model.parameters() << 0.8 / 0.25 / precision, 0, -0.8 * 0.2 / 0.25 / precision, -0.5 * std::log(precision), 0.8, 0,
      0.2, std::log(0.5);
  const Batch<double> x = normals(100, 1, 3), none(100, 0);
  for (Index K : {1, 5}) {
    const Batch<double> g = gradients(model, DoublyReparameterised(K), x, none, 3, Noise{6}),
                        plain = gradients(model, ImportanceWeighted(K), x, none, 3, Noise{6});
    CHECK(g.leftCols(4).abs().maxCoeff() < 1e-12);
    CHECK(plain.leftCols(4).abs().maxCoeff() > 1e-3);
    CHECK((g - plain).middleCols(4, 4).abs().maxCoeff() < 1e-12);  // the decoder's is the same number
  }
}

TEST_CASE("fit takes it, with the loss of ImportanceWeighted") {
  auto model = shaken(Hidden{}, 0.3);
  const Batch<double> x = normals(600, 3, 3) * 0.5 + 1, none(600, 0);
  Trainer<Hidden, double, DoublyReparameterised> a(model, Adam{}, 1, DoublyReparameterised(5));
  Trainer<Hidden, double, ImportanceWeighted> b(model, Adam{}, 1, ImportanceWeighted(5));
  CHECK(a.value(view(x), view(none), {0, 600}, Noise{4}) == b.value(view(x), view(none), {0, 600}, Noise{4}));
  CHECK(a.evaluate(view(x), view(none), {0, 600}, Noise{4}) ==
        Approx(b.evaluate(view(x), view(none), {0, 600}, Noise{4})).margin(1e-12));
  const double before = model.log_prob_estimate(x, 20, Noise{6}).value.mean();
  fit(model, x, {.epochs = 5, .batch = 64, .learning_rate = 5e-3}, DoublyReparameterised(5));
  CHECK(model.log_prob_estimate(x, 20, Noise{6}).value.mean() > before + 0.3);
  CHECK_THROWS_AS(DoublyReparameterised(0), std::invalid_argument);
}

}  // namespace training_doubly_reparameterised
