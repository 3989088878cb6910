// SPDX-License-Identifier: MIT
// Progress, on a pseudo-terminal and on a plain file, byte by byte.
#include "rheo/io/progress.hpp"

#include <fcntl.h>

#include <functional>

#include "catch.hpp"

namespace io_progress {

namespace {

struct State {
  int epoch = 0, epochs = 0;
  double train_loss = 0, validation_loss = 0, best_loss = 0;
  float learning_rate = 0;
  double seconds = 0;
};
const State third{3, 12, 1.25, 1.5, 1.375, 0.5f, 30}, last{12, 12, 1, 2, -0.00001, 1e-3f, 120};

/// What `use` writes to a plain file.
std::string plain(const std::function<void(std::FILE*)>& use) {
  std::FILE* f = std::tmpfile();
  REQUIRE(f);
  use(f);
  std::rewind(f);
  std::string out(4096, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), f));
  std::fclose(f);
  return out;
}

/// What `use` writes to a terminal of so many columns.
std::string terminal(unsigned short columns, const std::function<void(std::FILE*)>& use) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(master >= 0);
  REQUIRE((::grantpt(master) == 0 && ::unlockpt(master) == 0));
  std::FILE* f = std::fopen(::ptsname(master), "r+");
  REQUIRE(f);
  winsize size = {};
  size.ws_col = columns;
  REQUIRE(::ioctl(::fileno(f), TIOCSWINSZ, &size) == 0);
  use(f);
  std::fclose(f);
  std::string out;
  char piece[256];
  for (ssize_t n; (n = ::read(master, piece, sizeof piece)) > 0;) out.append(piece, static_cast<std::size_t>(n));  // fails once all is read
  ::close(master);
  return out;
}
void show_third(std::FILE* f) { rheo::io::Progress{f}(third); }

const std::string figures = "epoch 3/12  train 1.2500  validation 1.5000  best 1.3750  rate 0.5  left 1:30";

}  // namespace

TEST_CASE("a plain file gets one line per epoch and no control characters") {
  CHECK(plain([](std::FILE* f) {
          rheo::io::Progress p{f};
          p(third);
          p(last);
        }) == figures + "\nepoch 12/12  train 1.0000  validation 2.0000  best 0.0000  rate 0.001  left 0:00\n");
  CHECK(plain([](std::FILE* f) {
          rheo::io::Progress{f}(State{2, 0, 1, std::nan(""), 1, 1e-5f, 9});
        }) == "epoch 2  train 1.0000  validation -  best 1.0000  rate 1e-05  left -\n");
  CHECK_THAT(plain([](std::FILE* f) { rheo::io::Progress{f}(State{1, 101, 1, 1, 1, 1, 73.05}); }), Catch::Contains("left 2:01:45\n"));
  rheo::io::Progress{nullptr}(third);
}

TEST_CASE("a terminal gets one line that is rewritten, with a bar where there is room") {
  ::setenv("TERM", "xterm", 1);
  ::setenv("NO_COLOR", "1", 1);
  const std::string bar = "\r[=====                ] " + figures;  // 21 columns, a quarter of them full
  CHECK(terminal(102, show_third) == bar + "\r\n");
  CHECK(terminal(81, show_third) == "\r" + figures + "   \r\n");
  CHECK(terminal(21, show_third) == "\repoch 3/12  train 1.\r\n");
  CHECK(terminal(0, show_third) == "\r" + figures + "  \r\n");  // size unknown: 80
  CHECK(terminal(102, [](std::FILE* f) {
          rheo::io::Progress p{f};
          const std::function<void(const State&)> callback = p;  // copies share no line
          p(third);
          callback(last);
        }) == bar + "\r[==================] epoch 12/12  train 1.0000  validation 2.0000  best 0.0000  rate 0.001  left 0:00\r\n\r\n");
  ::setenv("NO_COLOR", "", 1);  // set but empty does not count
  CHECK(terminal(102, show_third) == "\r[\x1b[32m=====                \x1b[0m] " + figures + "\r\n");
  ::setenv("TERM", "dumb", 1);
  CHECK(terminal(102, show_third) == figures + "\r\n");
}

}  // namespace io_progress
