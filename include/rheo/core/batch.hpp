// SPDX-License-Identifier: MIT
// Batches and views: N x D, column-major, rows are samples, so that a block of columns is a view and every map runs
// down memory.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <Eigen/Core>
#include <cstddef>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rheo/core/arithmetic.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/core/one_instruction_set.hpp"

namespace rheo {

/// What counts rows, columns and parameters: Eigen's, signed.
using Index = Eigen::Index;

// The orders are written out: a program may define EIGEN_DEFAULT_TO_ROW_MAJOR, and our memory is walked by hand.
template <class T> using Batch = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;  ///< N x D, owning
template <class T>
using Column = Eigen::Array<T, Eigen::Dynamic, 1, Eigen::ColMajor>;  ///< N, owning; also all parameters of a model
template <class T> using Row = Eigen::Array<T, 1, Eigen::Dynamic, Eigen::RowMajor>;  ///< 1 x D, owning
template <class T>
using View = Eigen::Map<Batch<T>, 0, Eigen::OuterStride<>>;  ///< N x D, to be written; columns contiguous
template <class T> using CView = Eigen::Map<const Batch<T>, 0, Eigen::OuterStride<>>;  ///< N x D, to be read
template <class T> using ColView = Eigen::Map<Column<T>>;                              ///< N, to be written
template <class T> using CColView = Eigen::Map<const Column<T>>;                       ///< N, to be read

namespace detail {
/// A number's type, told of T: what a template computes in double on its way is so compiled where it is called, not
/// wherever its header is read.
template <class Number, class T> using Late = std::conditional_t<std::is_void_v<T>, T, Number>;
}  // namespace detail

/// The view of a pointer: n rows, c columns, columns `stride` apart.
template <class T> View<T> view_of(T* p, Index n, Index c, Index stride) {
  return {p, n, c, Eigen::OuterStride<>(stride)};
}
template <class T> CView<T> view_of(const T* p, Index n, Index c, Index stride) {
  return {p, n, c, Eigen::OuterStride<>(stride)};
}

/// Columns [first, first + count) of a view, as a view.
template <class T> View<T> columns(View<T> a, Index first, Index count) {
  return view_of(a.data() + first * a.outerStride(), a.rows(), count, a.outerStride());
}
template <class T> CView<T> columns(CView<T> a, Index first, Index count) {
  return view_of(a.data() + first * a.outerStride(), a.rows(), count, a.outerStride());
}
/// Rows [first, first + count) of a view, as a view.
template <class T> View<T> rows(View<T> a, Index first, Index count) {
  return view_of(a.data() ? a.data() + first : a.data(), count, a.cols(),
                 a.outerStride());  // no columns may be nowhere
}
template <class T> CView<T> rows(CView<T> a, Index first, Index count) {
  return view_of(a.data() ? a.data() + first : a.data(), count, a.cols(), a.outerStride());
}
/// One column as contiguous numbers.
template <class T> ColView<T> column(View<T> a, Index j) { return {a.data() + j * a.outerStride(), a.rows()}; }
template <class T> CColView<T> column(CView<T> a, Index j) { return {a.data() + j * a.outerStride(), a.rows()}; }
/// The same numbers, to be read only.
template <class T> CView<T> read(View<T> a) {
  return view_of(static_cast<const T*>(a.data()), a.rows(), a.cols(), a.outerStride());
}
template <class T> CView<T> read(CView<T> a) { return a; }
template <class T> CColView<T> read(ColView<T> a) { return {a.data(), a.size()}; }
/// The whole of a batch or a column.
template <class T> CView<T> view(const Batch<T>& a) { return view_of(a.data(), a.rows(), a.cols(), a.rows()); }
template <class T> ColView<T> view(Column<T>& a) { return {a.data(), a.size()}; }
template <class T> View<T> view(Batch<T>& a) { return view_of(a.data(), a.rows(), a.cols(), a.rows()); }

/// Not of arrays in another order or of matrices, and says so.
template <class D> View<typename D::Scalar> view(const Eigen::DenseBase<D>&) {
  static_assert(
      D::SizeAtCompileTime == 0 && D::SizeAtCompileTime != 0,
      "rheo: view wants a Batch<T> or a Column<T>, whose columns stand one behind another: write into one and "
      "copy it, or for a Map build the view by view_of(data, n, D, n)");
  return {nullptr, 0, 0, Eigen::OuterStride<>(0)};
}

/// Eigen::Map has no rebinding assignment: makes `target` look at what `source` looks at.
template <class M> void reseat(M& target, const M& source) {
  target.~M();
  ::new (static_cast<void*>(&target)) M(source);
}

/// Copies values between views of one shape.
template <class To, class From> void copy(const From& from, To to) {
  for (Index j = 0; j < from.cols(); ++j) column(to, j) = column(from, j);
}
/// Row i of `to` (m x c) = row which[i] of `from` (n x c), each which[i] in [0, n).
template <class T> void copy_rows(CView<T> from, const Index* which, View<T> to) {
  for (Index j = 0; j < from.cols(); ++j) {
    const T* a = column(from, j).data();
    T* out = column(to, j).data();
    for (Index i = 0; i < to.rows(); ++i) out[i] = a[which[i]];
  }
}

/// How a foreign container becomes a batch: specialise for other libraries' tensors (rheo/core/tensor.hpp does it for
/// Eigen's).
template <class X> struct AsBatch {
  static constexpr bool enabled = false;  ///< true where bind(x, input) exists
};

/// A batch argument, N x D, as every public call takes it: blocks, maps, matrices, arrays, row-major storage,
/// expressions, tensors (rheo/core/tensor.hpp), and single points as row vectors.  Column-major storage with contiguous
/// columns is looked at, everything else is copied once.  Holds no ownership of what it looks at, so it is for
/// arguments only.
template <class T> class Input {
 public:
  Input() : view_(nullptr, 0, 0, Eigen::OuterStride<>(0)) {}
  /// Looks at x, or copies it; another scalar type does not compile.
  template <class D> Input(const Eigen::DenseBase<D>& x) : Input() {
    static_assert(std::is_same_v<typename D::Scalar, T>,
                  "rheo: the data's scalar type differs from the model's: cast it with .cast<T>(), as "
                  "x.cast<float>() for make_model<float>, or make_model<double> for data in double");
    if constexpr (std::is_same_v<typename D::Scalar, T>) {  // one error, not three
      const auto& e = x.derived();
      if constexpr (bool(D::Flags & Eigen::DirectAccessBit)) {
        if (bool(D::RowsAtCompileTime == 1)) {
          look(e.data(), 1, e.cols(), e.innerStride());
          return;
        }
        if (!bool(D::IsRowMajor) && e.innerStride() == 1) {
          look(e.data(), e.rows(), e.cols(), bool(D::IsVectorAtCompileTime) ? e.rows() : e.outerStride());
          return;
        }
      }
      own(e);
    }
  }
  template <class X>
  requires(AsBatch<X>::enabled) Input(const X& x) : Input() { AsBatch<X>::bind(x, *this); }
  /// Not of numbers without a shape, and says so.
  template <class A> Input(const std::vector<T, A>&) : Input() {
    static_assert(
        sizeof(A) == 0,
        "rheo: a std::vector has no rows: say them by Eigen::Map<const Eigen::Array<double, Eigen::Dynamic, 2, "
        "Eigen::RowMajor>>(v.data(), n, 2), where sample stands behind sample");
  }
  /// Looks at what `other` looks at; what it owns is copied.
  Input(const Input& other) : Input() { *this = other; }
  Input& operator=(const Input& other) {
    if (other.owned_.size() > 0) {
      own(other.owned_);
    } else {
      reseat(view_, other.view_);
    }
    return *this;
  }
  CView<T> view() const { return view_; }      ///< what it looks at; lives as long as this
  Index rows() const { return view_.rows(); }  ///< N
  Index cols() const { return view_.cols(); }  ///< D

  /// Looks at n x c numbers, columns `stride` apart.
  void look(const T* p, Index n, Index c, Index stride) { reseat(view_, view_of(p, n, c, stride)); }
  /// Copies e.
  template <class E> void own(const E& e) {
    owned_.resize(e.rows(), e.cols());
    if constexpr (std::is_base_of_v<Eigen::ArrayBase<E>, E>) {
      owned_ = e;
    } else {
      owned_ = e.matrix().array();
    }
    look(owned_.data(), owned_.rows(), owned_.cols(), owned_.rows());
  }

 private:
  CView<T> view_;
  Batch<T> owned_;
};

namespace detail {

/// What is wrong with an argument of another width, and what to write instead.
[[gnu::cold]] inline std::string width_fault(Index rows, Index cols, Index want, const char* what) {
  const std::string text = std::string(what) + " has " + std::to_string(cols) + (cols == 1 ? " column" : " columns") +
                           ", this model wants " + std::to_string(want);
  if (rows == want && want > 0)
    return text + ": a row is a sample, so that " + what + " is transposed: hand over " + what + ".transpose()";
  return text + ": a row is a sample, a column a coordinate";
}
/// Throws std::invalid_argument unless `x` has `want` columns.
template <class T> void check_width(const Input<T>& x, Index want, const char* what) {
  if (x.cols() != want) fail(width_fault(x.rows(), x.cols(), want, what));
}

/// Throws std::invalid_argument unless a context of these columns is one that a model of width `want` takes.
inline void check_context_width(Index rows, Index cols, Index want) {
  if (cols == want) return;
  if (cols == 0) {
    fail("this flow is conditional and has no context: hand it " + std::to_string(want) +
         (want == 1 ? " column" : " columns") +
         " of context, as fit(model, x, context), log_prob(x, context) and sample(n, noise, context)");
  }
  if (want == 0) {
    fail(
        "a context was given, and this flow takes none: leave it out, or tell the layers its width, as "
        "AffineCoupling<2, Mlp<64, 64>, " +
        std::to_string(cols) + ">");
  }
  fail(width_fault(rows, cols, want, "context"));
}
/// Throws std::invalid_argument unless a context of so many rows serves n.
inline void check_context_rows(Index rows, Index n) {
  if (rows == n || rows == 1) return;
  fail("context has " + std::to_string(rows) + " rows for a batch of " + std::to_string(n) +
       ": it wants one for each, or one for all");
}

/// Aligned raw memory that grows and never shrinks.
class Memory {
 public:
  static constexpr std::size_t alignment = 64;
  Memory() = default;
  explicit Memory(std::size_t bytes) { grow(bytes); }
  Memory(Memory&& o) noexcept : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  Memory& operator=(Memory&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Memory() { ::operator delete(data_, std::align_val_t(alignment)); }
  /// At least `bytes`; what was stored is lost when it grows.
  void grow(std::size_t bytes) {
    if (bytes <= size_) return;
    void* fresh = ::operator new(bytes, std::align_val_t(alignment));
    ::operator delete(data_, std::align_val_t(alignment));
    data_ = fresh;
    size_ = bytes;
  }
  std::byte* data() const { return static_cast<std::byte*>(data_); }
  std::size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The distance of columns of n numbers that do not collide in a cache: a line more than n where they would be a
/// multiple of eight lines apart, with few places of the first-level cache to share.
template <class T> constexpr Index spread(Index n) {
  constexpr Index size = static_cast<Index>(sizeof(T));
  return n * size % 512 == 0 ? n + 64 / size : n;
}

}  // namespace detail

/// What a layer keeps from a call for its pull: aligned, grow-only, so a smaller batch after a larger one allocates
/// nothing. A copy is an empty buffer: caches hold no state that outlives a call and its pull.
template <class T> class Buffer {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  Buffer() = default;
  Buffer(const Buffer&) {}  ///< empty
  Buffer& operator=(const Buffer&) { return *this; }
  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(Buffer&&) noexcept = default;
  /// n x c numbers, columns contiguous.  The values are those of the last view of the same shape, if there was one.
  View<T> view(Index n, Index c) { return strided(n, c, n); }
  /// The same for the factors of products, whose columns stand as far apart as their speed wants.
  View<T> apart(Index n, Index c) { return strided(n, c, detail::spread<T>(n)); }
  /// n numbers.
  ColView<T> column(Index n) { return {view(n, 1).data(), n}; }

 private:
  View<T> strided(Index n, Index c, Index stride) {
    memory_.grow(sizeof(T) * static_cast<std::size_t>(stride * c));
    return view_of(reinterpret_cast<T*>(memory_.data()), n, c, stride);
  }

  detail::Memory memory_;
};

}  // namespace rheo
