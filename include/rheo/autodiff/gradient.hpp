// SPDX-License-Identifier: MIT
// value_and_gradient: a user's function of one point, written once as a generic lambda, and its gradient, for a whole
// batch.
#pragma once

#include <utility>

#include "rheo/autodiff/tape.hpp"
#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"

namespace rheo::autodiff {
namespace detail {

template <class T, class F> Var<T> record(F&& f, Tape<T>& tape, const CView<T>& x, ColView<T>& value) {
  if (value.size() != x.rows()) rheo::detail::fail("values whose rows are not those of the points");
  tape.clear(x.rows());
  const Var<T> u = std::forward<F>(f)(tape.inputs(x));
  if (u.tape()) {
    value = tape.value(u);
  } else {
    value.setConstant(u.number());
  }
  return u;
}

}  // namespace detail

/// value(i) = f(x_i) and grad(i, :) = f'(x_i) for the n rows of x (n x D), both overwritten.
///
/// f takes the D columns (x[j], x.size(); Columns<T>) and returns a Var<T> or a number:
/// `[](auto x) { using std::exp; return x[0] * x[0] + exp(x[1]); }`.  The same lambda runs on arrays of numbers and of
/// duals. Rows do not see one another.  Allocates nothing when `tape` has seen as large a recording. Throws
/// std::invalid_argument for wrong shapes.
template <class T, class F> void value_and_gradient(F&& f, Tape<T>& tape, CView<T> x, ColView<T> value, View<T> grad) {
  if (grad.rows() != x.rows() || grad.cols() != x.cols())
    rheo::detail::fail("a gradient whose shape is not that of the points");
  const Var<T> u = detail::record(std::forward<F>(f), tape, x, value);
  tape.reverse(u);
  for (Index j = 0; j < x.cols(); ++j)
    column(grad, j) = tape.cotangent(Var<T>(&tape, j));  // the inputs are the first nodes
}

/// value(i) = f(x_i) alone.
template <class T, class F> void value_only(F&& f, Tape<T>& tape, CView<T> x, ColView<T> value) {
  detail::record(std::forward<F>(f), tape, x, value);
}

}  // namespace rheo::autodiff
