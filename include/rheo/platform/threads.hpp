// SPDX-License-Identifier: MIT
// Threads that join and can be asked to stop, and waiting for a number to change: the standard library's where it has
// them.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <atomic>
#include <chrono>
#include <version>

#if defined(__STDCPP_THREADS__) && !(defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__))
#define RHEO_THREADS
#include <thread>
#endif
#if defined(__cpp_lib_jthread)
#include <stop_token>
#else
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#endif

namespace rheo {

#if defined(__cpp_lib_jthread)
using StopToken = std::stop_token;
using StopSource = std::stop_source;
#else
/// std::stop_token as far as rheo uses it: whether somebody asked.
class StopToken {
 public:
  StopToken() = default;
  bool stop_requested() const noexcept { return asked_ && asked_->load(std::memory_order_acquire); }
  bool stop_possible() const noexcept { return asked_ != nullptr; }

 private:
  friend class StopSource;
  explicit StopToken(std::shared_ptr<const std::atomic<bool> > asked) : asked_(std::move(asked)) {}
  std::shared_ptr<const std::atomic<bool> > asked_;
};
/// std::stop_source: who asks.
class StopSource {
 public:
  StopToken get_token() const { return StopToken(asked_); }
  bool request_stop() noexcept { return asked_ && !asked_->exchange(true, std::memory_order_acq_rel); }
  bool stop_requested() const noexcept { return asked_ && asked_->load(std::memory_order_acquire); }

 private:
  std::shared_ptr<std::atomic<bool> > asked_ = std::make_shared<std::atomic<bool> >(false);
};
#endif

namespace platform {

#if defined(RHEO_THREADS)
inline constexpr bool has_threads = true;
#if defined(__cpp_lib_jthread)
using JoiningThread = std::jthread;
#else
/// std::jthread: asks its callable to stop and joins where it ends.
class JoiningThread {
 public:
  JoiningThread() = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, JoiningThread>) explicit JoiningThread(F&& f)
      : stop_(), thread_([f = std::decay_t<F>(std::forward<F>(f)), token = stop_.get_token()]() mutable {
          if constexpr (std::is_invocable_v<std::decay_t<F>&, StopToken>) f(token);
          else f();
        }) {}
  JoiningThread(JoiningThread&&) = default;
  JoiningThread& operator=(JoiningThread&& o) {
    if (this == &o) return *this;
    end();
    stop_ = std::move(o.stop_);
    thread_ = std::move(o.thread_);
    return *this;
  }
  ~JoiningThread() { end(); }
  bool joinable() const noexcept { return thread_.joinable(); }
  bool request_stop() noexcept { return stop_.request_stop(); }
  void join() { thread_.join(); }

 private:
  void end() {
    if (!thread_.joinable()) return;
    stop_.request_stop();
    thread_.join();
  }
  StopSource stop_;
  std::thread thread_;
};
#endif
inline void rest(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }
template <class T> void wait_while(const std::atomic<T>& number, T is) { number.wait(is, std::memory_order_acquire); }
template <class T> void wake_one(std::atomic<T>& number) { number.notify_one(); }
template <class T> void wake_all(std::atomic<T>& number) { number.notify_all(); }
#else
/// No threads here: what would run on several runs on the caller's own.
inline constexpr bool has_threads = false;
struct JoiningThread {
  template <class F> explicit JoiningThread(F&&) {}
  bool request_stop() noexcept { return false; }
};
inline void rest(std::chrono::milliseconds) {}
template <class T> void wait_while(const std::atomic<T>&, T) {}
template <class T> void wake_one(std::atomic<T>&) {}
template <class T> void wake_all(std::atomic<T>&) {}
#endif

}  // namespace platform
}  // namespace rheo

#undef RHEO_THREADS
