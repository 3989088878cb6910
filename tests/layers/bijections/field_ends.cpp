// SPDX-License-Identifier: MIT
// Continuous where a field stops being a number in one coordinate: the step's error is NaN there, whatever the other
// coordinates say of theirs.
#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/layers/bijections/continuous.hpp"

namespace bijections_field_ends {
using namespace rheo_test;

namespace {
/// Each coordinate falls at speed 1 while it is positive, and has no speed below: z = x - 1 for x > 1, with V = 0.
struct Floor {
  template <Index D, Index C> struct field {
    static constexpr Index param_count = 0;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p; }
    template <class T> void init(Params<T>, Params<T>, Noise) const {}
    template <class T> void map(FieldPass<T, NoCache> p) const {
      p.trace.setZero();
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < p.x.rows(); ++i)
          p.f(i, j) = p.x(i, j) < T(0) ? T(std::numeric_limits<double>::quiet_NaN()) : T(-1);
      }
    }
  };
};
}  // namespace

TEMPLATE_TEST_CASE("a NaN error of one coordinate is not forgotten for the next: no row is half a solution", "", float,
                   double) {
  using T = TestType;
  using L = Continuous<3, Floor>;
  Bench<L, T> b(L{});
  Batch<T> x(4, 3), z(4, 3);
  x << T(5), T(6), T(7), T(0.5), T(6), T(7), T(5), T(0.5), T(7), T(5), T(6), T(0.5);
  Column<T> v = Column<T>::Zero(4);
  const Batch<T> none(4, 0);
  Report report;
  b.layer.encode(Pass<T, CacheOf<L, T>>{view(std::as_const(x)), view(z), ColView<T>(v.data(), 4), b.params(), b.state(),
                                        view(none), Noise{}, b.cache, b.scratch, true, &report});
  CHECK((z.row(0) - (x.row(0) - T(1))).abs().maxCoeff() < T(1e-5));
  CHECK(v(0) == 0);
  for (Index i = 1; i < 4; ++i) {
    INFO("row " << i << ": " << z.row(i) << ", V " << v(i));
    CHECK(z.row(i).isNaN().all());
    CHECK(std::isnan(v(i)));
  }
  CHECK(report.unsolved == 3);
  CHECK(report.worst_residual == Approx(0.5).margin(0.01));  // of the time
}

}  // namespace bijections_field_ends
