// SPDX-License-Identifier: MIT
// The energies: values and gradients against duals and the column tape, samplers and constants against quadrature,
// edges, no allocation.
#include "rheo/targets/energies.hpp"

#include <array>

#include "count_mallocs.hpp"
#include "rheo/targets/mixture_energy.hpp"
#include "rheo/targets/mueller_brown.hpp"
#include "rheo/targets/phi4.hpp"
#include "rheo/targets/target_energy.hpp"
#include "rheo/targets/wells.hpp"
#include "targets/checks.hpp"

namespace targets_energies {
using namespace rheo;
using namespace rheo::targets;

namespace {

template <class E, class T> struct Result {
  Column<T> u;
  Batch<T> g;
};
template <class E, class T> Result<E, T> run(const E& e, const Batch<T>& x, typename E::template Workspace<T>& w) {
  Result<E, T> r{Column<T>::Constant(x.rows(), T(NAN)), Batch<T>::Constant(x.rows(), x.cols(), T(NAN))};
  e.value_and_gradient(view(x), ColView<T>(r.u.data(), r.u.size()), view(r.g), w);
  return r;
}
template <class E, class T> Column<T> values(const E& e, const Batch<T>& x, typename E::template Workspace<T>& w) {
  Column<T> u = Column<T>::Constant(x.rows(), T(NAN));
  e.value(view(x), ColView<T>(u.data(), u.size()), w);
  return u;
}

/// The batch against the callable on numbers, on duals and on the tape; float against double; second derivatives; NaN;
/// allocations.
template <class E> void certify(const E& e, double spread, const Row<double>& centre = Row<double>::Zero(E::dim)) {
  static_assert(Energy<E>);
  constexpr Index D = E::dim;
  using Dual = autodiff::Dual<double>;
  Batch<double> x(67, D), v(67, D);
  Noise{7}.normals(view(x));
  Noise{8}.normals(view(v));
  for (Index j = 0; j < D; ++j) x.col(j) = x.col(j) * spread + centre(j);
  typename E::template Workspace<double> w;
  const auto r = run(e, x, w);
  CHECK((values(e, x, w) == r.u).all());

  const auto taped = energy_of<D>([&](const auto& p) { return e(p); });
  autodiff::Tape<double> tape;
  const auto t = run(taped, x, tape);
  double off = 0.0, off_tape = 0.0, off_difference = 0.0;
  for (Index i = 0; i < x.rows(); ++i) {
    std::array<double, D> p;
    for (Index j = 0; j < D; ++j) p[std::size_t(j)] = x(i, j);
    const double size = 1.0 + std::fabs(r.u(i)) + r.g.row(i).abs().maxCoeff();
    off = std::fmax(off, std::fabs(r.u(i) - e(p)) / size);
    off_tape = std::fmax(off_tape, std::fabs(r.u(i) - t.u(i)) / size);
    for (Index j = 0; j < D; ++j) {
      std::array<Dual, D> d;
      for (Index k = 0; k < D; ++k) d[std::size_t(k)] = Dual(x(i, k), k == j ? 1.0 : 0.0);
      off = std::fmax(off, std::fabs(r.g(i, j) - e(d).b) / size);
      off_tape = std::fmax(off_tape, std::fabs(r.g(i, j) - t.g(i, j)) / size);
      std::array<long double, D> up, down;
      for (Index k = 0; k < D; ++k) up[std::size_t(k)] = down[std::size_t(k)] = x(i, k);
      const long double h = 1e-6L;
      up[std::size_t(j)] += h;
      down[std::size_t(j)] -= h;
      off_difference = std::fmax(off_difference, std::fabs(r.g(i, j) - double((e(up) - e(down)) / (2 * h))) / size);
    }
  }
  CHECK(off < 1e-13);
  CHECK(off_tape < 1e-13);
  CHECK(off_difference < 1e-8);

  typename E::template Workspace<float> wf;
  const auto f = run(e, Batch<float>(x.template cast<float>()), wf);
  const auto exact = run(e, Batch<double>(x.template cast<float>().template cast<double>()), w);
  for (Index i = 0; i < x.rows(); ++i) {
    const double size = 1.0 + std::fabs(exact.u(i)) + exact.g.row(i).abs().maxCoeff();
    CHECK(std::fabs(double(f.u(i)) - exact.u(i)) < 2e-5 * size);
    CHECK(((f.g.row(i).template cast<double>() - exact.g.row(i)).abs() < 2e-5 * size).all());
  }

  HessianWorkspace<E, double> hw;
  Batch<double> hv(67, D);
  hessian_vector_product(e, rheo::read(view(x)), rheo::read(view(v)), view(hv), hw);
  const double h = 1e-5;
  const auto up = run(e, Batch<double>(x + h * v), w), down = run(e, Batch<double>(x - h * v), w);
  const Batch<double> by_differences = (up.g - down.g) / (2 * h);
  for (Index i = 0; i < x.rows(); ++i)
    CHECK(((hv.row(i) - by_differences.row(i)).abs() < 2e-6 * (1.0 + hv.row(i).abs().maxCoeff())).all());

  for (double bad : {std::nan(""), 1e20, -1e160, 1e300}) {
    for (Index j = 0; j < D; ++j) {
      Batch<double> y = x;
      y(64, j) = bad;
      const auto b = run(e, y, w);
      CHECK(std::isnan(b.u(64)) == std::isnan(bad));
      if (!std::isnan(bad)) CHECK(b.u(64) > 1e9);
      CHECK((b.u.head(64) == r.u.head(64)).all());
      CHECK((b.g.topRows(64) == r.g.topRows(64)).all());
      CHECK((b.u.tail(2) == r.u.tail(2)).all());
    }
  }

  if (rheo_test::counts_mallocs) {
    Column<double> u(67);
    Batch<double> g(67, D);
    const long before = rheo_test::count();
    e.value_and_gradient(view(std::as_const(x)), ColView<double>(u.data(), 67), view(g), w);
    e.value(rows(rheo::read(view(x)), 3, 40), ColView<double>(u.data(), 40), w);
    hessian_vector_product(e, rheo::read(view(x)), rheo::read(view(v)), view(g), hw);
    CHECK(rheo_test::count() == before);
  }
}

/// Draws of columns a and b against the density of an energy in two dimensions.
template <class E> void same_law(const E& e, const checks::Edges& e1, const checks::Edges& e2) {
  const double log_z = e.log_z();
  const auto log_p = [&](double a, double b) { return -e(Point{a, b}) - log_z; };
  checks::same_law(e.sample(100000, Noise{20}), log_p, e1, e2);
  CHECK((e.sample(23, Noise{5}.from_row(17)) == e.sample(40, Noise{5}).bottomRows(23)).all());
  CHECK((e.template sample<float>(40, Noise{5}) == e.sample(40, Noise{5}).template cast<float>()).all());
}

template <class E> checks::Totals totals(const E& e, const checks::Edges& e1, const checks::Edges& e2, double log_z) {
  return checks::totals([&](double a, double b) { return -e(Point{a, b}) - log_z; }, e1, e2);
}

/// The mean of u over draws is the entropy less log Z, within 4.5 standard errors.
template <class E> void mean_energy(const E& e, double expected) {
  typename E::template Workspace<double> w;
  const Batch<double> x = e.sample(100000, Noise{23});
  const Column<double> u = values(e, x, w);
  const double error = std::sqrt((u - u.mean()).square().sum()) / static_cast<double>(x.rows());
  CHECK(std::fabs(u.mean() - expected) < 4.5 * error);
}

GaussianEnergy<3> gaussian() {
  Row<double> m(3);
  m << 0.5, -1.0, 2.0;
  Batch<double> c(3, 3);
  c << 2.0, 0.6, -0.3, 0.6, 1.0, 0.2, -0.3, 0.2, 0.5;
  return {m, c};
}

}  // namespace

TEST_CASE("every energy by hand is the callable's value and gradient, taped too") {
  certify(gaussian(), 1.5);
  certify(Funnel<2>{}, 1.2);
  certify(Funnel<5>{}, 1.2);
  certify(Banana<2>{}, 3.0);
  certify(Banana<4>{2.0, 0.1}, 2.0);
  certify(DoubleWell{}, 1.3);
  certify(ManyWell<6>{}, 1.3);
  certify(Phi4<1>{-4.0, 1.0}, 1.2);
  certify(Phi4<2>{-4.0, 8.0}, 0.8);
  certify(Phi4<3>{1.0, 0.0}, 1.2);
  certify(Mustache{}, 1.2);
  certify(Mustache{-0.4}, 1.2);
  certify(shifted_modes(), 0.8);
  certify(random_modes<3>(Noise{3}), 0.6);
  certify(MuellerBrown{}, 0.5, Row<double>(Row<double>::Constant(2, 0.5)));
}

TEST_CASE("a Gaussian: the standard normal, log Z, moments, and what is refused") {
  NoWorkspace none;
  (void)none;
  GaussianEnergy<3>::Workspace<double> w;
  Batch<double> x(5, 3);
  Noise{2}.normals(view(x));
  CHECK(((values(GaussianEnergy<3>(), x, w) - 0.5 * x.square().rowwise().sum()).abs() < 1e-14).all());
  CHECK(checks::near(GaussianEnergy<3>().log_z(), 1.5 * targets::detail::log_2pi));
  const double determinant = 2.0 * (0.5 - 0.04) - 0.6 * (0.3 + 0.06) - 0.3 * (0.12 + 0.3);
  CHECK(checks::near(gaussian().log_z(), 1.5 * targets::detail::log_2pi + 0.5 * std::log(determinant)));
  mean_energy(gaussian(), 1.5);
  const Batch<double> y = gaussian().sample(200000, Noise{3});
  Batch<double> d = y;
  const double mean[3] = {0.5, -1.0, 2.0};
  for (Index j = 0; j < 3; ++j) {
    CHECK(std::fabs(y.col(j).mean() - mean[j]) < 0.015);
    d.col(j) -= mean[j];
  }
  CHECK(std::fabs((d.col(0) * d.col(1)).mean() - 0.6) < 0.02);
  CHECK(std::fabs((d.col(0) * d.col(2)).mean() + 0.3) < 0.02);
  CHECK(std::fabs((d.col(1) * d.col(2)).mean() - 0.2) < 0.02);
  CHECK(std::fabs(d.col(2).square().mean() - 0.5) < 0.02);
  Batch<double> c = Batch<double>::Constant(2, 2, 1.0);
  CHECK_THROWS_AS(GaussianEnergy<2>(Row<double>::Zero(2), c), std::invalid_argument);
  CHECK_THROWS_AS(GaussianEnergy<3>(Row<double>::Zero(3), c), std::invalid_argument);
}

TEST_CASE("funnel and banana: normalised, and their samplers draw from them") {
  // x2 of the funnel in units of its deviation: the change of variables is exact
  const auto scaled = [](double v, double z) { return -Funnel<2>{}(Point{v, z * std::exp(0.5 * v)}) + 0.5 * v; };
  CHECK(checks::near(checks::totals(scaled, checks::edges(-24.0, 24.0, 1.0), checks::edges(-8.0, 8.0, 0.5)).mass, 1.0,
                     1e-10));
  same_law(Funnel<2>{}, checks::edges(-6.0, 4.0, 0.5), checks::edges(-3.0, 3.0, 0.25));
  Batch<double> ends(2, 2);
  ends << 100.0, 3.0, -100.0, 1e-30;  // where the exponent is held
  NoWorkspace w;
  const auto r = run(Funnel<2>{}, ends, w);
  for (Index i = 0; i < 2; ++i) {
    const double v = ends(i, 0), x = ends(i, 1), precision = std::exp(v > 0 ? -80.0 : 80.0);
    CHECK(r.g(i, 0) == Approx(v / 9.0 + 0.5));
    CHECK(r.g(i, 1) == Approx(x * precision));
    CHECK(r.u(i) ==
          Approx(0.5 * x * x * precision + v * v / 18.0 + 0.5 * v + targets::detail::log_2pi + std::log(3.0)));
  }
  mean_energy(Funnel<5>{}, 2.5 * (targets::detail::log_2pi + 1.0) + std::log(3.0));
  const Banana<2> banana(2.0, 0.2);
  CHECK(checks::near(totals(banana, checks::edges(-16.0, 16.0, 0.5), checks::edges(-55.0, 9.0, 0.5), 0.0).mass, 1.0,
                     1e-9));
  same_law(banana, checks::edges(-4.0, 4.0, 0.4), checks::edges(-4.0, 4.0, 0.4));
  mean_energy(Banana<4>{}, 2.0 * (targets::detail::log_2pi + 1.0) + std::log(10.0));
  CHECK_THROWS_AS(Banana<2>(0.0, 1.0), std::invalid_argument);
}

TEST_CASE("mustache and mixtures of modes: normalised, their samplers draw from them, and where the modes are") {
  const Mustache mustache;
  // in the units in which it is a normal: the change of variables is exact
  const auto straight = [&](double a, double b) { return -mustache(Point{a, b + std::pow(a * a - 1, 2)}); };
  CHECK(checks::near(checks::totals(straight, checks::edges(-9.0, 9.0, 0.25), checks::edges(-9.0, 9.0, 0.25)).mass, 1.0,
                     1e-9));
  CHECK(checks::near(mustache(Point{1.0, 0.9}), targets::detail::log_2pi + 0.5 * std::log(0.19) + 0.5));
  same_law(mustache, checks::edges(-2.0, 2.0, 0.1), checks::edges(-2.0, 4.0, 0.15));
  mean_energy(mustache, targets::detail::log_2pi + 1.0 + 0.5 * std::log(0.19));
  CHECK_THROWS_AS(Mustache(1.0), std::invalid_argument);

  const auto e1 = checks::edges(-3.0, 1.0, 0.1), e2 = checks::edges(-2.0, 2.0, 0.1);
  for (const auto& modes : {shifted_modes(), peaky_modes()}) {
    CHECK(checks::near(totals(modes, e1, e2, 0.0).mass, 1.0, 1e-9));
    same_law(modes, checks::edges(-2.4, 0.4, 0.1), checks::edges(-1.4, 1.4, 0.1));
  }
  CHECK(checks::near(peaky_modes()(Point{-1.0, -1.0}), std::log(8.0 * 2.0 * targets::detail::pi * 5e-3), 1e-9));
  mean_energy(shifted_modes(1e-4), std::log(8.0) + targets::detail::log_2pi + 1.0 + std::log(1e-4));  // far apart
  const auto many = random_modes<10>(Noise{1});
  CHECK(many.means().rows() == 10);
  CHECK(many.means().abs().maxCoeff() <= 1.0);
  CHECK(many.means().abs().maxCoeff() > 0.9);
  mean_energy(many, std::log(10.0) + 5.0 * (targets::detail::log_2pi + 1.0 + std::log(1e-2)));
  CHECK_THROWS_AS(MixtureEnergy<2>(Batch<double>::Zero(3, 3), 1.0), std::invalid_argument);
  CHECK_THROWS_AS(MixtureEnergy<2>(Batch<double>::Zero(3, 2), 0.0), std::invalid_argument);
}

TEST_CASE("the double well: log Z, entropy, modes, masses as published, and its sampler") {
  const DoubleWell well;
  CHECK(checks::near(well.log_z(), 10.293480, 1e-6));
  CHECK(checks::near(well.entropy(), 1.718576, 1e-6));
  CHECK(checks::near(well.probability(0.0, targets::detail::infinity), 0.844307, 1e-6));
  CHECK(checks::near(well.probability(-targets::detail::infinity, targets::detail::infinity), 1.0, 1e-12));
  CHECK((std::isnan(well.probability(std::nan(""), 1.0)) && std::isnan(well.probability(0.0, std::nan("")))));
  CHECK(checks::near(well.left(), -1.71083, 1e-5));
  CHECK(checks::near(well.right(), 1.75252, 1e-5));
  CHECK(checks::near(well.barrier(), -0.04169, 1e-5));
  CHECK(checks::near(well(Point{well.left(), 0.0}), -8.13925, 1e-5));
  CHECK(checks::near(well(Point{well.right(), 0.0}), -9.87117, 1e-5));
  CHECK(checks::near(well(Point{well.barrier(), 0.0}), 0.01042, 1e-5));
  const auto t = totals(well, checks::edges(-3.6, 3.6, 0.2), checks::edges(-8.0, 8.0, 0.5), well.log_z());
  CHECK(checks::near(t.mass, 1.0, 1e-10));
  CHECK(checks::near(t.entropy, well.entropy(), 1e-9));
  same_law(well, checks::edges(-2.6, 2.6, 0.2), checks::edges(-3.0, 3.0, 0.5));
  mean_energy(well, well.entropy() - well.log_z());
  CHECK_THROWS_AS(DoubleWell(0.0, 1.0, 1.0), std::invalid_argument);    // one well
  CHECK_THROWS_AS(DoubleWell(30.0, -1.0, 1.0), std::invalid_argument);  // tilted until one is left
  CHECK_NOTHROW(DoubleWell(2.0, -3.0, 0.5));
}

TEST_CASE("many wells: pairs add up, modes and their masses, draws fall into each") {
  const ManyWell<6> wells;
  const DoubleWell one;
  CHECK(checks::near(wells.log_z(), 3.0 * one.log_z()));
  CHECK(checks::near(wells.entropy(), 3.0 * one.entropy()));
  double total = 0.0;
  const Batch<double> x = wells.sample(100000, Noise{6});
  for (std::size_t k = 0; k < 8; ++k) {
    const Row<double> m = wells.mode(k);
    std::array<double, 6> p;
    for (Index j = 0; j < 6; ++j) p[std::size_t(j)] = m(j);
    ManyWell<6>::Workspace<double> w;
    CHECK((run(wells, Batch<double>(m), w).g.abs() < 1e-10).all());
    double seen = 0.0;
    for (Index i = 0; i < x.rows(); ++i)
      seen += (x(i, 0) > 0) == (m(0) > 0) && (x(i, 2) > 0) == (m(2) > 0) && (x(i, 4) > 0) == (m(4) > 0);
    const double mass = wells.mode_mass(k);
    CHECK(std::fabs(seen / 1e5 - mass) < 4.5 * std::sqrt(mass / 1e5));
    total += mass;
  }
  CHECK(checks::near(total, 1.0));
  mean_energy(wells, wells.entropy() - wells.log_z());
}

TEST_CASE("Mueller-Brown: stationary points as published, log Z and the wells' masses by another rule") {
  const MuellerBrown e(20.0);
  const double points[5][3] = {{-0.558, 1.442, -146.70},
                               {-0.050, 0.467, -80.77},
                               {0.623, 0.028, -108.17},
                               {-0.822, 0.624, -40.66},
                               {0.212, 0.293, -72.25}};
  NoWorkspace w;
  for (const auto& p : points) {
    Batch<double> x(1, 2);
    x << p[0], p[1];
    const auto r = run(e, x, w);
    CHECK(std::fabs(20.0 * r.u(0) - p[2]) < 0.01);
    CHECK((20.0 * r.g.abs() < 2.0).all());  // the points have three digits, the curvature is up to 4000
  }
  for (double kT : {8.0, 20.0, 60.0}) {
    const MuellerBrown at(kT);
    const auto e1 = checks::edges(-4.0, 3.0, 0.1), e2 = checks::edges(-2.5, 4.5, 0.1);
    const double log_z = at.log_z();
    CHECK(checks::near(totals(at, e1, e2, log_z).mass, 1.0, 1e-9));
    const auto above = [&](double x1, double s) { return -at(Point{x1, 1.1 + 0.6 * x1 + s}) - log_z; };
    const auto right = [&](double s, double x2) {  // where the lines meet, at (1.2, 1.8), there is nothing
      const double x1 = 0.02 + 0.65 * x2 + s;
      return x2 < 1.1 + 0.6 * x1 ? -at(Point{x1, x2}) - log_z : -targets::detail::infinity;
    };
    const auto masses = at.well_masses();
    CHECK(checks::near(checks::totals(above, e1, checks::edges(0.0, 6.0, 0.1)).mass, masses[0], 1e-9));
    CHECK(checks::near(checks::totals(right, checks::edges(0.0, 4.0, 0.1), checks::edges(-2.5, 1.7, 0.1)).mass,
                       masses[2], 1e-9));
    CHECK(checks::near(masses[0] + masses[1] + masses[2], 1.0));
  }
  CHECK(checks::near(e.log_z(), 5.366133242, 1e-9));
  CHECK(checks::near(e.well_masses()[1], 0.066691, 1e-6));
  Batch<double> far(2, 2);
  far << 40.0, 3.0, -1e5, 1e300;  // the cap
  const auto r = run(e, far, w);
  CHECK(((r.u > 4e34) && (r.u < 5e34)).all());
  CHECK((r.g.abs() < 1e-290).all());  // packets of exp never reach 0
  CHECK_THROWS_AS(MuellerBrown(0.0), std::invalid_argument);
}

TEST_CASE("phi^4: log Z where it is known, symmetries, and what is refused") {
  CHECK(checks::near(Phi4<1>(0.7, 0.0).log_z().value(), 0.5 * std::log(targets::detail::pi / 0.7)));
  for (double mass2 : {-4.0, 0.0, 2.0}) {
    for (double lambda : {0.3, 5.0}) {
      double sum = 0.0;
      for (const auto& n : targets::detail::gauss_legendre(400, -8.0, 8.0))
        sum += n.weight * std::exp(-Phi4<1>(mass2, lambda)(std::array<double, 1>{n.x}));
      CHECK(checks::near(Phi4<1>(mass2, lambda).log_z().value(), std::log(sum), 1e-10));
    }
  }
  CHECK_FALSE(Phi4<2>(1.0, 0.5).log_z().has_value());
  // for lambda = 0 the determinant of the Hessian, by products with unit vectors and elimination
  const Phi4<3> free(0.6, 0.0);
  HessianWorkspace<Phi4<3>, double> hw;
  Batch<double> h(9, 9), zero = Batch<double>::Zero(9, 9), unit = Eigen::MatrixXd::Identity(9, 9).array();
  hessian_vector_product(free, rheo::read(view(zero)), rheo::read(view(unit)), view(h), hw);
  CHECK(((h - h.transpose()).abs() < 1e-14).all());
  double log_z = 4.5 * targets::detail::log_2pi;
  for (Index k = 0; k < 9; ++k) {
    log_z -= 0.5 * std::log(h(k, k));
    for (Index i = k + 1; i < 9; ++i) h.row(i) -= Row<double>(h.row(k)) * (h(i, k) / h(k, k));
  }
  CHECK(checks::near(free.log_z().value(), log_z, 1e-12));
  // a flip of sign and a translation change nothing
  const Phi4<3> field(-4.0, 8.0);
  Batch<double> x(6, 9), moved(6, 9);
  Noise{4}.normals(view(x));
  for (Index s = 0; s < 9; ++s) moved.col((s / 3 + 1) % 3 * 3 + (s % 3 + 2) % 3) = -x.col(s);
  NoWorkspace w;
  CHECK(((values(field, x, w) - values(field, moved, w)).abs() < 1e-11 * values(field, x, w).abs()).all());
  CHECK_THROWS_AS(Phi4<2>(-1.0, 0.0), std::invalid_argument);
  CHECK_THROWS_AS(Phi4<2>(1.0, -1.0), std::invalid_argument);
}

TEST_CASE(
    "interpolation: the ends are the energies themselves, the middle is the mean, lambda's derivative is the "
    "difference") {
  const GaussianEnergy<2> base;
  const DoubleWell target;
  using Path = Interpolated<GaussianEnergy<2>, DoubleWell>;
  static_assert(Energy<Path>);
  Batch<double> x(33, 2);
  Noise{9}.normals(view(x));
  GaussianEnergy<2>::Workspace<double> wb;
  NoWorkspace wt;
  Path::Workspace<double> w;
  const auto r0 = run(base, x, wb);
  const auto r1 = run(target, x, wt);
  const auto at0 = run(Path(base, target, 0.0), x, w);
  const auto at1 = run(Path(base, target, 1.0), x, w);
  const auto half = run(Path(base, target, 0.5), x, w);
  CHECK(((at0.u == r0.u).all() && (at0.g == r0.g).all()));
  CHECK(((at1.u == r1.u).all() && (at1.g == r1.g).all()));
  CHECK(((half.u - 0.5 * (r0.u + r1.u)).abs() < 1e-14 * (1.0 + half.u.abs())).all());
  CHECK(((half.g - 0.5 * (r0.g + r1.g)).abs() < 1e-13).all());
  const Path path(base, target, 0.3);
  CHECK(((values(path, x, w) - (0.7 * r0.u + 0.3 * r1.u)).abs() < 1e-13).all());
  Column<double> du(33);
  Batch<double> dg(33, 2);
  path.lambda_derivative(rheo::read(view(x)), ColView<double>(du.data(), 33), w);
  CHECK((du == r1.u - r0.u).all());
  path.lambda_derivative(rheo::read(view(x)), ColView<double>(du.data(), 33), view(dg), w);
  CHECK(((du == r1.u - r0.u).all() && (dg == r1.g - r0.g).all()));
  if (rheo_test::counts_mallocs) {
    const long before = rheo_test::count();
    path.value_and_gradient(rheo::read(view(x)), ColView<double>(du.data(), 33), view(dg), w);
    CHECK(rheo_test::count() == before);
  }
}

TEST_CASE("interpolation with a target off its support, and with a user's lambda") {
  const TargetEnergy board(find("checkerboard"));
  static_assert(ValueEnergy<TargetEnergy> && !Energy<TargetEnergy>);
  using Path = Interpolated<GaussianEnergy<2>, TargetEnergy>;
  static_assert(ValueEnergy<Path> && !Energy<Path>);
  Path::Workspace<double> w;
  Batch<double> x(2, 2);
  x << 1.0, 1.0, 1.0, -1.0;  // the second is off the board
  CHECK((values(Path(GaussianEnergy<2>(), board, 0.0), x, w) == 1.0).all());
  const auto half = values(Path(GaussianEnergy<2>(), board, 0.5), x, w);
  CHECK(checks::near(half(0), 0.5 * (1.0 + std::log(32.0))));
  CHECK(half(1) == targets::detail::infinity);
  CHECK(values(Path(GaussianEnergy<2>(), board, 1.0), x, w)(1) == targets::detail::infinity);
  const Interpolated<TargetEnergy, GaussianEnergy<2>> back(board, GaussianEnergy<2>(), 1.0);
  decltype(back)::Workspace<double> w_back;
  CHECK((values(back, x, w_back) == 1.0).all());

  const auto own = energy_of<2>([](const auto& p) { return p[0] * p[0] * p[1] + p[1]; });
  const Interpolated path(GaussianEnergy<2>(), own, 0.25);
  decltype(path)::Workspace<double> wo;
  const auto r = run(path, x, wo);
  CHECK(checks::near(r.u(0), 0.75 * 1.0 + 0.25 * 2.0));
  CHECK(checks::near(r.g(0, 0), 0.75 * 1.0 + 0.25 * 2.0));
  CHECK(checks::near(r.g(1, 1), 0.75 * -1.0 + 0.25 * 2.0));
}

}  // namespace targets_energies
