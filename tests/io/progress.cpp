// SPDX-License-Identifier: MIT
// Progress, on a pseudo-terminal and on a plain file, byte by byte; lines by a clock of the test's own, and the time
// left.
#include "rheo/io/progress.hpp"

#include <fcntl.h>

#include <functional>

#include "catch.hpp"
#include "rheo/training/fit_energy.hpp"

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
  std::string out(1 << 17, '\0');
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
  for (ssize_t n; (n = ::read(master, piece, sizeof piece)) > 0;)
    out.append(piece, static_cast<std::size_t>(n));  // fails once all is read
  ::close(master);
  return out;
}
void show_third(std::FILE* f) { rheo::io::Progress{f}(third); }

const std::string figures = "epoch 3/12  train 1.2500  validation 1.5000  best 1.3750  rate 0.5  left 1:30";

}  // namespace

TEST_CASE("a plain file gets the first epoch and the last and no control characters") {
  CHECK(plain([](std::FILE* f) {
          rheo::io::Progress p{f};
          p(third);
          p(last);
        }) == figures + "\nepoch 12/12  train 1.0000  validation 2.0000  best 0.0000  rate 0.001  left 0:00\n");
  CHECK(plain([](std::FILE* f) {
          rheo::io::Progress{f}(State{2, 0, 1, std::nan(""), 1, 1e-5f, 9});
        }) == "epoch 2  train 1.0000  validation -  best 1.0000  rate 1e-05  left -\n");
  CHECK_THAT(plain([](std::FILE* f) {
               rheo::io::Progress{f}(State{1, 101, 1, 1, 1, 1, 73.05});
             }),
             Catch::Contains("left 2:01:45\n"));
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
  CHECK(terminal(102,
                 [](std::FILE* f) {
                   rheo::io::Progress p{f};
                   const std::function<void(const State&)> callback = p;  // copies share no line
                   p(third);
                   callback(last);
                 }) == bar +
                           "\r[==================] epoch 12/12  train 1.0000  validation 2.0000  best 0.0000  rate "
                           "0.001  left 0:00\r\n\r\n");
  ::setenv("NO_COLOR", "", 1);  // set but empty does not count
  CHECK(terminal(102, show_third) == "\r[\x1b[32m=====                \x1b[0m] " + figures + "\r\n");
  ::setenv("TERM", "dumb", 1);
  CHECK(terminal(102, show_third) == figures + "\r\n");
}

TEST_CASE("a log gets at most a line each so many seconds, the first and the last") {
  for (const double every : {0.0, 10.0, 60.0}) {
    double now = 1000;
    std::vector<double> written;  // when
    std::size_t size = 0;
    const std::string log = plain([&](std::FILE* f) {
      rheo::io::Progress p{{f, every, [&] { return now; }}};
      for (int epoch = 1; epoch <= 777; ++epoch) {
        now += 0.5;
        p(State{epoch, 777, 1, 1, 1, 1, 0.5 * epoch});
        const auto here = static_cast<std::size_t>(std::ftell(f));
        if (here > size) written.push_back(now);
        size = here;
      }
    });
    CHECK(written.front() == 1000.5);
    CHECK(written.back() == now);
    for (std::size_t k = 1; k + 1 < written.size(); ++k) CHECK(written[k] - written[k - 1] == std::max(every, 0.5));
    CHECK(written.size() == (every == 0 ? 777u : every == 10 ? 40u : 8u));  // 388 seconds after the first
    CHECK_THAT(log, Catch::StartsWith("epoch 1/777 "));
    CHECK_THAT(log, Catch::Contains("\nepoch 777/777 "));
  }
}

TEST_CASE("the last of a run that ends early is shown when it ends, once") {
  double now = 0;
  const auto use = [&](std::FILE* f) {
    rheo::io::Progress p{{f, 10, [&] { return now; }}};
    for (int epoch = 1; epoch <= 5; ++epoch) p(State{epoch, 100, 1, 1, 1, 1, 1.0 * epoch});
    p.finish();
    p.finish();
    for (int epoch = 1; epoch <= 2; ++epoch) p(State{epoch, 2, 1, 1, 1, 1, 1.0 * epoch});  // another run
  };
  const std::string log = plain(use);
  CHECK(std::count(log.begin(), log.end(), '\n') == 4);
  CHECK_THAT(log, Catch::Contains("epoch 1/100") && Catch::Contains("epoch 5/100") && Catch::Contains("epoch 1/2") &&
                      Catch::Contains("epoch 2/2"));
  ::setenv("TERM", "xterm", 1);
  const std::string drawn = terminal(200, use);  // the clock stands: the first, what finish() shows, and a new line's
  CHECK(std::count(drawn.begin(), drawn.end(), '\n') == 2);
  CHECK_THAT(drawn, Catch::Contains("epoch 5/100") && !Catch::Contains("epoch 4/100"));
}

