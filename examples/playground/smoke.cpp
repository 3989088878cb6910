// SPDX-License-Identifier: MIT
// The playground's sessions compiled for this machine: every flow learns two targets to a gap, files are read back, and
// faulty points are named.  playground_smoke [FLOW]: that one alone.
#include <cstdio>
#include <cstring>

#include "session.hpp"

namespace {
using namespace playground;

int faults = 0;
void check(bool good, const std::string& what) {
  if (!good) std::printf("FAILED: %s\n", what.c_str()), ++faults;
}

struct Goal {
  const char *flow, *target;
  long steps;
  double gap;
};
constexpr Goal goals[] = {{"spline", "moons", 1500, 0.03},     {"spline", "eight_gaussians", 1500, 0.03},
                          {"affine", "moons", 1500, 0.06},     {"affine", "eight_gaussians", 1500, 0.25},
                          {"abs", "four_circles", 1500, 0.12}, {"abs", "eight_gaussians", 1500, 0.04},
                          {"cif", "moons", 1500, 0.12},        {"cif", "eight_gaussians", 1500, 0.3},
                          {"snf", "moons", 1500, 0.12},        {"snf", "eight_gaussians", 1500, 0.25},
                          {"diffusion", "moons", 1500, 0.4},   {"diffusion", "eight_gaussians", 1500, 0.4}};

void learn(const Goal& goal) {
  Session s(goal.flow, goal.target, 1);
  s.show();
  const Gap before = s.gap(s.gap_rows());
  const auto start = std::chrono::steady_clock::now();
  while (s.steps() < goal.steps) {
    const Progress p = s.train(16, s.text().rate * (s.steps() < goal.steps * 2 / 3 ? 1 : 0.2));
    check(p.steps > 0, std::string(goal.flow) + ": a stretch of training made no step");
    if (p.steps == 0) return;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  s.show();
  const auto evaluation = std::chrono::steady_clock::now();
  const Gap after = s.gap(s.gap_rows());
  const double judged = std::chrono::duration<double>(std::chrono::steady_clock::now() - evaluation).count();
  const Batch<double> samples = s.sample(2000);
  const double drawn = std::chrono::duration<double>(std::chrono::steady_clock::now() - evaluation).count() - judged;
  std::printf(
      "%-10s %-16s %6ld parameters  gap %6.3f +- %.3f (before %.2f), leak %.4f, %5.0f steps/s; gap took %.2f s, "
      "samples %.2f s\n",
      goal.flow, goal.target, static_cast<long>(s.parameters()), after.gap, after.error, before.gap, s.leak(samples),
      static_cast<double>(s.steps()) / seconds, judged, drawn);
  const std::string what = std::string(goal.flow) + " on " + goal.target;
  check(after.gap < goal.gap, what + ": the gap is not below " + std::to_string(goal.gap));
  check(after.gap > -4 * after.error, what + ": the gap is below 0 by more than its error");
  check(samples.allFinite(), what + ": samples are not finite");
  const Column<double> rows = s.density(48, 0, 48);
  const auto& b = s.box();
  const double mass = rows.mean() * (b.x1_max - b.x1_min) * (b.x2_max - b.x2_min);
  check(mass > 0.8 && mass < 1.2, what + ": the density map has mass " + std::to_string(mass));
  std::fflush(stdout);
}

/// The message of what body throws.
template <class Body> std::string refusal(Body body) {
  try {
    body();
  } catch (const std::exception& e) { return e.what(); }
  return "nothing";
}

void points() {
  const auto line = [](int k) {
    return std::to_string(std::cos(k)) + " " + std::to_string(std::sin(k) + 0.1 * std::cos(k * k)) + "\n";
  };
  std::string text;
  for (int k = 0; k < 300; ++k) text += line(k);
  Session s = Session::of_points("spline", text, 1);
  s.train(100, 2e-3);
  s.show();
  const Gap g = s.gap(1000);
  check(std::isfinite(g.loss) && std::isnan(g.gap) && std::isnan(s.leak(s.sample(10))),
        "points: no gap, a finite loss");
  const auto contains = [](const std::string& said, const char* part) {
    check(said.find(part) != said.npos, "\"" + said + "\" does not say " + part);
  };
  contains(refusal([&] { Session::of_points("spline", "1 2\n3 4\n5 x\n" + text, 1); }), "points:3:3: 'x'");
  contains(refusal([&] { Session::of_points("spline", "1 2\n3 4\n", 1); }), "too few");
  contains(refusal([&] { Session::of_points("spline", "1 2 3\n3 4 5\n", 1); }), "not two");
  contains(refusal([&] { Session::of_points("snf", text, 1); }), "energy");
  contains(refusal([] { Session("glow", "moons", 1); }), "no flow is called");
  contains(refusal([] { Session("spline", "sun", 1); }), "no target is called");
}

/// A file is read back into the same log-densities.
void file() {
  const char* path = "playground_smoke.safetensors";
  Session s("affine", "moons", 1);
  s.train(200, 2e-3);
  s.show();
  s.save(path);
  const auto back = io::load<Model<AffineFlow, float>>(path);
  std::remove(path);
  const Batch<float> x = s.data(200).cast<float>();
  check((back.log_prob(x).cast<double>() == s.score(x)).all(), "a file that is read back has other log-densities");
}

}  // namespace

int main(int count, char** words) {
  for (const Goal& goal : goals) {
    if (count < 2 || std::strcmp(words[1], goal.flow) == 0) learn(goal);
  }
  points();
  file();
  if (faults) return std::printf("%d faults\n", faults), 1;
  std::printf("all is well\n");
}
