// SPDX-License-Identifier: MIT
// object_bytes: an object as the bytes that it is kept in.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <array>
#include <cstring>
#include <new>

namespace rheo::platform {

/// Whether the compiler can say which bytes of an object hold no value (clang++ cannot).
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
inline constexpr bool knows_padding = true;
#else
inline constexpr bool knows_padding = false;
#endif

/// The bytes of a copy.  Those that hold no value are 0 where knows_padding; else they may be anything.
template <class Object> std::array<unsigned char, sizeof(Object)> object_bytes(const Object& object) {
  std::array<unsigned char, sizeof(Object)> bytes;
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
  Object copy(object);
  __builtin_clear_padding(&copy);
  std::memcpy(bytes.data(), static_cast<const void*>(&copy), sizeof(Object));
#else
  alignas(Object) unsigned char room[sizeof(Object)] = {};
  Object* copy = ::new (static_cast<void*>(room)) Object(object);
  std::memcpy(bytes.data(), room, sizeof(Object));
  copy->~Object();
#endif
  return bytes;
}

}  // namespace rheo::platform
