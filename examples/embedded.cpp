// SPDX-License-Identifier: MIT
// A flow in a program that must not allocate, throw or stream once it runs: rooms are made at the start, a first call
// fills them, and from then on operator new and malloc end the program.  Compiles with -fno-exceptions -fno-rtti, for
// small machines too:
//   arm-linux-gnueabihf-g++ -std=c++20 -Os -fno-exceptions -fno-rtti -static -I include -isystem /usr/include/eigen3
//     examples/embedded.cpp
#define EIGEN_RUNTIME_NO_MALLOC  // Eigen asks malloc itself, past operator new: it is told to stop

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <rheo/distributions/normal.hpp>
#include <rheo/flows/model.hpp>
#include <rheo/flows/presets/coupling_flows.hpp>

namespace {
bool running = false;
void* room(std::size_t n) {
  if (running) std::abort();  // nothing may be asked for now
  void* p = std::malloc(n);
  if (!p) std::abort();
  return p;
}
}  // namespace
void* operator new(std::size_t n) { return room(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

int main() {
  using namespace rheo;
  constexpr Index n = 16;  // points a cycle
  auto model = make_model<float>(presets::RealNvp<2, 4, Mlp<16, 16>>{}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i)
    model.parameters()(i) += 0.2f * Noise{4}.normal<float>(i, 0);  // in place of trained ones
  auto rooms = model.workspace();
  Batch<float> x(n, 2);
  Column<float> log_prob(n);
  const auto cycle = [&](Noise noise) {
    model.sample_into(view(x), ColView<float>(log_prob.data(), n), noise, {}, rooms);
    const CColView<float> again = model.log_prob(x, {}, rooms);
    return (again - log_prob).abs().maxCoeff();
  };
  cycle(Noise{2});  // the rooms take their size
  running = true;
  Eigen::internal::set_is_malloc_allowed(false);
  float worst = 0;
  using Clock = std::chrono::steady_clock;
  Clock::duration longest{}, total{};
  for (std::uint64_t k = 0; k < 1000; ++k) {
    const auto start = Clock::now();
    const float off = cycle(Noise{3}.fork(k));
    const auto taken = Clock::now() - start;
    worst = off > worst ? off : worst;
    longest = taken > longest ? taken : longest;
    total += taken;
  }
  running = false;
  Eigen::internal::set_is_malloc_allowed(true);
  std::printf("16000 samples, their log-densities two ways differ by at most %.1g, nothing allocated\n",
              static_cast<double>(worst));
  const auto us = [](Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); };
  std::fprintf(stderr, "a cycle of %d points: %.1f us in the mean, %.1f us at most\n", static_cast<int>(n),
               us(total) / 1000, us(longest));  // at most: what else the machine did too
  return worst < 1e-3f ? 0 : 1;
}
