// SPDX-License-Identifier: MIT
// Degrees: how many units of a masked net's hidden layer see how many of the coordinates.  A unit of degree d sees
// coordinates 0 .. d - 1, and units of degrees up to its own.
//   Germain et al. 2015, arXiv:1502.03509, section 4.
#pragma once

#include "rheo/core/kind.hpp"

namespace rheo {

/// Degrees run evenly from 1 (0 with a context, or when D = 1) to D - 1, in rising order.
struct EvenDegrees {
  template <Index D, Index C> static constexpr Index first = C > 0 || D == 1 ? 0 : 1;
  /// The degree of unit i of `width`.
  template <Index D, Index C> static constexpr Index of(Index i, Index width) {
    return first<D, C> + i * (D - first<D, C>) / width;
  }
};

namespace detail {
/// Units dealt to `degrees` degrees by turns and then sorted: the degree, from 0, of unit i of `width`.
constexpr Index dealt(Index i, Index width, Index degrees) {
  const Index each = width / degrees, more = width % degrees, low = more * (each + 1);
  return i < low ? i / (each + 1) : more + (i - low) / each;
}
}  // namespace detail

/// The same, dealt by turns as zuko and FlowJAX deal: where the degrees do not divide a width, the lowest have one unit
/// more.
struct DealtDegrees {
  template <Index D, Index C> static constexpr Index first = EvenDegrees::first<D, C>;
  template <Index D, Index C> static constexpr Index of(Index i, Index width) {
    return first<D, C> + detail::dealt(i, width, D - first<D, C>);
  }
};
/// Dealt by turns from 1 on with a context too, as nflows deals: coordinate 0 then sees no unit, and nothing of the
/// context.
struct DealtFromOne {
  template <Index D, Index C> static constexpr Index first = D == 1 ? 0 : 1;
  template <Index D, Index C> static constexpr Index of(Index i, Index width) {
    return first<D, C> + detail::dealt(i, width, D - first<D, C>);
  }
};

}  // namespace rheo
