// SPDX-License-Identifier: MIT
// Var: a column on a tape as a number with operators and functions, so that one generic lambda serves numbers, duals
// and the tape.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include "rheo/autodiff/tape_ops.hpp"
#include "rheo/core/batch.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::autodiff {

template <class T> class Tape;

/// A column on a tape, or a number that is on none (numbers convert, so `Var<T> s = 0; s += x[0];` is good code).  A
/// handle: copy freely, dead after its tape's clear().  There are no comparisons: rows differ; say it with min, max,
/// abs, relu.
template <class T> class Var {
  using Op = detail::Op;
  using Tp = Tape<T>;

 public:
  Var() = default;
  template <class S>
  requires(std::is_arithmetic_v<S> || std::is_same_v<S, T>) Var(S number) : number_(T(number)) {}
  Var(Tape<T>* tape, Index index) : tape_(tape), index_(index) {}
  Tape<T>* tape() const { return tape_; }      ///< null for a number
  Index index() const { return index_; }       ///< -1 for a number
  const T& number() const { return number_; }  ///< meaningful for numbers only

  friend Var operator+(Var a) { return a; }
  friend Var operator-(Var a) { return Tp::unary(Op::neg, a); }
  friend Var operator+(Var a, Var b) { return Tp::binary(Op::add, Op::add_scalar, Op::add_scalar, a, b, b.number_); }
  friend Var operator-(Var a, Var b) { return Tp::binary(Op::sub, Op::add_scalar, Op::rsub_scalar, a, b, -b.number_); }
  friend Var operator*(Var a, Var b) { return Tp::binary(Op::mul, Op::mul_scalar, Op::mul_scalar, a, b, b.number_); }
  friend Var operator/(Var a, Var b) { return Tp::binary(Op::div, Op::div_scalar, Op::rdiv_scalar, a, b, b.number_); }
  Var& operator+=(Var b) { return *this = *this + b; }
  Var& operator-=(Var b) { return *this = *this - b; }
  Var& operator*=(Var b) { return *this = *this * b; }
  Var& operator/=(Var b) { return *this = *this / b; }

  friend Var exp(Var a) { return Tp::unary(Op::exp, a); }  ///< Eigen 3.4 stops at 6e-309 in double, it never reaches 0
  friend Var log(Var a) { return Tp::unary(Op::log, a); }
  friend Var log1p(Var a) { return Tp::unary(Op::log1p, a); }
  friend Var expm1(Var a) { return Tp::unary(Op::expm1, a); }
  friend Var sqrt(Var a) { return Tp::unary(Op::sqrt, a); }
  friend Var square(Var a) { return Tp::unary(Op::square, a); }
  friend Var pow(Var a, double p) { return Tp::unary(Op::pow, a, T(p)); }
  friend Var sin(Var a) { return Tp::unary(Op::sin, a); }
  friend Var cos(Var a) { return Tp::unary(Op::cos, a); }
  friend Var tanh(Var a) { return Tp::unary(Op::tanh, a); }
  friend Var atan(Var a) { return Tp::unary(Op::atan, a); }
  friend Var sigmoid(Var a) { return Tp::unary(Op::sigmoid, a); }
  friend Var softplus(Var a) { return Tp::unary(Op::softplus, a); }   ///< log(1 + e^a), finite for finite a
  friend Var abs(Var a) { return Tp::unary(Op::abs, a); }             ///< slope +1 at 0
  friend Var relu(Var a) { return Tp::unary(Op::relu, a); }           ///< slope 0 at 0
  friend Var min(Var a, Var b) { return Tp::choose(Op::min, a, b); }  ///< at ties all goes to a
  friend Var max(Var a, Var b) { return Tp::choose(Op::max, a, b); }  ///< at ties all goes to a

 private:
  Tape<T>* tape_ = nullptr;
  Index index_ = -1;
  T number_ = T(0);
};

/// Consecutive columns of a tape: x[j], x.size(), for (auto v : x).
template <class T> struct Columns {
  Tape<T>* tape = nullptr;
  Index first = 0, count = 0;
  struct Iterator {
    Tape<T>* tape;
    Index index;
    Var<T> operator*() const { return {tape, index}; }
    Iterator& operator++() { return ++index, *this; }
    bool operator!=(const Iterator& o) const { return index != o.index; }
  };
  template <std::integral Int> Var<T> operator[](Int j) const { return {tape, first + static_cast<Index>(j)}; }
  std::size_t size() const { return static_cast<std::size_t>(count); }
  Iterator begin() const { return {tape, first}; }
  Iterator end() const { return {tape, first + count}; }
};

/// Numbers shared by all rows, with their place in the gradient: w[k] is a parameter, dot(x, w) one node.
template <class T> struct Weights {
  Tape<T>* tape = nullptr;
  const T* values = nullptr;
  Index count = 0, slot = -1;
  template <std::integral Int> Var<T> operator[](Int k) const {
    return tape->parameter(values[k], slot < 0 ? Index(-1) : slot + static_cast<Index>(k));
  }
  std::size_t size() const { return static_cast<std::size_t>(count); }
};

/// sum_k w_k x_k: one node for weights on a tape, a plain sum for anything else that multiplies and adds.
template <class X, class T> Var<T> dot(const X& x, const Weights<T>& w) {
  return w.tape->dot(x, w.values, w.count, w.slot);
}
template <class X, class W> auto dot(const X& x, const W& w) {
  auto sum = w[0] * x[0];
  for (decltype(w.size()) k = 1; k < w.size(); ++k) sum = sum + w[k] * x[static_cast<decltype(x.size())>(k)];
  return sum;
}

/// The functions of Var that the standard library has not, for numbers.
template <std::floating_point T> T square(T x) { return x * x; }
template <std::floating_point T> T relu(T x) { return x <= T(0) ? T(0) : x; }
template <std::floating_point T> T sigmoid(T x) {
  return std::exp(x < T(0) ? x : T(0)) / (T(1) + std::exp(-std::abs(x)));
}
template <std::floating_point T> T softplus(T x) { return (x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace rheo::autodiff

#include "rheo/platform/macros_on.hpp"