TEST_CASE("a counter tells its part, its rate and the time left") {
  double now = 50;
  const std::string log = plain([&](std::FILE* f) {
    rheo::io::Progress p("sampling", 4000, {f, 10, [&] { return now; }});
    for (int k = 0; k < 400; ++k) now += 0.25, p.tick(10);
    p.tick(10);  // one too many
  });
  CHECK_THAT(log,
             Catch::StartsWith("sampling 10/4000  0 %  40/s  left 1:40\nsampling 410/4000  10 %  40/s  left 1:30\n"));
  CHECK_THAT(log, Catch::Contains("\nsampling 4000/4000  100 %  40/s  took 1:40\n"));
  CHECK_THAT(log, Catch::EndsWith("\nsampling 4010/4000  100 %  40.1/s  took 1:40\n"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 12);
  CHECK(plain([&](std::FILE* f) {
          rheo::io::Progress p("rows", 0, {f, 10, [&] { return now; }});
          now += 2, p.tick(12345);
        }) == "rows 12345  6172/s  left -\n");
  ::setenv("TERM", "xterm", 1);
  ::setenv("NO_COLOR", "1", 1);
  CHECK(
      terminal(52,
               [&](std::FILE* f) {
                 rheo::io::Progress p("draws", 8, {f, 10, [&] { return now; }});
                 now += 1, p.tick(), now += 0.05, p.tick(), p.tick();
               }) ==
      "\r[==               ] draws 1/8  12 %  1/s  left 0:07\r[=====         ] draws 3/8  37 %  2.87/s  left 0:02\r\n");
  rheo::io::Progress nowhere("nothing", 3, {nullptr, 0, {}});
  nowhere.tick(3);
}

TEST_CASE("the time left goes by the rate of late") {
  rheo::io::detail::RecentRate r;
  for (int k = 1; k <= 1000; ++k) r.reach(k, 0.1 * k);
  CHECK(r.rate() == Approx(10).epsilon(1e-12));
  CHECK(r.left(50) == Approx(5).epsilon(1e-12));
  for (int k = 1; k <= 300; ++k) r.reach(1000 + k, 100 + k);  // ten times slower; the mean says 3.25
  CHECK(r.rate() == Approx(1).epsilon(0.1));
  CHECK(r.left(600) == Approx(600).epsilon(0.1));
  CHECK(r.left(0) == 0);
  CHECK(std::isnan(rheo::io::detail::RecentRate{}.left(3)));
}

TEST_CASE("both fits take it for their callback") {
  const std::string log = plain([](std::FILE* f) {
    rheo::io::Progress p{f};
    const rheo::FitOptions fit{.callback = std::ref(p)};
    const rheo::EnergyFitOptions energy{.callback = std::ref(p)};
    CHECK(fit.callback(rheo::EpochReport{2, 2, 1.25, std::nan(""), 1, 0.5, 9, 0}));
    CHECK(energy.callback(rheo::EnergyReport{100, 100, 3.5, 3.25, 0, 3, 0.875, 0.001, 70, 0}));
    CHECK(energy.callback(rheo::EnergyReport{100, 100, 3.5, 3.25, 0, 3, std::nan(""), 0.001, 70, 0}));
  });
  CHECK(log ==
        "epoch 2/2  train 1.2500  validation -  best 1.0000  rate 0.5  left 0:00\n"
        "step 100/100  loss 3.5000  check 3.2500  best 3.0000  accepted 0.88  rate 0.001  left 0:00\n"
        "step 100/100  loss 3.5000  check 3.2500  best 3.0000  rate 0.001  left 0:00\n");
}

}  // namespace io_progress
