// SPDX-License-Identifier: MIT
// expect: rheo: sample: a layer or the base of this flow has no decode
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
using namespace rheo;

struct Shift {
  static constexpr Index x_dim = 1, z_dim = 1, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<1> x_support = all_of<1>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
  template <class T> void encode(Pass<T, NoCache> p) const { p.out = p.in + T(1); }
#ifdef RIGHT
  template <class T> void decode(Pass<T, NoCache> p) const { p.out = p.in - T(1); }
#endif
};
int main() {
  return static_cast<int>(make_model<double>(Flow{Shift{}, StandardNormal<1>{}}, Noise{1}).sample(3, Noise{2}).size());
}
