// SPDX-License-Identifier: MIT
// object_bytes: an object as the bytes that it is kept in.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <array>
#include <cstring>
#include <new>

namespace rheo::platform {

/// The bytes of a copy.  Those that hold no value are 0 where the compiler can say which they are; else they may be
/// anything.
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

/// Whether the object holds what Object() does.  Bytes without a value do not count: where the compiler cannot say which
/// they are, those that the constructor leaves as it finds them.
template <class Object> bool as_made_without_arguments(const Object& object) {
  const auto bytes = object_bytes(object);
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
  return object_bytes(Object()) == bytes;
#else
  alignas(Object) unsigned char low[sizeof(Object)], high[sizeof(Object)];
  std::memset(low, 0, sizeof(Object)), std::memset(high, 255, sizeof(Object));
#if defined(__GNUC__)
  asm volatile("" : : "r"(low), "r"(high) : "memory");  // what lies there is not for the compiler to forget
#endif
  Object *first = ::new (static_cast<void*>(low)) Object, *second = ::new (static_cast<void*>(high)) Object;
  bool same = true;
  for (std::size_t k = 0; k < sizeof(Object); ++k) same = same && (low[k] != high[k] || low[k] == bytes[k]);
  first->~Object(), second->~Object();
  return same;
#endif
}

}  // namespace rheo::platform
