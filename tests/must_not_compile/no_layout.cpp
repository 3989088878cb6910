// SPDX-License-Identifier: MIT
// expect: rheo: a layer with param_count > 0 owes `template <class P> static auto unpack(P p)`
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
using namespace rheo;

struct Shift {
  static constexpr Index x_dim = 1, z_dim = 1, context_dim = 0, param_count = 1, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<1> x_support = all_of<1>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
#ifdef RIGHT
  template <class P> static auto unpack(P p) { return p.vector(1, "shift"); }
#endif
  template <class T> void encode(Pass<T, NoCache> p) const { p.out = p.in + p.theta.data()[0]; }
};
int main() {
  const auto model = make_model<double>(Flow{Shift{}, StandardNormal<1>{}}, Noise{1});
  return static_cast<int>(model.log_prob(Batch<double>(3, 1)).size());
}
