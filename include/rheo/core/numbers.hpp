// SPDX-License-Identifier: MIT
// Numbers: a vector that owns its numbers and never changes how many they are, whatever a caller does with it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "rheo/core/batch.hpp"

namespace rheo {

/// n numbers, all 0 at first: the parameters of a model, or its buffers.  An Eigen array of n rows in every expression;
/// a copy owns numbers of its own. What is assigned, added, subtracted, multiplied, divided or swapped must have n
/// numbers, else std::invalid_argument, in release builds too. One that has been moved from is empty until n numbers
/// are assigned to it.
template <class T> class Numbers : public ColView<T> {
 public:
  using Base = ColView<T>;
  explicit Numbers(Index n, const char* name = "vector") : Base(nullptr, 0), count_(n), name_(name) {
    own();
    this->setZero();
  }
  Numbers(const Numbers& other) : Base(nullptr, 0), count_(other.count_), name_(other.name_) {
    if (other.moved_from()) return;
    own();
    Base::operator=(other.map());
  }
  Numbers(Numbers&& other) noexcept
      : Base(other.data(), other.size()), memory_(std::move(other.memory_)), count_(other.count_), name_(other.name_) {
    other.look_at(nullptr, 0);
  }
  ~Numbers() = default;

  Numbers& operator=(const Numbers& other) {
    if (this == &other) return *this;
    return *this = other.map();
  }
  Numbers& operator=(Numbers&& other) {
    if (this == &other) return *this;
    check(other);
    memory_ = std::move(other.memory_);
    look_at(reinterpret_cast<T*>(memory_.data()), count_);
    other.memory_ = {};
    other.look_at(nullptr, 0);
    return *this;
  }
  template <class D> Numbers& operator=(const Eigen::DenseBase<D>& x) {
    check(x);
    if (moved_from()) own();
    Base::operator=(x.derived());
    return *this;
  }
  Numbers& operator=(const T& value) {
    this->setConstant(value);
    return *this;
  }
  template <class D> Numbers& operator+=(const Eigen::DenseBase<D>& x) {
    return check(x), Base::operator+=(x.derived()), *this;
  }
  template <class D> Numbers& operator-=(const Eigen::DenseBase<D>& x) {
    return check(x), Base::operator-=(x.derived()), *this;
  }
  template <class D> Numbers& operator*=(const Eigen::DenseBase<D>& x) {
    return check(x), Base::operator*=(x.derived()), *this;
  }
  template <class D> Numbers& operator/=(const Eigen::DenseBase<D>& x) {
    return check(x), Base::operator/=(x.derived()), *this;
  }
  Numbers& operator+=(const T& value) { return Base::operator+=(value), *this; }
  Numbers& operator-=(const T& value) { return Base::operator-=(value), *this; }
  Numbers& operator*=(const T& value) { return Base::operator*=(value), *this; }
  Numbers& operator/=(const T& value) { return Base::operator/=(value), *this; }
  /// Exchanges the numbers with those of another vector or view.
  template <class D> void swap(Eigen::DenseBase<D>& x) {
    check(x);
    Base::swap(x.derived());
  }
  template <class D> void swap(Eigen::DenseBase<D>&& x) { swap(x); }
  friend void swap(Numbers& a, Numbers& b) { a.swap(static_cast<Base&>(b)); }

  bool moved_from() const { return memory_.data() == nullptr; }

 private:
  const Base& map() const { return *this; }
  void own() {
    memory_.grow(sizeof(T) * static_cast<std::size_t>(count_) +
                 1);  // never without memory, which is the mark of one moved from
    std::uninitialized_default_construct_n(reinterpret_cast<T*>(memory_.data()), count_);
    look_at(reinterpret_cast<T*>(memory_.data()), count_);
  }
  void look_at(T* data, Index n) { ::new (static_cast<Base*>(this)) Base(data, n); }
  template <class D> void check(const Eigen::DenseBase<D>& x) const {
    if (x.size() == count_) return;
    detail::fail("a " + std::string(name_) + " of " + std::to_string(count_) + " numbers cannot take " +
                 std::to_string(x.size()));
  }

  detail::Memory memory_;
  Index count_;
  const char* name_;
};

}  // namespace rheo
