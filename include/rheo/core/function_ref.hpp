// SPDX-License-Identifier: MIT
// FunctionRef: looks at a callable, so that code is compiled once for all of them.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace rheo {

template <class Signature> struct FunctionRef;
/// FunctionRef<R(As...)> of anything that takes As and gives R: one that owns nothing and never allocates, unlike
/// std::function.  For arguments only.
template <class R, class... As> struct FunctionRef<R(As...)> {
  void* callee;
  R (*call)(void*, As...);
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& f)  // const_cast: a const callable is called as one
      : callee(const_cast<void*>(static_cast<const void*>(std::addressof(f)))), call([](void* c, As... as) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(c))(std::forward<As>(as)...);
        }) {}
  R operator()(As... as) const { return call(callee, std::forward<As>(as)...); }
};

}  // namespace rheo
