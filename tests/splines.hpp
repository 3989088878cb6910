// SPDX-License-Identifier: MIT
// What the tests of splines share: one transformer on one column whose rows have parameters of their own, and the
// places of its knots.
#pragma once

#include <vector>

#include "draws.hpp"
#include "rheo/math/bins.hpp"
#include "rheo/transformers/transformer.hpp"

namespace rheo_test {
using namespace rheo;

template <class T> struct Mapping {
  Batch<T> y;
  Column<T> v;
};
template <bool Encode, class T, class M> Mapping<T> run(const M& map, const Batch<T>& x, const Batch<T>& raw) {
  Mapping<T> m{Batch<T>(x.rows(), 1), Column<T>::Zero(x.rows())};
  detail::transform<Encode, T>(map, view(x), view(raw), view(m.y), ColView<T>(m.v.data(), x.rows()));
  return m;
}
template <class T> struct Cotangents { Batch<T> in, raw; };
template <bool Encode, class T, class M>
Cotangents<T> pull(const M& map, const Batch<T>& in, const Batch<T>& out, const Batch<T>& g_out, const Batch<T>& g_v,
                   const Batch<T>& raw) {
  Cotangents<T> g{Batch<T>::Constant(in.rows(), 1, T(NAN)), Batch<T>::Constant(raw.rows(), raw.cols(), T(NAN))};
  detail::transform_pull<Encode, T>(map, view(in), view(out), view(g_out), CColView<T>(g_v.data(), in.rows()),
                                    view(raw), view(g.in), view(g.raw));
  return g;
}

/// Knots 0 .. K of row i on one axis, raw numbers from column `first` on.
template <Index K, class T, class Knots>
std::vector<T> knots(const Knots& policy, const Batch<T>& raw, Index i, Index first, double low, double high) {
  const auto w = math::SoftmaxBins<K, T>::template of<Knots::bounded>(
      [&](Index k) { return policy.logit(raw(i, first + k)); }, high - low, policy.template least<K>());
  std::vector<T> at{T(low)};
  for (Index k = 0; k + 1 < K; ++k) at.push_back(at.back() + w[k]);
  at.push_back(T(high));
  return at;
}

}  // namespace rheo_test
