// SPDX-License-Identifier: MIT
// Tape: reverse mode whose node is a whole column of the batch, n rows at once, recorded into grow-only memory that the
// tape owns.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rheo/autodiff/tape_ops.hpp"
#include "rheo/autodiff/var.hpp"
#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/core/params.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::autodiff {

/// Records operations on columns of n rows as they are computed and sends cotangents back through them, each node once.
///
/// A row knows only itself: a NaN stays in its row (and in the sums over rows that are the parameters' gradients).  A
/// row whose cotangent is 0 passes on 0 even where a slope is infinite, so what min, max or relu did not take cannot
/// spoil what they took. Second and later recordings that are no larger allocate nothing.  A copy is an empty tape:
/// tapes live in caches.
template <class T> class Tape {
  using Op = detail::Op;
  template <class S> using Col = detail::Col<S>;

 public:
  Tape() = default;
  Tape(const Tape&) {}
  Tape& operator=(const Tape&) { return *this; }
  Tape(Tape&&) = default;
  Tape& operator=(Tape&&) = default;

  /// Forgets everything and begins a recording for n rows.
  void clear(Index n) {
    nodes_.clear();
    arguments_.clear();
    weights_.clear();
    const Index lane = std::max<Index>(1, Index(rheo::detail::Memory::alignment / sizeof(T)));
    n_ = n;
    stride_ = (n + lane - 1) / lane * lane;
    slope_.view(stride_, 1);
  }
  Index rows() const { return n_; }
  Index size() const { return static_cast<Index>(nodes_.size()); }  ///< nodes recorded

  /// A column of n numbers without a gradient; copied.
  Var<T> constant(CColView<T> x) { return leaf(Op::constant, x); }
  /// A number on the tape: only needed to have a column of it.
  Var<T> constant(const T& c) { return fill(Op::constant, c, -1); }
  /// A column whose cotangent is wanted; copied.
  Var<T> input(CColView<T> x) { return leaf(Op::input, x); }
  /// All columns of a batch as inputs.
  Columns<T> inputs(CView<T> x) {
    const Index first = size();
    for (Index j = 0; j < x.cols(); ++j) input(column(x, j));
    return {this, first, x.cols()};
  }
  /// A number shared by all rows.  reverse() adds its gradient, summed over rows, to g_theta[slot].
  Var<T> parameter(const T& value, Index slot = -1) { return fill(Op::parameter, value, slot); }
  /// sum_k w_k x_k as one node; x is anything with x[k].  The gradient of w_k is added to g_theta[slot + k].  The
  /// weights are copied.
  template <class X> Var<T> dot(const X& x, const T* w, Index count, Index slot = -1) {
    Index from = -1;
    for (Index k = 0; k < count; ++k) {
      const Var<T> v = column_of(x[static_cast<std::size_t>(k)]);
      if (k == 0) from = static_cast<Index>(arguments_.size());
      arguments_.push_back(v.index());
      weights_.push_back(w[k]);
    }
    if (count == 0) return T(0);
    bool active = slot >= 0;
    for (Index k = from; k < from + count; ++k) active = active || node(argument(k)).active;
    const Index i = push({Op::dot, active, false, from, count, slot, T(0)});
    auto y = values(i);
    y = values(argument(from)) * weight(from);
    for (Index k = from + 1; k < from + count; ++k) y += values(argument(k)) * weight(k);
    return {this, i};
  }

  /// The n values of v.  Valid until the next operation.
  CColView<T> value(Var<T> v) {
    v = column_of(v);
    return {values(v.index()).data(), n_};
  }

  /// Sends cotangents (n x outputs) back from all outputs in one sweep.  Cotangents of inputs add up over calls until
  /// forget_cotangents() or clear(); those of other nodes are of the last call.  Gradients of parameters are added to
  /// g_theta where it has data.
  void reverse(std::span<const Var<T>> outputs, CView<T> cotangents, Params<T> g_theta = {}) {
    begin_sweep();
    Index last = -1;
    for (std::size_t k = 0; k < outputs.size(); ++k)
      last = std::max(last, seed(outputs[k], column(cotangents, static_cast<Index>(k))));
    sweep(last, g_theta.data());
  }
  void reverse(Var<T> output, CColView<T> cotangent, Params<T> g_theta = {}) {
    begin_sweep();
    sweep(seed(output, cotangent), g_theta.data());
  }
  /// With ones for the cotangent: the gradient of each row's output.
  void reverse(Var<T> output) {
    begin_sweep();
    sweep(seed(output, Column<T>::Ones(n_)), nullptr);
  }
  /// The next reverse() begins from zero at the inputs too.
  void forget_cotangents() {
    for (auto& e : nodes_) e.touched = false;
  }
  /// What reverse() brought to v, n numbers; zeros where nothing came.  Valid until the next operation on the tape.
  CColView<T> cotangent(Var<T> v) {
    hold(v, v);
    reserve(cotangents_, size());
    if (!node(v.index()).touched) cotangents(v.index()).setZero();
    return {cotangents(v.index()).data(), n_};
  }

  /// @name What Var's operations record through.  Numbers alone are folded.
  static Var<T> unary(Op op, Var<T> a, T c = T(0)) {
    if (!a.tape()) return fold(op, a.number(), T(0), c);
    return a.tape()->record(op, a.index(), -1, c);
  }
  static Var<T> binary(Op op, Op with_number, Op number_with, Var<T> a, Var<T> b, T c) {
    if (!a.tape() && !b.tape()) return fold(op, a.number(), b.number(), c);
    if (!b.tape()) return a.tape()->record(with_number, a.index(), -1, c);
    if (!a.tape()) return b.tape()->record(number_with, b.index(), -1, a.number());
    a.tape()->hold(a, b);
    return a.tape()->record(op, a.index(), b.index(), c);
  }
  static Var<T> choose(Op op, Var<T> a, Var<T> b) {
    if (!a.tape() && !b.tape()) return fold(op, a.number(), b.number(), T(0));
    Tape& t = *(a.tape() ? a.tape() : b.tape());
    a = t.column_of(a);
    b = t.column_of(b);
    return t.record(op, a.index(), b.index(), T(0));
  }

 private:
  struct Node {
    Op op;
    bool active, touched;  // somebody wants its cotangent; one has come
    Index a, b, slot;      // a dot's are: first argument, count
    T c;
  };
  Col<T> values(Index i) const { return {reinterpret_cast<T*>(values_.data()) + i * stride_, stride_}; }
  Col<T> cotangents(Index i) const { return {reinterpret_cast<T*>(cotangents_.data()) + i * stride_, stride_}; }
  Node& node(Index i) { return nodes_[static_cast<std::size_t>(i)]; }
  Index argument(Index k) const { return arguments_[static_cast<std::size_t>(k)]; }
  const T& weight(Index k) const { return weights_[static_cast<std::size_t>(k)]; }

  /// Room for `count` columns; keeps what is there.
  void reserve(rheo::detail::Memory& memory, Index count) {
    const std::size_t need = sizeof(T) * static_cast<std::size_t>(count * stride_);
    if (need <= memory.size()) return;
    rheo::detail::Memory grown(std::max(need, 2 * memory.size()));
    if (memory.size() > 0) std::memcpy(static_cast<void*>(grown.data()), memory.data(), memory.size());
    memory = std::move(grown);
  }
  Index push(const Node& e) {
    nodes_.push_back(e);
    reserve(values_, size());
    return size() - 1;
  }
  void hold(const Var<T>& a, const Var<T>& b) {
    if (a.tape() != this || b.tape() != this) rheo::detail::fail("a variable that is not on this tape");
    eigen_assert(a.index() < size() && b.index() < size());
  }
  Var<T> fill(Op op, const T& c, Index slot) {
    const Index i = push({op, op == Op::parameter, false, -1, -1, slot, T(0)});
    values(i).setConstant(c);
    return {this, i};
  }
  Var<T> leaf(Op op, const CColView<T>& x) {
    if (x.size() != n_)
      rheo::detail::fail("a column of " + std::to_string(x.size()) + " rows on a tape of " + std::to_string(n_));
    const Index i = push({op, op == Op::input, false, -1, -1, -1, T(0)});
    auto y = values(i);
    y.head(n_) = x;
    if (n_ > 0) y.tail(stride_ - n_).setConstant(x(n_ - 1));  // the padding raises no flag that the rows do not
    return {this, i};
  }
  Var<T> column_of(const Var<T>& v) {
    if (!v.tape()) return constant(v.number());
    hold(v, v);
    return v;
  }
  static Var<T> fold(Op op, const T& a, const T& b, const T& c) {
    alignas(rheo::detail::Memory::alignment) const T in[1] = {a};
    alignas(rheo::detail::Memory::alignment) const T other[1] = {b};
    alignas(rheo::detail::Memory::alignment) T out[1];
    detail::tape_value<T>(op, in, other, c, out, 1);
    return out[0];
  }
  Var<T> record(Op op, Index a, Index b, const T& c) {
    const Index i = push({op, node(a).active || (b >= 0 && node(b).active), false, a, b, -1, c});
    detail::tape_value<T>(op, values(a).data(), b >= 0 ? values(b).data() : nullptr, c, values(i).data(), stride_);
    return {this, i};
  }

  void begin_sweep() {
    reserve(cotangents_, size());
    for (auto& e : nodes_) e.touched = e.touched && e.op == Op::input;
  }
  template <class E> Index seed(const Var<T>& v, const E& cotangent) {
    if (cotangent.size() != n_) rheo::detail::fail("a cotangent whose rows are not the tape's");
    if (v.index() < 0 || !node(v.index()).active) return -1;
    auto g = cotangents(v.index());
    if (!node(v.index()).touched) g.setZero();
    node(v.index()).touched = true;
    g.head(n_) += cotangent;
    return v.index();
  }
  void sweep(Index last, T* g_theta) {
    for (Index i = last; i >= 0; --i) {
      if (node(i).touched) pull(node(i), i, g_theta);
    }
  }
  template <class E> void add(Index i, const E& contribution) {
    if (!node(i).active) return;
    auto g = cotangents(i);
    if (node(i).touched) {
      g += contribution;
    } else {
      g = contribution;
    }
    node(i).touched = true;
  }
  void chain(const Node& e, Index i, bool second) {
    const Index to = second ? e.b : e.a;
    if (!node(to).active) return;
    const T* s = detail::tape_slope<T>(e.op, second, values(e.a).data(), e.b >= 0 ? values(e.b).data() : nullptr, e.c,
                                       values(i).data(), slope_.view(stride_, 1).data(), stride_);
    add(to, cotangents(i).binaryExpr(detail::CCol<T>(s, stride_), detail::Chain<T>()));
  }
  void pull(const Node& e, Index i, T* g_theta) {
    const Col<T> g = cotangents(i);
    switch (e.op) {
      case Op::constant:
      case Op::input: break;
      case Op::parameter:
        if (g_theta && e.slot >= 0) g_theta[e.slot] += g.head(n_).sum();
        break;
      case Op::dot:
        for (Index k = e.a; k < e.a + e.b; ++k) {
          add(argument(k), g * weight(k));
          if (g_theta && e.slot >= 0) {
            g_theta[e.slot + k - e.a] += g.head(n_).binaryExpr(values(argument(k)).head(n_), detail::Chain<T>()).sum();
          }
        }
        break;
      case Op::add:
        add(e.a, g);
        add(e.b, g);
        break;
      case Op::sub:
        add(e.a, g);
        add(e.b, -g);
        break;
      case Op::min:
        add(e.a, (values(e.b) < values(e.a)).select(T(0), g));
        add(e.b, (values(e.b) < values(e.a)).select(g, T(0)));
        break;
      case Op::max:
        add(e.a, (values(e.a) < values(e.b)).select(T(0), g));
        add(e.b, (values(e.a) < values(e.b)).select(g, T(0)));
        break;
      case Op::add_scalar: add(e.a, g); break;
      case Op::neg:
      case Op::rsub_scalar: add(e.a, -g); break;
      case Op::mul_scalar: add(e.a, g * e.c); break;
      case Op::div_scalar: add(e.a, g / e.c); break;
      case Op::abs: add(e.a, (values(e.a) < T(0)).select(-g, g)); break;
      case Op::relu: add(e.a, (values(e.a) <= T(0)).select(T(0), g)); break;
      case Op::mul:
      case Op::div: chain(e, i, true); [[fallthrough]];
      default: chain(e, i, false);
    }
  }

  std::vector<Node> nodes_;
  std::vector<Index> arguments_;  // of dots
  std::vector<T> weights_;
  rheo::detail::Memory values_, cotangents_;  // node i's column begins at i * stride_
  Buffer<T> slope_;
  Index n_ = 0, stride_ = 0;
};

}  // namespace rheo::autodiff

#include "rheo/platform/macros_on.hpp"
