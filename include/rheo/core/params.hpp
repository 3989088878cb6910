// SPDX-License-Identifier: MIT
// Params: a layer's slice of the model's one flat vector, taken apart in reading order.  The same `unpack` serves
// values, gradients and the description of the layout, so that the three cannot differ.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rheo/core/batch.hpp"

namespace rheo {

/// A cursor over `size` numbers.  Each call takes the next piece; the names go to describe() and into files.
template <class T> class Params {
 public:
  using Scalar = std::remove_const_t<T>;                ///< of the numbers
  static constexpr bool constant = std::is_const_v<T>;  ///< whether they are to be read only
  /// What matrix gives.
  using MatrixView = std::conditional_t<constant, CView<Scalar>, View<Scalar>>;
  /// What vector gives.
  using VectorView = std::conditional_t<constant, CColView<Scalar>, ColView<Scalar>>;

  Params() = default;
  /// These numbers; they must outlive it.
  Params(T* data, Index size) : data_(data), size_(size) {}
  /// Reading what may be written.
  operator Params<const Scalar>() const { return {data_, size_}; }

  /// n numbers.
  VectorView vector(Index n, std::string_view = {}) { return {take(n), n}; }
  /// r x c, column-major.  Files show it as shape [c, r], row-major: the bytes are those of a PyTorch Linear.weight
  /// (out, in).
  MatrixView matrix(Index r, Index c, std::string_view = {}) { return view_of(take(r * c), r, c, r); }
  /// One number, a reference: what unpack returns must not copy it (std::pair{a, b} does), or gradients are added to
  /// the copy and lost; `vector(1, name)` is a view that may be copied.
  T& scalar(std::string_view = {}) { return *take(1); }
  /// The slice of a part that unpacks itself (a net, a layer of a chain).
  template <class Part> Params part(const Part&, Index n, std::string_view = {}) { return {take(n), n}; }

  T* data() const { return data_; }                  ///< the next number
  Index size() const { return size_; }               ///< how many are left
  VectorView all() const { return {data_, size_}; }  ///< all that are left

 private:
  T* take(Index n) {
    eigen_assert(n <= size_);
    T* p = data_;
    data_ += n;
    size_ -= n;
    return p;
  }
  T* data_ = nullptr;
  Index size_ = 0;
};

/// Stands for a layer where only its layout is asked, so that a layer need not have a default value.
template <class L> struct LayoutOf {
  template <class P> static auto unpack(P p) { return L::unpack(p); }
};

/// One named piece of the flat vector: `offset` and row-major `shape` ({} for a scalar).
struct ParamInfo {
  std::string name;
  Index offset;              ///< from the front of the vector, in numbers
  std::vector<Index> shape;  ///< row-major; {} for a scalar
};

/// The Params that only writes down names, offsets and shapes.
class Layout {
 public:
  using Scalar = double;  ///< of numbers that nobody looks at
  /// Writes to `out`, behind `prefix` and from `offset` on.
  Layout(std::vector<ParamInfo>& out, std::string prefix, Index offset)
      : out_(&out), prefix_(std::move(prefix)), offset_(offset) {}
  /// Writes down what Params would take.
  CColView<double> vector(Index n, std::string_view name = {}) {
    add(name, n, {n});
    return {nullptr, 0};
  }
  /// As vector.
  CView<double> matrix(Index r, Index c, std::string_view name = {}) {
    add(name, r * c, {c, r});
    return view_of(static_cast<const double*>(nullptr), 0, 0, 0);
  }
  /// As vector.
  const double& scalar(std::string_view name = {}) {
    static const double none = 0;
    add(name, 1, {});
    return none;
  }
  /// Writes down what the part unpacks, its name in front.
  template <class Part> Layout part(const Part& part, Index n, std::string_view name = {}) {
    part.unpack(Layout(*out_, prefix_ + std::string(name) + ".", offset_));
    offset_ += n;
    return *this;
  }
  /// A piece of n numbers.
  void add(std::string_view name, Index n, std::vector<Index> shape) {
    if (n > 0) out_->push_back({prefix_ + std::string(name), offset_, std::move(shape)});
    offset_ += n;
  }

 private:
  std::vector<ParamInfo>* out_;
  std::string prefix_;
  Index offset_;
};

}  // namespace rheo
