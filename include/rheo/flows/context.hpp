// SPDX-License-Identifier: MIT
// ContextScale: how a model sees contexts, each column less its mean over the training rows and divided by its
// deviation there, as data are.
#pragma once

#include <tuple>

#include "rheo/core/pass.hpp"
#include "rheo/math/moments.hpp"

namespace rheo {

/// The last 2 C + 1 buffers of a flow with a context: means, deviations, state; none without one.  The model applies
/// them where contexts come in, so that layers see contexts of order one whatever the user's units; a flow that is a
/// part of another sees what it is handed.  Densities are of x alone, so that nothing is to be undone.  A column that
/// does not vary over the training rows has its mean subtracted and keeps its unit.
template <Index C> struct ContextScale {
  static constexpr Index buffer_count = C > 0 ? 2 * C + 1 : 0;
  static constexpr int unset = 0;         ///< sees contexts as they are, until a start
  static constexpr int standardised = 1;  ///< by a start
  static constexpr int as_given = 2;      ///< sees contexts as they are, for good

  template <class P> static auto unpack_buffers(P p) {
    auto m = p.vector(C, "mean");
    auto d = p.vector(C, "deviation");
    return std::tuple{m, d, p.vector(1, "state")};
  }
  /// Contexts as they are; `by_choice`, so that no later start changes it.
  template <class T> static void leave([[maybe_unused]] Params<T> buffers, [[maybe_unused]] bool by_choice) {
    if constexpr (C > 0) {
      auto [m, d, state] = unpack_buffers(buffers);
      m.setZero();
      d.setOnes();
      state(0) = T(by_choice ? as_given : unset);
    }
  }
  /// Whether these buffers, read from a file say, can be used.
  template <class T> static bool valid(Params<const T> buffers) {
    if constexpr (C > 0) {
      const auto [m, d, state] = unpack_buffers(buffers);
      if (state(0) != T(unset) && state(0) != T(standardised) && state(0) != T(as_given)) return false;
      return state(0) != T(standardised) || (m.allFinite() && d.allFinite() && (d > T(0)).all());
    }
    return true;
  }
  /// The start, from the rows of the context; `wanted` false leaves them as they are for good.  One row tells nothing
  /// and changes nothing.
  template <class T>
  static void start([[maybe_unused]] Params<T> buffers, [[maybe_unused]] CView<T> context, [[maybe_unused]] bool wanted,
                    [[maybe_unused]] bool anew, [[maybe_unused]] StartReport& report) {
    if constexpr (C > 0) {
      auto [mean, deviation, state] = unpack_buffers(buffers);
      if (!wanted && (state(0) == T(unset) || anew)) leave(buffers, true);
      if (context.rows() < 2) return;
      const bool first = wanted && (state(0) == T(unset) || anew);
      for (Index j = 0; j < C; ++j) {
        const math::Moments here = math::raw_moments(context, j, "context column "),
                            stored{double(mean(j)), double(deviation(j))};
        if (!math::varies<T>(here)) {
          report.constant_context.push_back(j);
        } else if (!first && state(0) == T(standardised) && math::apart(stored, here)) {
          report.kept.push_back({true, j, stored.mean, stored.deviation, here.mean, here.deviation});
        }
        if (!first) continue;
        mean(j) = T(here.mean);
        deviation(j) = math::varies<T>(here) ? T(here.deviation) : T(1);
      }
      if (first) state(0) = T(standardised);
    }
  }
  /// Rows [i, i + n) of the context as the flow sees them; a context of one row serves all.  In `scratch`, unless they
  /// are the very rows.
  template <class T>
  static CView<T> see([[maybe_unused]] Params<const T> buffers, [[maybe_unused]] CView<T> context,
                      [[maybe_unused]] Index i, Index n, [[maybe_unused]] Arena& scratch) {
    if constexpr (C == 0) {
      return view_of(static_cast<const T*>(nullptr), n, 0, n);
    } else {
      const auto [mean, deviation, state] = unpack_buffers(buffers);
      const bool as_it_is = state(0) != T(standardised), one = context.rows() == 1;
      if (as_it_is && !one) return rows(context, i, n);
      const View<T> out = scratch.template take<T>(n, C);
      for (Index j = 0; j < C; ++j) {
        const T m = as_it_is ? T(0) : mean(j), d = as_it_is ? T(1) : deviation(j);
        if (one) column(out, j).setConstant((context(0, j) - m) / d);
        else column(out, j) = (column(rows(context, i, n), j) - m) / d;
      }
      return read(out);
    }
  }
};

}  // namespace rheo
