// SPDX-License-Identifier: MIT
// error: rheo: Chain: the support that a layer gives differs from the one that the next wants
// error: gives_support<.*real>.*next_wants_support<.*unit>
#include "rheo/flows/repeat.hpp"

/// A logit: takes the unit interval to the line, so it cannot follow itself.
struct Logit {
  static constexpr rheo::Index x_dim = 1, z_dim = 1, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr rheo::Kind kind = rheo::Kind::bijection;
  static constexpr rheo::Exactness exactness = rheo::Exactness::exact;
#ifdef RIGHT
  static constexpr rheo::Supports<1> x_support = rheo::all_of<1>(rheo::Support::real);
#else
  static constexpr rheo::Supports<1> x_support = rheo::all_of<1>(rheo::Support::unit);
#endif
  static constexpr rheo::Supports<1> z_support = rheo::all_of<1>(rheo::Support::real);
  template <class T> using Cache = rheo::NoCache;
  template <class T> void encode(rheo::Pass<T, rheo::NoCache> p) const { p.out = p.in; }
};

rheo::Repeat<3, Logit> repeat;
