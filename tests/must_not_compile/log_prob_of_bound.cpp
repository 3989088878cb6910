// SPDX-License-Identifier: MIT
// error: call elbo\(x, noise\) or log_prob_estimate
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"

/// z = x + noise: all that matters here is that its kind and exactness say bound.
struct Blur {
  static constexpr rheo::Index x_dim = 2, z_dim = 2, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr rheo::Kind kind = rheo::Kind::generative_surjection;
  static constexpr rheo::Exactness exactness = rheo::Exactness::bound;
  static constexpr rheo::Supports<2> x_support = rheo::all_of<2>(rheo::Support::real), z_support = x_support;
  template <class T> using Cache = rheo::NoCache;
  template <class T> void encode(rheo::Pass<T, rheo::NoCache> p) const {
    p.noise.normals(p.out);
    p.out += p.in;
  }
};

rheo::Column<double> score() {
  const auto model = rheo::make_model<double>(rheo::Flow{Blur{}, rheo::StandardNormal<2>{}}, rheo::Noise{1});
  const rheo::Batch<double> x = rheo::Batch<double>::Zero(3, 2);
#ifdef RIGHT
  return model.elbo(x, rheo::Noise{2});
#else
  return model.log_prob(x);
#endif
}
