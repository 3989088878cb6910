// SPDX-License-Identifier: MIT
// python_parity <folder> <library>...: every case of these libraries that cases.py wrote there, to 1e-10.
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>

#include "compare.hpp"

namespace python_parity {

double Comparison::error(const Batch<double>& a, const Batch<double>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols() || a.size() == 0 || !a.allFinite())
    return std::numeric_limits<double>::infinity();
  return ((a - b).abs() / (1 + b.abs())).maxCoeff();
}
void Comparison::report(const std::string& name, double log_prob, double z, double sample) {
  const bool fine = log_prob < 1e-10 && z < 1e-10 && sample < 1e-10;
  ++cases_;
  failed_ += !fine;
  std::printf("%-28s log_prob %.1e  z %.1e  sample %.1e%s\n", name.c_str(), log_prob, z, sample,
              fine ? "" : "  TOO FAR");
}

}  // namespace python_parity

int main(int count, char** arguments) {
  using namespace python_parity;
  const std::map<std::string, void (*)(Comparison&)> libraries{
      {"zuko", zuko}, {"nflows", nflows}, {"normflows", normflows}, {"flowjax", flowjax}, {"survae", survae}};
  try {
    Comparison c(count > 1 ? arguments[1] : ".");
    for (int k = 2; k < count; ++k) libraries.at(arguments[k])(c);
    std::printf("%d cases, %d not within 1e-10\n", c.cases(), c.failed());
    return c.cases() == 0 || c.failed() > 0;
  } catch (const std::exception& e) {
    std::printf("%s\n", e.what());
    return 2;
  }
}
