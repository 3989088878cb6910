// SPDX-License-Identifier: MIT
// Runs a guide where it stands and holds what it prints against its page: run PROGRAM FOLDER NAME.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "same_output.hpp"

int main(int count, char** words) {
  if (count != 4) return std::fprintf(stderr, "usage: %s PROGRAM FOLDER NAME\n", words[0]), 2;
  const std::string program = words[1], folder = words[2], name = words[3], picture = name + ".png";
  auto faults = guides::faults(folder, name);
  std::error_code none;
  std::filesystem::remove(picture, none);
  const int status = std::system(("\"" + program + "\" > " + name + ".txt").c_str());
  if (status != 0) faults.push_back("the program ended with " + std::to_string(status));
  const std::string printed = guides::read(name + ".txt");
  if (const auto d = guides::difference(guides::block(guides::read(folder + "/" + name + ".md")), printed); !d.empty())
    faults.push_back(d);
  if (const auto f = guides::picture_fault(picture); !f.empty()) faults.push_back("written: " + f);
  std::printf("%s", printed.c_str());
  for (const auto& f : faults) std::fprintf(stderr, "%s: %s\n", name.c_str(), f.c_str());
  return faults.empty() ? 0 : 1;
}
