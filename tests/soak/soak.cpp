// SPDX-License-Identifier: MIT
// Usage: soak --out FILE.jsonl [--seeds A,B,...]: a row a line; what FILE has already is left out.  Fails if a row that
// it made has something wrong.
#include "soak.hpp"

namespace {
template <rheo::Index D> void all(soak::Run& run) {
  soak::couplings<D>(run);
  soak::autoregressive<D>(run);
  soak::residual<D>(run);
  soak::relaxed<D>(run);
}
}  // namespace

int main(int count, char** words) {
  soak::Run run;
  if (!run.journal.read("soak", count, words)) return 2;
  all<2>(run);
  all<6>(run);
  std::printf("%d rows with something wrong\n", run.faults);
  return run.faults > 0;
}
