// SPDX-License-Identifier: MIT
// Range maps at their edges against long double, in lanes and alone, float and double; integrals in one dimension;
// refusals.
#include "rheo/transformers/range.hpp"

#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/line.hpp"

namespace transformers_range {

namespace {
using namespace rheo_test;
using Real = long double;
template <class T> using Limits = std::numeric_limits<T>;
template <class T> constexpr Real eps = static_cast<Real>(Limits<T>::epsilon());

Real log_logistic(Real t) {
  return -std::abs(t) - 2 * std::log1p(std::exp(-std::abs(t)));
}  // log sigmoid(t) sigmoid(-t)
Real sigmoid(Real t) { return 1 / (1 + std::exp(-t)); }
Real log_cosh(Real t) { return std::abs(t) + std::log1p(std::exp(-2 * std::abs(t))) - std::log(2.0L); }

// Both sides of a map, by formulas in long double; the wanted error is `ulps` eps of 1 + the size (values), and values
// below the smallest normal number are as good as 0.
template <class T, class M> struct Check {
  const char* name;
  Elementwise<1, M> layer;
  Real low, high;  // where the map clamps
  double ulps = 8;

  template <bool Encode, class Y, class V> void go(const std::vector<T>& at, Y y, V v) const {
    Bench<Elementwise<1, M>, T> b(layer);
    Batch<T> in(static_cast<Index>(at.size()), 1);
    for (std::size_t i = 0; i < at.size(); ++i) in(static_cast<Index>(i), 0) = at[i];
    const Batch<T> together = b.template run<Encode>(in), g = b.template pull<Encode>(in);
    for (Index i = 0; i < in.rows(); ++i) {
      const Batch<T> alone = b.template run<Encode>(in.row(i));
      const Real x = std::clamp(static_cast<Real>(in(i, 0)), low, high), want_y = y(x), want_v = v(x);
      for (const Batch<T>& got : {Batch<T>(together.row(i)), alone}) {
        INFO(name << (Encode ? " encode " : " decode ") << static_cast<double>(in(i, 0)) << ": " << got << ", wanted "
                  << static_cast<double>(want_y) << " and " << static_cast<double>(want_v));
        const Real size = std::abs(want_y);
        if (size < static_cast<Real>(Limits<T>::max()))
          CHECK(std::abs(static_cast<Real>(got(0, 0)) - want_y) <= ulps * eps<T> * (1 + size));
        if (Encode == false && size > 0 && size < 1e-3L)
          CHECK(std::abs(static_cast<Real>(got(0, 0)) - want_y) <=
                64 * eps<T> * size + 2 * static_cast<Real>(Limits<T>::min()));
        CHECK(std::abs(static_cast<Real>(got(0, 1)) - want_v) <= ulps * eps<T> * (1 + std::abs(want_v)));
        CHECK(std::isfinite(got(0, 1)));
        CHECK_FALSE(std::isnan(g(i, 0)));
      }
    }
    in.resize(5, 1);
    in.setConstant(Limits<T>::quiet_NaN());
    const Batch<T> nan = b.template run<Encode>(in);
    CHECK(nan.col(0).isNaN().all());
  }
  template <bool Encode> void off(const std::vector<T>& at) const {
    Bench<Elementwise<1, M>, T> b(layer);
    for (Index n : {1, 9}) {
      for (T x : at) {
        const Batch<T> in = Batch<T>::Constant(n, 1, x), out = b.template run<Encode>(in),
                       g = b.template pull<Encode>(in);
        INFO(name << " off the support at " << static_cast<double>(x) << ": " << out.row(0) << ", gradient "
                  << g(0, 0));
        CHECK((out.col(1) == -Limits<T>::infinity()).all());
        CHECK_FALSE(out.col(0).isNaN().any());
        CHECK((g == 0).all());
      }
    }
  }
};

template <class T> struct Points {
  T tiny = Limits<T>::min(), speck = Limits<T>::denorm_min(), e = Limits<T>::epsilon();
  std::vector<T> unit{0,      speck,  tiny,           T(3) * tiny, e* e,         e, T(1e-3), T(0.25), T(0.5) - e,
                      T(0.5), T(0.7), T(1) - T(1e-3), T(1) - e,    T(1) - e / 2, 1};
  std::vector<T> symmetric{-1, T(-1) + e / 2, T(-1) + e, T(-0.5),  -e,           -tiny, 0, speck, tiny,
                           e,  T(0.3),        T(0.99),   T(1) - e, T(1) - e / 2, 1};
  std::vector<T> positive{0,      speck,   tiny, T(2) * tiny, T(1e-30), e,   T(0.01), T(0.5), T(0.69),
                          T(0.7), T(0.71), 1,    10,          50,       600, T(1e10), T(1e30)};
  std::vector<T> real{T(-1e30), -1000, -100, -30, -10, -1, -e, 0, speck, e, T(0.5), 1, 2, 20, 80, 100, 1000, T(1e30)};
  std::vector<T> moderate{-80, -30, -10, T(-2.5), -1, T(-0.1), -e, 0, speck, e, T(0.1), T(0.9), 1, T(1.5), 20, 80};
};
constexpr Real far = 1e35L;

template <class T> void edges() {
  const Points<T> p;
  const Real tiny = static_cast<Real>(Limits<T>::min()), below = 1 - eps<T> / 2,
             huge = static_cast<Real>(Limits<T>::max());
  const auto logit = [](Real x) { return std::log(x) - std::log1p(-x); };
  const auto logit_v = [](Real x) { return -std::log(x) - std::log1p(-x); };
  for (double t : {1.0, 0.5, 3.0}) {
    const Check<T, range::Logit> l{"logit", LogitMap<1>{range::Logit{t}}, tiny, below};
    l.template go<true>(
        p.unit, [&](Real x) { return logit(x) / t; },
        [&](Real x) { return logit_v(x) - std::log(static_cast<Real>(t)); });
    l.template off<true>({-Limits<T>::denorm_min(), T(1) + p.e, T(1e30), T(-1e30)});
    const Check<T, range::Logit> back{"logit", LogitMap<1>{range::Logit{t}}, -far, far, 16};
    back.template go<false>(
        p.real, [&](Real z) { return sigmoid(t * z); },
        [&](Real z) { return -log_logistic(t * z) - std::log(static_cast<Real>(t)); });
    const Check<T, range::Sigmoid> s{"sigmoid", SigmoidMap<1>{range::Sigmoid{t}}, -far, far, 16};
    s.template go<true>(
        p.real, [&](Real x) { return sigmoid(t * x); },
        [&](Real x) { return log_logistic(t * x) + std::log(static_cast<Real>(t)); });
    const Check<T, range::Sigmoid> s_back{"sigmoid", SigmoidMap<1>{range::Sigmoid{t}}, tiny, below};
    s_back.template go<false>(
        p.unit, [&](Real x) { return logit(x) / t; },
        [&](Real x) { return -logit_v(x) + std::log(static_cast<Real>(t)); });
    s_back.template off<false>({T(-1e-3), T(1) + p.e, T(1e30), T(-1e30)});
  }
  {
    const double a = -1, b = 3;
    const Real least = (b - a) * eps<T> / 4;
    const Check<T, range::Interval> c{"interval", IntervalMap<1>{range::Interval{a, b}}, -1 + least, 3 - least};
    c.template go<true>(
        {-1, T(-1) + p.e, T(-0.5), 0, 1, 2, T(3) - 2 * p.e, 3}, [&](Real x) { return std::log((x + 1) / (3 - x)); },
        [&](Real x) { return std::log(4.0L) - std::log(x + 1) - std::log(3 - x); });
    c.template off<true>({T(-1) - p.e, T(3) + 4 * p.e, T(1e30), T(-1e30)});
    const Check<T, range::Interval> back{"interval", c.layer, -far, far};
    back.template go<false>(
        p.real, [&](Real z) { return -1 + 4 * sigmoid(z); }, [&](Real z) { return -log_logistic(z) - std::log(4.0L); });
  }
  {
    const Check<T, range::Log> c{"log", LogMap<1>{}, tiny, huge};
    c.template go<true>(
        p.positive, [](Real x) { return std::log(x); }, [](Real x) { return -std::log(x); });
    c.template off<true>({-Limits<T>::denorm_min(), T(-1), T(-1e30)});
    const Check<T, range::Log> back{"log", LogMap<1>{}, -far, far, 128};
    back.template go<false>(
        p.moderate, [](Real z) { return std::exp(z); }, [](Real z) { return -z; });
    const Check<T, range::Exp> e{"exp", ExpMap<1>{}, -far, far, 128};
    e.template go<true>(
        p.moderate, [](Real z) { return std::exp(z); }, [](Real z) { return z; });
    const Check<T, range::Exp> e_back{"exp", ExpMap<1>{}, tiny, huge};
    e_back.template go<false>(
        p.positive, [](Real x) { return std::log(x); }, [](Real x) { return std::log(x); });
    e_back.template off<false>({T(-1), T(-1e30)});
  }
  {
    const auto log_part = [](Real x) { return x > 1 ? std::log1p(-std::exp(-x)) : std::log(-std::expm1(-x)); };
    const auto softplus = [](Real x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); };
    const Check<T, range::SoftplusInverse> c{"softplus inverse", SoftplusInverseMap<1>{}, tiny, huge};
    c.template go<true>(
        p.positive, [&](Real x) { return x + log_part(x); }, [&](Real x) { return -log_part(x); });
    c.template off<true>({-Limits<T>::denorm_min(), T(-1), T(-1e30)});
    const Check<T, range::SoftplusInverse> back{"softplus inverse", SoftplusInverseMap<1>{}, -far, far, 16};
    back.template go<false>(p.real, softplus, [&](Real z) { return softplus(-z); });
    const Check<T, range::Softplus> s{"softplus", SoftplusMap<1>{}, -far, far, 16};
    s.template go<true>(p.real, softplus, [&](Real z) { return -softplus(-z); });
    const Check<T, range::Softplus> s_back{"softplus", SoftplusMap<1>{}, tiny, huge};
    s_back.template go<false>(
        p.positive, [&](Real x) { return x + log_part(x); }, [&](Real x) { return log_part(x); });
    s_back.template off<false>({T(-1), T(-1e30)});
  }
  {
    const Check<T, range::Arctanh> c{"artanh", ArctanhMap<1>{}, -below, below};
    c.template go<true>(
        p.symmetric, [](Real x) { return std::atanh(x); }, [](Real x) { return -std::log1p(-x * x); });
    c.template off<true>({T(-1) - p.e, T(1) + p.e, T(1e30), T(-1e30)});
    const Check<T, range::Arctanh> back{"artanh", ArctanhMap<1>{}, -far, far};
    back.template go<false>(
        p.real, [](Real z) { return std::tanh(z); }, [](Real z) { return 2 * log_cosh(z); });
    const Check<T, range::Tanh> t{"tanh", TanhMap<1>{}, -far, far};
    t.template go<true>(
        p.real, [](Real z) { return std::tanh(z); }, [](Real z) { return -2 * log_cosh(z); });
    const Check<T, range::Tanh> t_back{"tanh", TanhMap<1>{}, -below, below};
    t_back.template go<false>(
        p.symmetric, [](Real x) { return std::atanh(x); }, [](Real x) { return std::log1p(-x * x); });
    t_back.template off<false>({T(-1) - p.e, T(1e30), T(-1e30)});
  }
  {
    const Check<T, range::Arcsinh> c{"arsinh", ArcsinhMap<1>{}, -far, far};
    c.template go<true>(
        p.real, [](Real x) { return std::asinh(x); }, [](Real x) { return -0.5L * std::log1p(x * x); });
    const Check<T, range::Arcsinh> back{"arsinh", ArcsinhMap<1>{}, -far, far, 128};
    back.template go<false>(
        p.moderate, [](Real z) { return std::sinh(z); }, [](Real z) { return -log_cosh(z); });
    const Check<T, range::Sinh> s{"sinh", SinhMap<1>{}, -far, far, 128};
    s.template go<true>(
        p.moderate, [](Real z) { return std::sinh(z); }, [](Real z) { return log_cosh(z); });
  }
  for (double q : {1.5, -0.5}) {
    const Check<T, range::Power> c{"power", PowerMap<1>{range::Power{q}}, tiny, huge,
                                   512};  // eps p log x, and log's own error
    std::vector<T> at(p.positive.begin(), p.positive.end() - 2);
    const auto v = [q](Real x) {
      return std::log(std::abs(static_cast<Real>(q))) + (static_cast<Real>(q) - 1) * std::log(x);
    };
    c.template go<true>(
        at, [q](Real x) { return std::pow(x, static_cast<Real>(q)); }, v);
    c.template off<true>({-Limits<T>::denorm_min(), T(-1), T(-1e30)});
    c.template go<false>(
        {T(0.01), T(0.5), 1, 10, 50, 600}, [q](Real z) { return std::pow(z, 1 / static_cast<Real>(q)); },
        [&](Real z) { return v(std::pow(z, 1 / static_cast<Real>(q))); });
    c.template off<false>({T(-1), T(-1e30)});
  }
  {
    const Check<T, range::CutCircle> c{"circle", CutCircleMap<1>{}, -far, far};
    const Real pi = std::acos(-1.0L);
    c.template go<true>(
        {T(-3.14159), -1, 0, 2, T(3.14159), static_cast<T>(pi)}, [pi](Real x) { return x / (2 * pi) + 0.5L; },
        [pi](Real) { return -std::log(2 * pi); });
    c.template off<true>({T(3.15), T(-3.15), T(1e30), T(-1e30)});
    c.template go<false>(
        {0, T(0.25), T(0.5), 1}, [pi](Real z) { return 2 * pi * (z - 0.5L); },
        [pi](Real) { return -std::log(2 * pi); });
  }
}

// Integral of e^(V(x(t)) + log base(z)) |dx/dt| dt by the trapezoid rule.
template <class M, class X, class B> double mass(const M& map, double from, double to, X x_and_slope, B log_base) {
  const int n = 200000;
  const double h = (to - from) / n;
  double sum = 0;
  for (int i = 0; i <= n; ++i) {
    const auto [x, slope] = x_and_slope(from + h * i);
    const auto m = map.encode(x, [](Index) { return 0.0; });
    sum += std::exp(m.v + log_base(m.y)) * slope * (i == 0 || i == n ? 0.5 : 1);
  }
  return sum * h;
}
const auto log_normal = [](double z) { return -0.5 * z * z - 0.91893853320467274178; };
const auto straight = [](double t) { return std::pair{t, 1.0}; };
const auto by_log = [](double t) { return std::pair{std::exp(t), std::exp(t)}; };

}  // namespace

