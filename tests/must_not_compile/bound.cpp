// SPDX-License-Identifier: MIT
// only: rheo: the log-density of this flow is a bound or an estimate: call elbo(x, noise) or log_prob_estimate(x, K, noise)
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/flows/model.hpp"
using namespace rheo;

// Keeps x_1, scores x_2 under N(0, 1): an inference surjection, whose inverse is an augmentation.
struct Drop {
  static constexpr Index x_dim = 2, z_dim = 1, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::inference_surjection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<2> x_support = all_of<2>(Support::real);
  static constexpr Supports<1> z_support = all_of<1>(Support::real);
  template <class T> using Cache = NoCache;
  template <class T> void encode(Pass<T, NoCache> p) const {
    p.out = columns(p.in, 0, 1);
    p.v -= T(0.5) * column(p.in, 1).square() + T(half_log_two_pi);
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    p.noise.normals(p.out, 0);
    p.v -= T(0.5) * column(p.out, 1).square() + T(half_log_two_pi);
    column(p.out, 0) = column(p.in, 0);
  }
};

int main() {
  const Batch<double> x(3, 1);
  const auto model = make_model<double>(Flow{Invert<Drop>{}, StandardNormal<2>{}}, Noise{1});
#ifdef RIGHT
  return static_cast<int>(model.elbo(x, Noise{1}).size());
#else
  return static_cast<int>(model.log_prob(x).size());
#endif
}
