// SPDX-License-Identifier: MIT
// use NUMBERS: frozen flows give the bits of the models that they were, in a program without exceptions, run-time
// types, and heap after construction.
#include <cstring>
#include <thread>

#include "bound.hpp"
#include "conditional.hpp"
#include "count_mallocs.hpp"
#include "folded.hpp"
#include "numbers.hpp"
#include "other.hpp"
#include "own.hpp"

double conditional_elsewhere(const double* x, const double* context);  // two.cpp

namespace {
int faults = 0;
template <class T> void same(const char* what, const std::vector<T>& got, const std::vector<T>& wanted) {
  std::size_t differ = 0;
  for (std::size_t k = 0; k < wanted.size(); ++k)
    differ += std::memcmp(&got[k], &wanted[k], sizeof(T)) != 0 && !(got[k] != got[k] && wanted[k] != wanted[k]);
  if (differ == 0 && got.size() == wanted.size()) return;
  std::printf("%s: %zu of %zu numbers differ\n", what, differ, wanted.size());
  ++faults;
}
void expect(bool holds, const char* what) {
  if (holds) return;
  std::printf("%s\n", what);
  ++faults;
}
/// Nothing is allocated in body().
template <class Body> void without_heap(const char* what, Body body) {
  const long before = rheo_test::count();
  body();
  expect(!rheo_test::counts_mallocs || rheo_test::count() == before, what);
}

/// The calls of a flow with an exact density: all rows, one row, and a few rows, against what the file says.
template <class Model, class Free> void exact(std::FILE* file, const char* name, Free free_functions) {
  using T = typename Model::Scalar;
  constexpr std::size_t D = static_cast<std::size_t>(Model::dim), C = static_cast<std::size_t>(Model::context_dim),
                        n = n_rows;
  const auto x = take<T>(file, n * D), c = take<T>(file, n * C), log_prob = take<T>(file, n),
             score = take<T>(file, n * D), drawn = take<T>(file, n * D), drawn_log_prob = take<T>(file, n),
             alone = take<T>(file, n), score_alone = take<T>(file, n * D);
  std::vector<T> v(n), s(n * D), z(n * D), w(n);
  Model model;
  without_heap("a call of a frozen flow allocates", [&] {
    model.log_prob(x.data(), n_rows, v.data(), c.data());
    model.score(x.data(), n_rows, s.data(), c.data());
    model.sample(rheo::Noise{7}, n_rows, z.data(), w.data(), c.data());
    model.log_prob(x.data(), 0, nullptr, c.data());
  });
  std::printf("%s\n", name);
  same("  log_prob", v, log_prob);
  same("  score", s, score);
  same("  sample", z, drawn);
  same("  its log_prob", w, drawn_log_prob);
  for (std::size_t i = 0; i < n; ++i) {
    v[i] = model.log_prob(x.data() + i * D, c.data() + i * C);
    model.score(x.data() + i * D, s.data() + i * D, c.data() + i * C);
  }
  same("  log_prob of rows alone", v, alone);
  same("  score of rows alone", s, score_alone);
  s = x;
  model.score(s.data(), n_rows, s.data(), c.data());
  same("  score in place", s, score);
  Model narrow(16);  // turns of 16 rows
  std::fill(z.begin(), z.end(), T(0));
  without_heap("a narrow one allocates", [&] { narrow.sample(rheo::Noise{7}, n_rows, z.data(), nullptr, c.data()); });
  same("  sample in turns", z, drawn);
  std::fill(v.begin(), v.end(), T(0));
  free_functions(x.data(), v.data(), c.data());
  same("  the function", v, log_prob);
  int wrong[4] = {};
  std::thread threads[4];
  for (int k = 0; k < 4; ++k) {
    threads[k] = std::thread([&, k] {
      std::vector<T> there(n);
      for (int turn = 0; turn < 300; ++turn) {
        free_functions(x.data(), there.data(), c.data());
        wrong[k] += std::memcmp(there.data(), v.data(), n * sizeof(T)) != 0;
      }
    });
  }
  for (auto& t : threads) t.join();
  expect(wrong[0] + wrong[1] + wrong[2] + wrong[3] == 0, "threads disturb one another");
}
}  // namespace

int main(int count, char** words) {
  std::FILE* file = count == 2 ? std::fopen(words[1], "rb") : nullptr;
  if (!file) return 2;
  exact<conditional::Model>(file, "conditional",
                            [](auto x, auto out, auto c) { conditional::log_prob(x, n_rows, out, c); });
  exact<folded::Model>(file, "folded", [](auto x, auto out, auto) { folded::log_prob(x, n_rows, out); });

  const auto y = take<double>(file, n_rows * 2), elbo = take<double>(file, n_rows),
             drawn = take<double>(file, n_rows * 2);
  std::vector<double> v(n_rows), z(n_rows * 2);
  bound::Model model;
  without_heap("a bound allocates", [&] {
    model.elbo(y.data(), n_rows, rheo::Noise{10}, v.data());
    model.sample(rheo::Noise{7}, n_rows, z.data(), nullptr);
  });
  std::printf("bound\n");
  same("  elbo", v, elbo);
  same("  sample", z, drawn);

  exact<own::Model>(file, "own", [](auto x, auto out, auto) { own::log_prob(x, n_rows, out); });
  expect(conditional::drift() == 0 && folded::drift() == 0 && bound::drift() == 0 && own::drift() == 0,
         "drift() is not 0");
  expect(other::drift() > 1e-4, "drift() does not tell that this is another flow");

  const double x[3] = {0.5, 1.25, -2}, c[1] = {30};
  expect(conditional_elsewhere(x, c) == conditional::log_prob(x, c), "two files of one program disagree");
  std::printf(faults ? "%d faults\n" : "the same bits, nothing allocated\n", faults);
  return faults ? 1 : 0;
}
