// SPDX-License-Identifier: MIT
// The closed set of operations of the tape (tape.hpp): value and slope of each on whole columns, side by side.
#pragma once

#include <cstdint>
#include <type_traits>

#include "rheo/core/batch.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::autodiff::detail {

enum class Op : std::uint8_t {
  constant,
  input,
  parameter,
  dot,  // leaves, and sum_k w_k x_k
  add,
  sub,
  mul,
  div,
  min,
  max,  // a o b
  add_scalar,
  rsub_scalar,
  mul_scalar,
  div_scalar,
  rdiv_scalar,
  pow,  // a o c; an r is for c o a
  neg,
  exp,
  log,
  log1p,
  expm1,
  sqrt,
  square,
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  abs,
  relu,
  atan
};

/// A column of the tape: 64-byte aligned, and padded to a multiple of 64 bytes, so that there are packets only and no
/// tail: the bits of a row do not depend on its place in the batch.
template <class T> using Col = Eigen::Map<Column<T>, Eigen::Aligned64>;
template <class T> using CCol = Eigen::Map<const Column<T>, Eigen::Aligned64>;

/// y = op(a, b, c).  Ties: min and max take a, so a NaN in a wins and one in b is lost, as with std::min and std::max;
/// relu(NaN) is NaN.
template <class T> void tape_value(Op op, const T* pa, const T* pb, const T& c, T* py, Index n) {
  const CCol<T> a(pa, n), b(pb ? pb : pa, n);
  Col<T> y(py, n);
  const T one(1), zero(0);
  switch (op) {
    case Op::add: y = a + b; break;
    case Op::sub: y = a - b; break;
    case Op::mul: y = a * b; break;
    case Op::div: y = a / b; break;
    case Op::min: y = (b < a).select(b, a); break;
    case Op::max: y = (a < b).select(b, a); break;
    case Op::add_scalar: y = a + c; break;
    case Op::rsub_scalar: y = c - a; break;
    case Op::mul_scalar: y = a * c; break;
    case Op::div_scalar: y = a / c; break;
    case Op::rdiv_scalar: y = c / a; break;
    case Op::pow:
      if constexpr (std::is_floating_point_v<T>) {
        y = a.pow(c);
      } else {
        y = a.unaryExpr([p = double(value_of(c))](const T& x) { return T(pow(x, p)); });
      }
      break;
    case Op::neg: y = -a; break;
    case Op::exp: y = a.exp(); break;
    case Op::log: y = a.log(); break;
    case Op::log1p: y = a.log1p(); break;
    case Op::expm1: y = a.expm1(); break;
    case Op::sqrt: y = a.sqrt(); break;
    case Op::square: y = a * a; break;
    case Op::sin: y = a.sin(); break;
    case Op::cos: y = a.cos(); break;
    case Op::tanh: y = a.tanh(); break;
    case Op::sigmoid: y = a.min(zero).exp() / ((-a.abs()).exp() + one); break;
    case Op::softplus: y = a.max(zero) + (-a.abs()).exp().log1p(); break;
    case Op::abs: y = (a < zero).select(-a, a); break;
    case Op::relu: y = (a <= zero).select(Column<T>::Zero(n), a); break;
    case Op::atan: y = a.atan(); break;
    case Op::constant:
    case Op::input:
    case Op::parameter:
    case Op::dot: break;
  }
}

/// The column dy/da, or dy/db with `second`: one that is there already, or written into `s`.  Linear operations and
/// those that choose a side are not here but in Tape::pull.
template <class T>
const T* tape_slope(Op op, bool second, const T* pa, const T* pb, const T& c, const T* py, T* ps, Index n) {
  const CCol<T> a(pa, n), b(pb ? pb : pa, n), y(py, n);
  Col<T> s(ps, n);
  const T one(1), two(2);
  switch (op) {
    case Op::mul: return second ? pa : pb;
    case Op::div:
      if (second) {
        s = -y / b;
      } else {
        s = one / b;
      }
      break;
    case Op::rdiv_scalar: s = -y / a; break;
    case Op::pow:
      if (c == T(0)) {
        s.setZero();
      } else {
        tape_value<T>(Op::pow, pa, nullptr, c - one, ps, n);
        s *= c;
      }
      break;
    case Op::exp: return py;
    case Op::log: s = one / a; break;
    case Op::log1p: s = one / (a + one); break;
    case Op::expm1: s = a.exp(); break;
    case Op::sqrt: s = T(0.5) / y; break;
    case Op::square: s = a + a; break;
    case Op::sin: s = a.cos(); break;
    case Op::cos: s = -a.sin(); break;
    case Op::tanh:  // 1 - y^2 without its cancellation: 4 e / (1 + e)^2 with e = exp(-2 |a|)
      s = (a.abs() * -two).exp();
      s = s * T(4) / (s + one).square();
      break;
    case Op::sigmoid:  // y (1 - y) likewise
      s = (-a.abs()).exp();
      s = s / (s + one).square();
      break;
    case Op::softplus: tape_value<T>(Op::sigmoid, pa, nullptr, c, ps, n); break;
    case Op::atan: s = one / (a * a + one); break;
    default: eigen_assert(false && "this operation's pull is in Tape::pull"); break;
  }
  return ps;
}

/// g s, and 0 wherever g is 0, also where s is infinite or NaN: the branch that was not taken sends nothing back.
template <class T> struct Chain {
  T operator()(const T& g, const T& s) const {
    if constexpr (std::is_floating_point_v<T>) {
      return g == T(0) ? T(0) : g * s;
    } else {  // a dual may be 0 with a tangent
      return g * s;
    }
  }
  template <class Packet> Packet packetOp(const Packet& g, const Packet& s) const {
    using namespace Eigen::internal;
    const Packet zero = pset1<Packet>(T(0));
    return pselect(pcmp_eq(g, zero), zero, pmul(g, s));
  }
};

}  // namespace rheo::autodiff::detail

namespace Eigen::internal {
template <class T> struct functor_traits<rheo::autodiff::detail::Chain<T>> {
  enum {
    Cost = 3,
    PacketAccess = std::is_floating_point<T>::value && packet_traits<T>::Vectorizable && packet_traits<T>::HasMul
  };
};
}  // namespace Eigen::internal

#include "rheo/platform/macros_on.hpp"
