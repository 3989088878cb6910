// SPDX-License-Identifier: MIT
// Laws with a border, behind a fibre and in a VAE: beyond it there is no path, V = -inf whichever law is asked, and no
// gradient but 0.
#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/stochastic/vae.hpp"
#include "rheo/layers/surjections/slice.hpp"

namespace stochastic_borders {
using namespace rheo_test;

namespace {
/// The last row of `in` is beyond a border, the others are not.
template <bool Encode, class T, class L> void ends(const char* name, const L& layer, const Batch<T>& in) {
  INFO(name << (Encode ? ", encode" : ", decode"));
  Bench<L, T> b(layer);
  const Batch<T> r = b.template run<Encode>(in);
  const Index n = in.rows(), v = r.cols() - 1;
  for (Index i = 0; i + 1 < n; ++i) CHECK(std::isfinite(r(i, v)));
  CHECK(r(n - 1, v) == -std::numeric_limits<T>::infinity());
  CHECK(b.template pull<Encode>(in).allFinite());
}
}  // namespace

TEMPLATE_TEST_CASE("beyond the border of a law V is -inf, taken or given, and just within it finite", "", float,
                   double) {
  using T = TestType;
  const T in = T(1) - std::numeric_limits<T>::epsilon(), out = T(1) + std::numeric_limits<T>::epsilon();
  const Batch<T> one{{T(0.5)}, {in}, {out}}, two{{T(3), T(0.5)}, {T(3), in}, {T(3), out}};
  ends<true, T>("slice", Slice<2, 1, Fixed<Uniform>>{}, two);
  ends<false, T>("augment", Augment<1, 1, Fixed<Uniform>>{}, two);
  ends<false, T>("vae, q ends", VaeLayer<1, 1, Fixed<Uniform>, Fixed<StandardNormal>>{}, one);
  ends<true, T>("vae, p ends", VaeLayer<1, 1, Fixed<StandardNormal>, Fixed<Uniform>>{}, one);
}

TEST_CASE("a log-density that is taken away: -inf stays -inf, a number changes its sign, NaN is NaN") {
  Column<double> log_q(4), v = Column<double>::Constant(4, 0.25);
  log_q << 2, -3, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN();
  rheo::detail::take_away(ColView<double>(log_q.data(), 4), ColView<double>(v.data(), 4));
  CHECK(v(0) == -1.75);
  CHECK(v(1) == 3.25);
  CHECK(v(2) == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(v(3)));
}

}  // namespace stochastic_borders
