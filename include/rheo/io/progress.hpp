// SPDX-License-Identifier: MIT
// Progress: a fit's callback that keeps one line up to date on a terminal and writes one line per epoch anywhere else.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "rheo/io/text.hpp"
#include "rheo/platform/terminal.hpp"

namespace rheo::io {

/// Called with any struct that has the numbers epoch (epochs done), epochs (planned, 0 = unknown), train_loss, validation_loss, best_loss,
/// learning_rate and seconds (since the start).  Losses that are NaN (no validation part) are shown as "-".
/// On a terminal: a bar, the figures and the time left, cut to the terminal's width, rewritten in place; the bar has colour unless NO_COLOR
/// is set.  Elsewhere, or where TERM is dumb: one plain line per call.  The line is ended after the last epoch, else by the destructor.
class Progress {
 public:
  explicit Progress(std::FILE* out = stderr) : out_(out) {
    const char* term = std::getenv("TERM");
    const char* no_color = std::getenv("NO_COLOR");
    terminal_ = platform::is_terminal(out) && !(term && std::string(term) == "dumb");
    colour_ = terminal_ && !(no_color && *no_color);
  }
  Progress(const Progress& o) : out_(o.out_), terminal_(o.terminal_), colour_(o.colour_) {}  // a copy has drawn nothing yet
  Progress& operator=(const Progress&) = delete;
  ~Progress() { finish(); }

  template <class State>
  void operator()(const State& s) {
    if (!out_) return;
    const auto epoch = static_cast<double>(s.epoch), epochs = static_cast<double>(s.epochs), seconds = static_cast<double>(s.seconds);
    const double left = epoch > 0 && epochs >= epoch ? seconds / epoch * (epochs - epoch) : std::nan("");
    const std::string count = detail::fixed(epoch, 0) + (epochs > 0 ? "/" + detail::fixed(epochs, 0) : "");
    std::string figures = "epoch " + count + "  train " + loss(static_cast<double>(s.train_loss)) + "  validation " +
                          loss(static_cast<double>(s.validation_loss)) + "  best " + loss(static_cast<double>(s.best_loss)) + "  rate " +
                          detail::general(static_cast<double>(s.learning_rate), 3) + "  left " + duration(left);
    if (terminal_) {
      draw(figures, epochs > 0 ? std::clamp(epoch / epochs, 0.0, 1.0) : -1);
      if (epochs > 0 && epoch >= epochs) finish();
    } else {
      figures += '\n';
      std::fwrite(figures.data(), 1, figures.size(), out_);
    }
    std::fflush(out_);
  }

  /// Ends an unfinished terminal line, so that other output begins on its own; the next call draws a new one.
  void finish() {
    if (!drawn_) return;
    drawn_ = false;
    std::fputc('\n', out_);
    std::fflush(out_);
  }

 private:
  static std::string loss(double v) { return std::isnan(v) ? "-" : detail::fixed(v, 4); }
  static std::string duration(double seconds) {
    if (!(seconds >= 0 && seconds < 360000)) return "-";
    const long t = std::lround(seconds);
    const auto two = [](long v) { return (v < 10 ? "0" : "") + std::to_string(v); };
    return (t >= 3600 ? std::to_string(t / 3600) + ":" + two(t / 60 % 60) : std::to_string(t / 60)) + ":" + two(t % 60);
  }
  /// `done` in [0, 1], below 0 for no bar.
  void draw(const std::string& figures, double done) {
    const unsigned columns = platform::terminal_columns(out_);
    const std::size_t width = (columns > 0 ? columns : 80u) - std::size_t(1);  // the last column would wrap on some terminals
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
    std::fwrite(line.data(), 1, line.size(), out_);
    drawn_ = true;
  }

  std::FILE* out_;
  bool terminal_ = false, colour_ = false, drawn_ = false;
};

}  // namespace rheo::io
