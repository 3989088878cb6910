// SPDX-License-Identifier: MIT
// object_bytes: an object as the bytes that it is kept in.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <array>
#include <cstring>
#include <new>

namespace rheo::platform {

/// The bytes of a copy.  Those that hold no value are 0 where the compiler can say which they are; else they may be anything.
template <class F> std::array<unsigned char, sizeof(F)> object_bytes(const F& object) {
  std::array<unsigned char, sizeof(F)> bytes;
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
  F copy(object);
  __builtin_clear_padding(&copy);
  std::memcpy(bytes.data(), static_cast<const void*>(&copy), sizeof(F));
#else
  alignas(F) unsigned char room[sizeof(F)] = {};
  F* copy = ::new (static_cast<void*>(room)) F(object);
  std::memcpy(bytes.data(), room, sizeof(F));
  copy->~F();
#endif
  return bytes;
}

}  // namespace rheo::platform
