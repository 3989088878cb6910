// SPDX-License-Identifier: MIT
// Teams whose ranks are threads of this process.
#pragma once

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "rheo/training/team.hpp"

namespace rheo_test {

/// Ranks that are threads of this process.
struct Group {
  explicit Group(int n) : ranks(n), sums(static_cast<std::size_t>(n)), barrier(n) {}
  int ranks;
  std::vector<std::vector<double>> sums;
  std::vector<char> first;
  std::barrier<> barrier;
  std::atomic<int> faulty{-1};  ///< a rank whose sums are wrong in their last bits
};
class Thread final : public rheo::Team {
 public:
  Thread(Group& g, int rank) : g_(g), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return g_.ranks; }
  void sum(double* x, rheo::Index n) override { add(x, n); }
  void sum(float* x, rheo::Index n) override { add(x, n); }
  void broadcast(void* x, std::size_t bytes) override {
    if (rank_ == 0) g_.first.assign(static_cast<char*>(x), static_cast<char*>(x) + bytes);
    g_.barrier.arrive_and_wait();
    if (g_.first.size() != bytes) std::abort();  // ranks that make other calls
    std::copy(g_.first.begin(), g_.first.end(), static_cast<char*>(x));
    g_.barrier.arrive_and_wait();
  }
  int sums = 0;

 private:
  template <class T> void add(T* x, rheo::Index n) {
    ++sums;
    g_.sums[static_cast<std::size_t>(rank_)].assign(x, x + n);
    g_.barrier.arrive_and_wait();
    for (rheo::Index i = 0; i < n; ++i) {
      T total = 0;
      for (const auto& s : g_.sums) {
        if (static_cast<rheo::Index>(s.size()) != n) std::abort();
        total += static_cast<T>(s[static_cast<std::size_t>(i)]);
      }
      x[i] = total;
      if (g_.faulty == rank_) x[i] *= T(1 + 1e-9);
    }
    g_.barrier.arrive_and_wait();
  }
  Group& g_;
  int rank_;
};
/// Calls work(team) at every rank; what each threw, empty where nothing.
inline std::vector<std::string> together(int ranks, const std::function<void(Thread&)>& work, int faulty = -1) {
  Group group(ranks);
  group.faulty = faulty;
  std::vector<std::string> thrown(static_cast<std::size_t>(ranks));
  std::vector<std::thread> threads;
  for (int r = 0; r < ranks; ++r) {
    threads.emplace_back([&, r] {
      Thread team(group, r);
      try {
        work(team);
      } catch (const std::exception& e) { thrown[static_cast<std::size_t>(r)] = e.what(); }
    });
  }
  for (auto& t : threads) t.join();
  return thrown;
}
inline std::vector<std::string> silence(int ranks) { return std::vector<std::string>(static_cast<std::size_t>(ranks)); }

}  // namespace rheo_test
