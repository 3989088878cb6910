// SPDX-License-Identifier: MIT
// Ctrl-C and a queue's SIGTERM: what a fit makes of one, of two that are one request, and of a second one later.
#include "rheo/platform/interrupt.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

#if __has_include(<sys/wait.h>)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace training_interrupt {
using namespace rheo;

namespace {

FitResult fit_that_is_sent(std::initializer_list<int> signals) {
  const Interrupt interrupt;
  auto model = make_model<double>(Flow<Standardize<2>, FullNormal<2>>{}, Noise{1});
  FitOptions options{.epochs = 1'000'000, .batch = 64, .patience = 0, .stop = interrupt.token()};
  options.callback = [&](const EpochReport& epoch) {
    if (epoch.epoch == 3) {
      for (int signal : signals) std::raise(signal);
    }
    return true;
  };
  return fit(model, rheo_test::normals(200, 2, 1), options);
}
}  // namespace

TEST_CASE("a signal ends a fit as interrupted") {
  for (int signal : {SIGINT, SIGTERM}) {
    const FitResult r = fit_that_is_sent({signal});
    CHECK(r.status == FitStatus::interrupted);
    CHECK(r.history.size() >= 3);
  }
}

// `timeout -s INT` and mpirun send one to the process and one to its group.
TEST_CASE("signals within a second are one request") {
  CHECK(fit_that_is_sent({SIGINT, SIGINT, SIGTERM}).status == FitStatus::interrupted);
}

#if __has_include(<sys/wait.h>)
TEST_CASE("a second signal a second later ends the program") {
  const pid_t child = fork();
  if (child == 0) {
    const Interrupt interrupt;
    std::raise(SIGTERM);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    std::raise(SIGINT);
    std::_Exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGINT);
}
#endif

}  // namespace training_interrupt