TEST_CASE("range maps are right to the edge, and past it, in double") { edges<double>(); }
TEST_CASE("range maps are right to the edge, and past it, in float") { edges<float>(); }

TEST_CASE("densities behind the maps integrate to one") {
  CHECK(mass(range::Logit{0.5}, 0, 1, straight, log_normal) == Approx(1).epsilon(1e-6));
  CHECK(mass(range::Logit{2}, 0, 1, straight, log_normal) == Approx(1).epsilon(1e-6));
  CHECK(mass(range::Interval{-2, 5}, -2, 5, straight, log_normal) == Approx(1).epsilon(1e-6));
  CHECK(mass(range::Log{}, -30, 30, by_log, log_normal) == Approx(1).epsilon(1e-8));
  CHECK(mass(range::SoftplusInverse{}, -30, 5, by_log, log_normal) == Approx(1).epsilon(1e-8));
  CHECK(mass(range::Arctanh{}, -1, 1, straight, log_normal) == Approx(1).epsilon(1e-6));
  CHECK(mass(range::Sinh{}, -10, 10, straight, log_normal) == Approx(1).epsilon(1e-8));
  CHECK(mass(range::ScaleShift{-0.2, 3}, -60, 60, straight, log_normal) == Approx(1).epsilon(1e-8));
  CHECK(mass(range::LeakyRelu{0.1}, -100, 0, straight, log_normal) +
            mass(range::LeakyRelu{0.1}, 0, 10, straight, log_normal) ==
        Approx(1).epsilon(1e-3));
  for (double p : {1.5, -0.5})
    CHECK(mass(range::Power{p}, -60, 60, by_log, [](double z) { return -z; }) == Approx(1).epsilon(1e-6));
  CHECK(mass(range::CutCircle{}, -std::numbers::pi, std::numbers::pi, straight, [](double) { return 0.0; }) ==
        Approx(1).epsilon(1e-8));
}

TEST_CASE("numbers that make no map are refused") {
  CHECK_THROWS_AS(range::Logit(0), std::invalid_argument);
  CHECK_THROWS_AS(range::Sigmoid(-1), std::invalid_argument);
  CHECK_THROWS_AS(range::Interval(1, 1), std::invalid_argument);
  CHECK_THROWS_AS(range::Interval(0, Limits<double>::infinity()), std::invalid_argument);
  CHECK_THROWS_AS(range::Power(0), std::invalid_argument);
  CHECK_THROWS_AS(range::LeakyRelu(0), std::invalid_argument);
  CHECK_THROWS_AS(range::ScaleShift(0, 1), std::invalid_argument);
  for (const double no : {Limits<double>::infinity(), -Limits<double>::infinity(), Limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(range::ScaleShift(1, no), std::invalid_argument);
    CHECK_THROWS_AS(range::ScaleShift(no, 1), std::invalid_argument);
  }
  CHECK_NOTHROW(range::ScaleShift(1e308, 1e308));  // finite, though their sum is not
}

}  // namespace transformers_range
