// SPDX-License-Identifier: MIT
// compile_time FOLDER [-n ROUNDS] COMPILER FLAG...: what programs of FOLDER cost a compiler, in turn, beside a program
// that uses Eigen alone: processor time of the fastest of three rounds, its ratio, the most memory; and what programs
// made to be small come to, stripped.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace {
struct Row {
  const char *name, *file;
  bool compiled;  ///< beside rheo::compiled
  double seconds = std::numeric_limits<double>::infinity(), memory = 0;
};
/// Runs a command; its processor time and memory, or the end of the program.
void run(const std::vector<std::string>& command, double& seconds, double& memory) {
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char*> words;
    for (const auto& w : command) words.push_back(const_cast<char*>(w.c_str()));
    words.push_back(nullptr);
    execvp(words[0], words.data());
    std::perror(words[0]);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "compile_time: %s failed\n", command.back().c_str());
    std::exit(1);
  }
  const auto of = [](timeval t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  seconds = std::min(seconds, of(usage.ru_utime) + of(usage.ru_stime));
  memory = std::max(memory, static_cast<double>(usage.ru_maxrss) / 1048576);
}
}  // namespace

// No options of examples/command_line.hpp: most words are a compiler and its flags, which may say anything.
int main(int count, char** words) {
  int rounds = 3, first = 2;
  if (count > 3 && std::strcmp(words[2], "-n") == 0) rounds = std::max(1, std::atoi(words[3])), first = 4;
  if (count <= first) return std::fprintf(stderr, "usage: compile_time FOLDER [-n ROUNDS] COMPILER FLAG...\n"), 2;
  const std::string folder = words[1];
  const std::vector<std::string> compiler(words + first, words + count);
  Row rows[] = {{"Eigen alone: the yardstick", "baseline", false},
                {"the umbrella header alone", "umbrella", false},
                {"one flow, its log-density", "evaluation", false},
                {"one flow, fitted and sampled, from the headers it needs", "needed_headers", false},
                {"the same from the umbrella", "one_flow", false},
                {"the same and a preset more", "two_flows", false},
                {"README's first program", "../../examples/density", false},
                {"its flow frozen: log-densities", "frozen_log_prob", false},
                {"its flow frozen: log-densities, samples, scores", "frozen", false},
                {"the same, rheo::compiled", "frozen", true},
                {"one flow from its headers, rheo::compiled", "needed_headers", true},
                {"the same from the umbrella", "one_flow", true},
                {"the same and a preset more", "two_flows", true}};
  for (int k = 0; k < rounds; ++k) {
    for (Row& r : rows) {
      auto command = compiler;
      command.insert(command.end(), {r.compiled ? "-DRHEO_COMPILED" : "-DRHEO_HEADERS", "-O2", "-c", "-o", "/dev/null",
                                     folder + "/" + r.file + ".cpp"});
      run(command, r.seconds, r.memory);
    }
  }
  for (const Row& r : rows)
    std::printf("%-56s %6.2f s  %5.2f  %.2f GiB\n", r.name, r.seconds, r.seconds / rows[0].seconds, r.memory);
  for (const char* small : {"empty", "score", "frozen_log_prob", "frozen", "load_and_score"}) {
    double ignored = 0;
    auto command = compiler;
    command.insert(command.end(),
                   {"-Os", "-DNDEBUG", "-fno-exceptions", "-fno-rtti", "-ffunction-sections", "-Wl,--gc-sections", "-s",
                    "-o", "compile_time.small", folder + "/" + small + ".cpp"});
    run(command, ignored, ignored);
    struct stat file = {};
    ::stat("compile_time.small", &file);
    std::printf("%-56s %6.1f kB stripped\n", small, static_cast<double>(file.st_size) / 1000);
  }
  std::remove("compile_time.small");
}
