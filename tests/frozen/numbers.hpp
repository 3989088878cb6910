// SPDX-License-Identifier: MIT
// The numbers that the writer hands to the programs that include what it froze, one behind the other in a file, rows as
// C holds them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <vector>

/// 150 rows are three shards of doubles, of floats one and a part.
inline constexpr int n_rows = 150;

template <class T> void put(std::FILE* file, const T* p, std::size_t n) {
  if (std::fwrite(p, sizeof(T), n, file) != n) std::exit(3);
}
template <class T> std::vector<T> take(std::FILE* file, std::size_t n) {
  std::vector<T> v(n);
  if (std::fread(v.data(), sizeof(T), n, file) != n) std::exit(4);
  return v;
}
