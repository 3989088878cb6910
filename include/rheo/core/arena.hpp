// SPDX-License-Identifier: MIT
// Arena: one worker's scratch memory, with stack discipline.  After the largest call has been seen once it never
// allocates again.
#pragma once

#include <cstddef>
#include <vector>

#include "rheo/core/batch.hpp"

namespace rheo {

/// Scratch for the inside of one call.  Take what you need behind a Scope; the Scope's end gives it all back.
class Arena {
 public:
  struct Mark {
    std::size_t block, offset;
  };
  /// Gives back at its end what was taken since its beginning.
  class Scope {
   public:
    explicit Scope(Arena& arena) : arena_(arena), mark_(arena.mark()) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { arena_.release(mark_); }

   private:
    Arena& arena_;
    Mark mark_;
  };

  Mark mark() const { return {current_, offset_}; }
  void release(Mark m) {
    current_ = m.block;
    offset_ = m.offset;
    if (current_ == 0 && offset_ == 0 && blocks_.size() > 1) {  // next time, one block for all
      std::size_t total = 0;
      for (const auto& b : blocks_) total += b.size();
      blocks_.clear();
      blocks_.emplace_back(total);
    }
  }
  /// n x c numbers, columns contiguous, values unspecified.
  template <class T> View<T> take(Index n, Index c) { return strided<T>(n, c, n); }
  /// The same for the factors of products, see Buffer::apart.
  template <class T> View<T> apart(Index n, Index c) { return strided<T>(n, c, detail::spread<T>(n)); }
  template <class T> ColView<T> column(Index n) { return {take<T>(n, 1).data(), n}; }

 private:
  template <class T> View<T> strided(Index n, Index c, Index stride) {
    return view_of(reinterpret_cast<T*>(bytes(sizeof(T) * static_cast<std::size_t>(stride * c))), n, c, stride);
  }
  std::byte* bytes(std::size_t size) {
    const std::size_t a = detail::Memory::alignment;
    size = (size + a - 1) / a * a;
    while (current_ < blocks_.size() && offset_ + size > blocks_[current_].size()) {
      ++current_;
      offset_ = 0;
    }
    if (current_ == blocks_.size()) {
      const std::size_t least = std::size_t(1) << 16;
      blocks_.emplace_back(size > least ? size : least);
    }
    std::byte* p = blocks_[current_].data() + offset_;
    offset_ += size;
    return p;
  }

  std::vector<detail::Memory> blocks_;
  std::size_t current_ = 0, offset_ = 0;
};

}  // namespace rheo
