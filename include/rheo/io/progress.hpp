// SPDX-License-Identifier: MIT
// Progress: a fit's callback that draws a bar on a terminal, and prints one line an epoch elsewhere.
#pragma once

#include <cstdio>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace rheo::io {

/// Called with an EpochReport: loss, validation, best, rate, time left.  Always asks for more.
class Progress {
 public:
  explicit Progress(std::FILE* out = stderr) : out_(out) {
#if defined(__unix__) || defined(__APPLE__)
    terminal_ = isatty(fileno(out)) == 1;
#endif
  }
  template <class Report> bool operator()(const Report& r) const {
    const double left = r.epoch > 0 ? r.seconds / r.epoch * (r.epochs - r.epoch) : 0;
    std::string bar;
    if (terminal_) {
      const int width = 24, full = r.epochs > 0 ? width * r.epoch / r.epochs : width;
      bar = "\r[" + std::string(static_cast<std::size_t>(full), '#') + std::string(static_cast<std::size_t>(width - full), '.') + "] ";
    }
    std::fprintf(out_, "%sepoch %d/%d  loss %.4f  validation %.4f  best %.4f  rate %.2g  %.0f s left%s", bar.c_str(), r.epoch, r.epochs, r.train_loss, r.validation_loss,
                 r.best_loss, r.learning_rate, left, terminal_ && r.epoch < r.epochs ? "   " : "\n");
    std::fflush(out_);
    return true;
  }
  /// Ends a bar that was left standing.
  void finish() const {
    if (terminal_) std::fputc('\n', out_);
  }

 private:
  std::FILE* out_;
  bool terminal_ = false;
};

}  // namespace rheo::io
