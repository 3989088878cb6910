// SPDX-License-Identifier: MIT
// compile_time [-n RUNS] COMMAND...: runs a compiler RUNS times, three unless told, and prints the processor time of the fastest run and the largest memory.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

int main(int count, char** words) {
  int runs = 3;
  if (count > 2 && std::strcmp(words[1], "-n") == 0) {
    runs = std::max(1, std::atoi(words[2]));
    words += 2, count -= 2;
  }
  if (count < 2) {
    std::fprintf(stderr, "usage: compile_time [-n RUNS] COMMAND...\n");
    return 2;
  }
  double best = std::numeric_limits<double>::infinity(), memory = 0;
  for (int k = 0; k < runs; ++k) {
    const pid_t child = fork();
    if (child == 0) {
      execvp(words[1], words + 1);
      std::perror(words[1]);
      _exit(127);
    }
    int status = 0;
    rusage usage{};
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      std::fprintf(stderr, "compile_time: the command failed\n");
      return 1;
    }
    const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    best = std::min(best, seconds(usage.ru_utime) + seconds(usage.ru_stime));
    memory = std::max(memory, static_cast<double>(usage.ru_maxrss) / 1048576);
  }
  std::printf("compile time of the one-flow program: %.1f s of processor time, %.2f GiB\n", best, memory);
}
