// SPDX-License-Identifier: MIT
// Progress: a fit's callback, or a plain counter, that keeps one line up to date on a terminal and writes one line each
// few seconds elsewhere.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "rheo/io/text.hpp"
#include "rheo/platform/macros_off.hpp"
#include "rheo/platform/terminal.hpp"

namespace rheo::io {

/// Where and how often progress is told.
struct ProgressOptions {
  std::FILE* out = stderr;          ///< a terminal or a log
  double every_seconds = 10;        ///< least time between two lines where out is no terminal; 0: a line for every call
  std::function<double()> clock{};  ///< seconds since whenever, never backwards; empty: the system's steady clock
};

namespace detail {

/// How much is done a second of late: the past fades with a time constant of a fifth of the time so far, at least ten
/// seconds.
struct RecentRate {
  double done = 0, seconds = 0, work = 0, time = 0;

  /// `d` is done after `s` seconds, neither of them less than before.
  void reach(double d, double s) {
    const double past = std::exp(-(s - seconds) / std::max(10.0, s / 5));
    work = work * past + (d - done);
    time = time * past + (s - seconds);
    done = d, seconds = s;
  }
  /// A second; NaN before any time went by.
  double rate() const { return time > 0 ? work / time : std::nan(""); }
  /// Seconds that `more` will take; NaN where nothing was done of late.
  double left(double more) const { return more == 0 ? 0 : work > 0 && more > 0 ? more * time / work : std::nan(""); }
};

}  // namespace detail

/// As a callback of fit or fit_energy, by std::ref or from a lambda: called with any struct that has the numbers epoch
/// (epochs done), epochs (planned, 0 = unknown), train_loss, validation_loss, best_loss, learning_rate and seconds
/// (since the start), or step, steps, loss, check_loss, best_loss, acceptance, learning_rate and seconds; returns true.
/// What is NaN is shown as "-".  A smaller epoch or time than the last call's begins another run.
///
/// As a counter: Progress p("sampling", rows), then p.tick(n) when n more are done; time begins with the object.
///
/// On a terminal: a bar, the figures and the time left, cut to the terminal's width, rewritten in place at most ten
/// times a second; the bar has colour unless NO_COLOR is set.  Elsewhere, or where TERM is dumb: plain lines, the first
/// and the last of a run and between them at most one each every_seconds.  A run that ends early is ended by finish()
/// or the destructor.  The time left goes by the rate of late.  For one thread at a time.
class Progress {
 public:
  /// A callback.
  explicit Progress(std::FILE* out = stderr) : Progress(ProgressOptions{out, 10, {}}) {}
  explicit Progress(ProgressOptions options) : Progress(std::string(), 0, std::move(options)) {}
  /// `total` is how many ticks there will be, 0 = unknown.
  Progress(std::string what, std::int64_t total, ProgressOptions options = {})
      : options_(std::move(options)), what_(std::move(what)), total_(static_cast<double>(total)) {
    terminal_ = platform::is_live_terminal(options_.out);
    colour_ = terminal_ && platform::colours_wanted();
    begin_ = now();
  }
  /// A copy has counted and drawn nothing yet.
  Progress(const Progress& o)
      : options_(o.options_),
        what_(o.what_),
        total_(o.total_),
        terminal_(o.terminal_),
        colour_(o.colour_),
        begin_(now()) {}
  Progress& operator=(const Progress&) = delete;
  ~Progress() { finish(); }

  template <class State> bool operator()(const State& s) {
    if (!options_.out) return true;
    const auto number = [](auto v) { return static_cast<double>(v); };
    if constexpr (requires { s.epoch; }) {
      report("epoch ", number(s.epoch), number(s.epochs), number(s.seconds),
             "  train " + loss(number(s.train_loss)) + "  validation " + loss(number(s.validation_loss)) + "  best " +
                 loss(number(s.best_loss)) + "  rate " + detail::general(number(s.learning_rate), 3));
    } else {
      const double accepted = number(s.acceptance);
      report("step ", number(s.step), number(s.steps), number(s.seconds),
             "  loss " + loss(number(s.loss)) + "  check " + loss(number(s.check_loss)) + "  best " +
                 loss(number(s.best_loss)) + (std::isnan(accepted) ? "" : "  accepted " + detail::fixed(accepted, 2)) +
                 "  rate " + detail::general(number(s.learning_rate), 3));
    }
    return true;
  }

  /// `count` more are done.
  void tick(std::int64_t count = 1) {
    ticks_ += static_cast<double>(count);
    if (!options_.out) return;
    seen_ = now() - begin_;
    const bool last = total_ > 0 && ticks_ >= total_ && !ended_;
    if (seen_ >= rate_.seconds + 0.05) rate_.reach(ticks_, seen_);
    late_ = true;
    if (last || due()) show_count();
    if (!last) return;
    ended_ = true;
    end_line();
  }

