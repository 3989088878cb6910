// SPDX-License-Identifier: MIT
// Usage: soak --out FILE.jsonl [--seeds A,B,...] [--table]: a row a line; what FILE has already is left out.  Fails if
// a row has something wrong.
#include "soak.hpp"

#include <iterator>

#include "../../examples/command_line.hpp"

int main(int count, char** words) {
  soak::Run run;
  std::vector<std::string> seeds{"1", "2", "3"};
  if (!examples::read_options(count, words, {{"--out", &run.path}, {"--seeds", &seeds}}) || run.path.empty())
    return std::fprintf(stderr, "usage: soak --out FILE.jsonl [--seeds A,B,...]\n"), 2;
  std::ifstream in(run.path);
  run.done.assign(std::istreambuf_iterator<char>(in), {});
  for (const std::string& seed : seeds) {
    run.seeds.emplace_back();
    if (!examples::read_number(seed, run.seeds.back()))
      return std::fprintf(stderr, "soak: '%s' is no seed\n", seed.c_str()), 2;
  }
  soak::couplings(run);
  soak::autoregressive(run);
  soak::residual(run);
  soak::relaxed(run);
  std::printf("%d rows with something wrong\n", run.faults);
  return run.faults > 0;
}
