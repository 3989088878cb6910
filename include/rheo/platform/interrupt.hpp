// SPDX-License-Identifier: MIT
// Interrupt: Ctrl-C, and a batch queue's request to end, as a stop token.
#pragma once

#include "rheo/platform/threads.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>

namespace rheo {
namespace platform {

inline std::atomic<unsigned> asked_at{0};  // in milliseconds of a steady clock, from its wrap on; 0: not asked
static_assert(std::atomic<unsigned>::is_always_lock_free, "rheo: a signal's handler may touch nothing else");
extern "C" inline void rheo_on_interrupt(int signal) {
  using namespace std::chrono;
  std::signal(signal, rheo_on_interrupt);  // some systems forget it
  const auto now =
      static_cast<unsigned>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count()) | 1u;
  unsigned first = 0;
  if (!asked_at.compare_exchange_strong(first, now) && static_cast<int>(now - first) >= 1000) std::_Exit(128 + signal);
}

}  // namespace platform

/// While it lives, SIGINT (Ctrl-C) and SIGTERM ask for a stop in place of ending the program: hand token() to
/// FitOptions::stop, and the fit ends as interrupted, the best parameters in place and its checkpoint kept.  A signal
/// that comes a second after the first, or later, ends the program at once, with 128 + its number; sooner it is the
/// same request, for `timeout`, mpirun and queues send one to a process and one to its group.  They are taken
/// where the parent had them ignored too, as a shell's script has for `program &`.  One at a time.  Where the platform
/// has no threads, only asked() tells.
class Interrupt {
 public:
  Interrupt()
      : old_int_(std::signal(SIGINT, platform::rheo_on_interrupt)),
        old_term_(std::signal(SIGTERM, platform::rheo_on_interrupt)) {}
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt() {
    std::signal(SIGINT, old_int_ == SIG_ERR ? SIG_DFL : old_int_);
    std::signal(SIGTERM, old_term_ == SIG_ERR ? SIG_DFL : old_term_);
    platform::asked_at = 0;
  }
  bool asked() const { return platform::asked_at.load() != 0; }
  StopToken token() const { return stop_.get_token(); }

 private:
  using Handler = void (*)(int);
  Handler old_int_, old_term_;
  StopSource stop_;
  // A handler may not ask a stop source itself.
  platform::JoiningThread watch_{[this](StopToken done) {
    while (!done.stop_requested() && !asked()) platform::rest(std::chrono::milliseconds(20));
    if (asked()) stop_.request_stop();
  }};
};

}  // namespace rheo