  /// Shows what a run that ended early came to, where that was not shown yet, and ends its line on a terminal, so that
  /// other output begins on its own; the next call begins a new one.
  void finish() {
    if (late_ && figures_.empty()) show_count();
    if (late_) show(figures_, part_);
    end_line();
  }

 private:
  double now() const {
    if (options_.clock) return options_.clock();
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  static std::string loss(double v) { return std::isnan(v) ? "-" : detail::fixed(v, 4); }
  static std::string duration(double seconds) {
    if (!(seconds >= 0 && seconds < 360000)) return "-";
    const std::int64_t t = std::llround(seconds);
    const auto two = [](std::int64_t v) { return (v < 10 ? "0" : "") + std::to_string(v); };
    return (t >= 3600 ? std::to_string(t / 3600) + ":" + two(t / 60 % 60) : std::to_string(t / 60)) + ":" + two(t % 60);
  }
  static std::string of(double done, double total) {
    return detail::fixed(done, 0) + (total > 0 ? "/" + detail::fixed(total, 0) : "");
  }
  void show_count() {
    rate_.reach(ticks_, seen_);
    const bool all = total_ > 0 && ticks_ >= total_;
    const double rate = all ? ticks_ / seen_ : rate_.rate(), part = total_ > 0 ? std::min(ticks_ / total_, 1.0) : -1;
    const std::string speed =
        std::isfinite(rate) ? (rate < 1000 ? detail::general(rate, 3) : detail::fixed(rate, 0)) + "/s" : "-";
    show(what_ + " " + of(ticks_, total_) + (total_ > 0 ? "  " + detail::fixed(std::floor(100 * part), 0) + " %" : "") +
             "  " + speed +
             (all ? "  took " + duration(seen_) : "  left " + duration(rate_.left(total_ > 0 ? total_ - ticks_ : -1))),
         part);
  }
  void report(const char* unit, double done, double total, double seconds, const std::string& losses) {
    if (done < rate_.done || seconds < rate_.seconds) rate_ = {}, shown_ = false;
    rate_.reach(done, seconds);
    figures_ = unit + of(done, total) + losses + "  left " + duration(rate_.left(total > 0 ? total - done : -1));
    part_ = total > 0 ? std::clamp(done / total, 0.0, 1.0) : -1;
    late_ = true;
    const bool last = total > 0 && done >= total;
    if (last || due()) show(figures_, part_);
    if (!last) return;
    end_line();
    rate_ = {}, shown_ = false;
  }
  /// Whether a line may be written now: always the first of a run, and on a terminal the first after finish().
  bool due() const {
    return terminal_ ? !drawn_ || now() - shown_at_ >= 0.1 : !shown_ || now() - shown_at_ >= options_.every_seconds;
  }
  void show(const std::string& figures, double part) {
    late_ = false;
    shown_ = true;
    shown_at_ = now();
    if (terminal_) {
      draw(figures, part);
    } else {
      const std::string line = figures + '\n';
      std::fwrite(line.data(), 1, line.size(), options_.out);
    }
    std::fflush(options_.out);
  }
  void end_line() {
    if (!drawn_) return;
    drawn_ = false;
    std::fputc('\n', options_.out);
    std::fflush(options_.out);
  }
  /// `done` in [0, 1], below 0 for no bar.
  void draw(const std::string& figures, double done) {
    const unsigned columns = platform::terminal_columns(options_.out);
    const std::size_t width =
        (columns > 0 ? columns : 80u) - std::size_t(1);  // the last column would wrap on some terminals
    const std::size_t room = width > figures.size() + 3 ? std::min<std::size_t>(width - figures.size() - 3, 30) : 0;
    std::string line = "\r";
    std::size_t used = 0;
    if (done >= 0 && room >= 6) {
      const auto full = static_cast<std::size_t>(done * static_cast<double>(room));
      line += "[" + std::string(colour_ ? "\x1b[32m" : "") + std::string(full, '=') + std::string(room - full, ' ') +
              (colour_ ? "\x1b[0m" : "") + "] ";
      used = room + 3;
    }
    const std::string shown = figures.substr(0, width - used);
    line += shown + std::string(width - used - shown.size(), ' ');  // blanks over what a longer line left
    std::fwrite(line.data(), 1, line.size(), options_.out);
    drawn_ = true;
  }

  ProgressOptions options_;
  std::string what_;
  double total_ = 0;
  bool terminal_ = false, colour_ = false;
  double begin_ = 0;
  double ticks_ = 0, seen_ = 0, shown_at_ = 0;  ///< seen_: when the last tick came
  detail::RecentRate rate_;
  bool drawn_ = false, shown_ = false, late_ = false, ended_ = false;
  std::string figures_;  ///< the last report's; empty for a counter
  double part_ = -1;
};

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
