// SPDX-License-Identifier: MIT
// Products of thin matrices, column by column in memory.  A tile of the result, a few vectors of rows by a few columns,
// stays in registers while the inner dimension runs; a block of the left factor is laid out anew where it is
// transposed, has too few rows, or its columns collide in the cache.  What stands around a product in a net (bias
// before, ReLU or its slope behind, sums down the columns) is done in the registers.
//
// Every number of the result is start + a_0 b_0 + a_1 b_1 + ... in this order (a sum that is added to another: in
// pieces of tile_depth terms), whichever tile it is in: it depends neither on how many rows there are nor on the row's
// place among them.  Its error is at most (k + 1) eps (|start| + sum |a_p b_p|) for an inner dimension k.
#pragma once

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "rheo/core/batch.hpp"
#include "rheo/platform/compiled.hpp"
#include "rheo/platform/instruction_set.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// Tiles are for the machine's own numbers; everything else (duals) takes plain loops.
template <class T> inline constexpr bool tiled_v = std::is_same_v<T, float> || std::is_same_v<T, double>;

using platform::tile_columns;
using platform::tile_vectors;
using platform::Vector;
using platform::vector_bytes;
/// The longest inner dimension that one block of the left factor is laid out for, and the most columns of one call that
/// sums them.
inline constexpr Index tile_depth = 512 / tile_vectors, summed_columns = 128;

/// One product, out (rows x columns) = a b, with what is done before and behind.
template <class T> struct Product {
  Index rows, inner, columns;
  const T* a;  ///< number (i, p) at a[i + p * lda], or if turned at a[p + i * lda]
  Index lda;
  bool turned;
  const T* b;  ///< number (p, j) at b[p * along + j * across]
  Index along, across;
  T* out;
  Index ldo;
  const T* start = nullptr;  ///< the sums' start, a number a column; null: 0
  bool add = false;          ///< the product is added to what stands in `out`
  bool relu = false;         ///< 0 where the sum is below 0
  const T* gate = nullptr;   ///< rows x columns: 0 where the gate is not above 0
  Index ldg = 0;
  T* sums = nullptr;  ///< a number a column: the sum down the column of what is written is added to it
};

/// Terms [first, first + inner) of the tile at row 0 of a and o and at `column` of p.
template <class T, Index R, Index C>
[[gnu::always_inline]] inline void tile(const Product<T>& p, Index first, Index inner, Index column, const T* a,
                                        Index lda, T* o, Index ldo, const T* gate, Index ldg, T* sums) {
  using V = Vector<T>;
  using Type = typename V::Type;
  const Index along = p.along, across = p.across;
  const T* b = p.b + first * along + column * across;
  const bool last = first + inner == p.inner;
  Type sum[C][R];
  // Each step for the whole tile before the next, so that its condition is asked once.
  const auto each = [&](auto step) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (Index c = 0; c < C; ++c) {
#pragma GCC unroll 8
      for (Index r = 0; r < R; ++r) step(c, r * V::lanes, sum[c][r]);
    }
  };
  each([](Index, Index, Type & s) __attribute__((always_inline)) { s = Type{}; });
  if (first > 0 && !p.add) {
    each([&](Index c, Index r, Type & s) __attribute__((always_inline)) { s = V::load(o + c * ldo + r); });
  } else if (p.start) {
    each([start = p.start + column](Index c, Index, Type & s) __attribute__((always_inline)) { s = V::all(start[c]); });
  }
  for (; inner > 0; --inner, a += lda, b += along) {
    Type x[R];
#pragma GCC unroll 8
    for (Index r = 0; r < R; ++r) x[r] = V::load(a + r * V::lanes);
#pragma GCC unroll 8
    for (Index c = 0; c < C; ++c) {
      const Type y = V::all(b[c * across]);
#pragma GCC unroll 8
      for (Index r = 0; r < R; ++r) sum[c][r] = V::add_product(sum[c][r], x[r], y);
    }
  }
  if (p.add) each([&](Index c, Index r, Type & s) __attribute__((always_inline)) { s += V::load(o + c * ldo + r); });
  if (last && p.relu) each([](Index, Index, Type & s) __attribute__((always_inline)) { s = s < 0 ? Type{} : s; });
  if (last && gate)
    each([&](Index c, Index r, Type & s)
             __attribute__((always_inline)) { s = V::load(gate + c * ldg + r) > 0 ? s : Type{}; });
  each([&](Index c, Index r, Type & s) __attribute__((always_inline)) { V::store(o + c * ldo + r, s); });
  if (last && sums) {
#pragma GCC unroll 8
    for (Index c = 0; c < C; ++c) {
      Type total = V::load(sums + c * V::lanes);
#pragma GCC unroll 8
      for (Index r = 0; r < R; ++r) total += sum[c][r];
      V::store(sums + c * V::lanes, total);
    }
  }
}

/// to[i + j * stride] = from[j + i * lda], i < n and j < m, for one vector's numbers each way at most; 0 for other i.
template <class T>
[[gnu::always_inline]] inline void turn(const T* from, Index lda, Index n, Index m, T* to, Index stride) {
  using V = Vector<T>;
  constexpr Index L = V::lanes;
  if (m < L) {
    for (Index j = 0; j < m; ++j) {
      for (Index i = 0; i < L; ++i) to[i + j * stride] = i < n ? from[j + i * lda] : T(0);
    }
    return;
  }
  typename V::Type v[L];
#pragma GCC unroll 16
  for (Index i = 0; i < L; ++i) v[i] = i < n ? V::load(from + i * lda) : typename V::Type{};
  const auto exchange = [&v]<int d, int... q>(std::integral_constant<int, d>, std::integer_sequence<int, q...>)
      __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (int i = 0; i < L; ++i) {
      if ((i & d) == 0) {
        const auto x = v[i], y = v[i + d];
        v[i] = __builtin_shufflevector(x, y, ((q & d) ? static_cast<int>(L) + (q ^ d) : q)...);
        v[i + d] = __builtin_shufflevector(x, y, ((q & d) ? static_cast<int>(L) + q : (q ^ d))...);
      }
    }
  };
  constexpr auto lanes = std::make_integer_sequence<int, static_cast<int>(L)>{};
  if constexpr (L > 8) exchange(std::integral_constant<int, 8>{}, lanes);
  if constexpr (L > 4) exchange(std::integral_constant<int, 4>{}, lanes);
  if constexpr (L > 2) exchange(std::integral_constant<int, 2>{}, lanes);
  exchange(std::integral_constant<int, 1>{}, lanes);
#pragma GCC unroll 16
  for (Index j = 0; j < L; ++j) V::store(to + j * stride, v[j]);
}

/// The most columns of a tile of R vectors: as many sums run side by side as hide each other's latency.
template <Index R> inline constexpr Index most_columns = R == 1 ? 8 : R <= tile_vectors ? tile_columns : R == 8 ? 1 : 3;

/// to[i + c * ldt] = from[i + c * ldf] for i < m and c < columns, by vectors and by parts of one: no loop over single
/// numbers.
template <class T> [[gnu::noinline]] void copy_few(const T* from, Index ldf, Index m, Index columns, T* to, Index ldt) {
  using V = Vector<T>;
  for (; columns > 0; --columns, from += ldf, to += ldt) {
    Index at = 0;
    for (; m - at >= V::lanes; at += V::lanes) V::store(to + at, V::load(from + at));
#pragma GCC unroll 4
    for (Index width = V::lanes / 2; width > 0; width /= 2) {
      if (((m - at) & width) == 0) continue;
      std::memcpy(to + at, from + at, static_cast<std::size_t>(width) * sizeof(T));
      at += width;
    }
  }
}

/// Rows [i, i + m) and columns [first, first + inner) of p.a, laid out with a column's `rows` numbers on end; 0 where
/// m is less.
template <class T>
[[gnu::noinline]] void lay_out(const Product<T>& p, Index i, Index m, Index first, Index inner, Index rows, T* packed) {
  using V = Vector<T>;
  if (p.turned) {
    for (Index k = 0; k < inner; k += V::lanes) {
      for (Index r = 0; r < rows; r += V::lanes) {
        turn<T>(p.a + first + k + (i + r) * p.lda, p.lda, m - r, std::min(V::lanes, inner - k), packed + k * rows + r,
                rows);
      }
    }
    return;
  }
  if (m < rows) std::fill_n(packed, inner * rows, T(0));
  copy_few(p.a + i + first * p.lda, p.lda, m, inner, packed, rows);
}

/// Rows [i, i + m) of p, m at most R vectors; all columns.
template <class T, Index R>
[[gnu::always_inline]] inline void stripe(const Product<T>& p, Index i, Index m, T* packed, T* sums) {
  using V = Vector<T>;
  constexpr Index rows = R * V::lanes, most = most_columns<R>;
  const bool whole = m == rows,
             collides = p.lda * static_cast<Index>(sizeof(T)) % 512 == 0 && p.columns > 2 * tile_columns;
  alignas(vector_bytes) T edge[2][most * rows];  // where a tile that is not whole is worked on: the result, the gate
  if (!whole) std::fill_n(edge[0], 2 * most * rows, T(0));
  for (Index first = 0;;) {
    const Index inner = std::min(tile_depth, p.inner - first);
    const T* a = packed;
    Index lda = rows;
    if (!p.turned && whole && !collides) {
      a = p.a + i + first * p.lda;
      lda = p.lda;
    } else {
      lay_out(p, i, m, first, inner, rows, packed);
    }
    Index j = 0;
    const auto columns = [&]<Index C>(std::integral_constant<Index, C>) __attribute__((always_inline)) {
      T* o = p.out + i + j * p.ldo;
      const T* gate = p.gate ? p.gate + i + j * p.ldg : nullptr;
      T* s = sums ? sums + j * V::lanes : nullptr;
      if (!whole) {
        if (first > 0 || p.add) copy_few(o, p.ldo, m, C, edge[0], rows);
        if (gate) copy_few(gate, p.ldg, m, C, edge[1], rows);
      }
      tile<T, R, C>(p, first, inner, j, a, lda, whole ? o : edge[0], whole ? p.ldo : rows,
                    whole || !gate ? gate : edge[1], whole ? p.ldg : rows, whole ? s : nullptr);
      if (!whole) {
        copy_few(edge[0], rows, m, C, o, p.ldo);
        if (s && first + inner == p.inner) {
          for (Index c = 0; c < C; ++c) {
            for (Index r = 0; r < m; ++r) s[c * V::lanes + r % V::lanes] += edge[0][c * rows + r];
          }
        }
      }
      j += C;
    };
    while (p.columns - j >= most) columns(std::integral_constant<Index, most>{});
    while (j < p.columns) {
      if (most > 4 && p.columns - j >= 4) columns(std::integral_constant < Index, (most > 4) ? 4 : 1 > {});
      else if (most > 2 && p.columns - j >= 2) columns(std::integral_constant < Index, (most > 2) ? 2 : 1 > {});
      else columns(std::integral_constant<Index, 1>{});
    }
    first += inner;
    if (first >= p.inner) break;
  }
}

/// The product of p.
template <class T> [[gnu::noinline]] void multiply(const Product<T>& p) {
  using V = Vector<T>;
  constexpr Index rows = tile_vectors * V::lanes;
  alignas(vector_bytes) T packed[tile_depth * rows], sums[summed_columns * V::lanes];
  if (p.sums && p.columns > summed_columns) {
    Product<T> part = p;
    for (Index j = 0; j < p.columns; j += summed_columns) {
      part.columns = std::min(summed_columns, p.columns - j);
      multiply(part);
      part.b += summed_columns * p.across;
      part.out += summed_columns * p.ldo;
      part.sums += summed_columns;
      if (p.start) part.start += summed_columns;
      if (p.gate) part.gate += summed_columns * p.ldg;
    }
    return;
  }
  if (p.sums) std::fill_n(sums, p.columns * V::lanes, T(0));
  T* const s = p.sums ? sums : nullptr;
  Index i = 0;
  if (!p.turned && p.columns == 1) {
    for (; p.rows - i >= 8 * V::lanes; i += 8 * V::lanes) stripe<T, 8>(p, i, 8 * V::lanes, packed, s);
  } else if (!p.turned && tile_vectors < 4 && p.columns <= 3) {
    for (; p.rows - i >= 4 * V::lanes; i += 4 * V::lanes) stripe<T, 4>(p, i, 4 * V::lanes, packed, s);
  }
  for (; p.rows - i > V::lanes; i += rows) stripe<T, tile_vectors>(p, i, std::min(rows, p.rows - i), packed, s);
  if (i < p.rows) stripe<T, 1>(p, i, p.rows - i, packed, s);
  for (Index j = 0; s && j < p.columns; ++j) {
    for (Index r = 0; r < V::lanes; ++r) p.sums[j] += s[j * V::lanes + r];
  }
}

/// Lane i of the result is the sum of v[i]'s lanes.
template <class T>
[[gnu::always_inline]] inline typename Vector<T>::Type sums_of(const typename Vector<T>::Type* from) {
  using Type = typename Vector<T>::Type;
  constexpr int L = static_cast<int>(Vector<T>::lanes);
  Type v[L];
#pragma GCC unroll 16
  for (int i = 0; i < L; ++i) v[i] = from[i];
  const auto fold = [&v]<int d, int... q>(std::integral_constant<int, d>, std::integer_sequence<int, q...>)
      __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (int i = 0; i < d; ++i) {
      v[i] = __builtin_shufflevector(v[i], v[i + d], ((q & d) ? L + q : q)...) +
             __builtin_shufflevector(v[i], v[i + d], ((q & d) ? L + (q ^ d) : (q ^ d))...);
    }
  };
  constexpr auto lanes = std::make_integer_sequence<int, L>{};
  if constexpr (L > 8) fold(std::integral_constant<int, 8>{}, lanes);
  if constexpr (L > 4) fold(std::integral_constant<int, 4>{}, lanes);
  if constexpr (L > 2) fold(std::integral_constant<int, 2>{}, lanes);
  fold(std::integral_constant<int, 1>{}, lanes);
  return v[0];
}

/// out += wide' few, number (w, k) at out[w * along + k * across], for K columns that are few: dot products down the
/// columns, some at a time, their lanes folded together, then the rows that fill no vector.
template <class T, Index K> void add_dots(CView<T> wide, CView<T> few, T* out, Index along, Index across) {
  using V = Vector<T>;
  using Type = typename V::Type;
  constexpr Index L = V::lanes, W = 8 / K, sums = std::max<Index>(L, 8);
  const Index n = few.rows(), whole = n / L * L, ldw = wide.outerStride(), ldf = few.outerStride();
  const T* const x = few.data();
  const auto some = [&]<Index C>(std::integral_constant<Index, C>, Index w) __attribute__((always_inline)) {
    const T* const y = wide.data() + w * ldw;
    Type s[sums];
#pragma GCC unroll 16
    for (Index c = 0; c < sums; ++c) s[c] = Type{};
    for (Index i = 0; i < whole; i += L) {
      Type at[K];
#pragma GCC unroll 4
      for (Index k = 0; k < K; ++k) at[k] = V::load(x + k * ldf + i);
#pragma GCC unroll 8
      for (Index c = 0; c < C; ++c) {
        const Type v = V::load(y + c * ldw + i);
#pragma GCC unroll 4
        for (Index k = 0; k < K; ++k) s[c * K + k] = V::add_product(s[c * K + k], at[k], v);
      }
    }
    T total[sums];
#pragma GCC unroll 4
    for (Index c = 0; c < sums; c += L) V::store(total + c, sums_of<T>(s + c));
    for (Index c = 0; c < C; ++c) {
      for (Index k = 0; k < K; ++k) {
        T sum = total[c * K + k];
        for (Index i = whole; i < n; ++i) sum += x[k * ldf + i] * y[c * ldw + i];
        out[(w + c) * along + k * across] += sum;
      }
    }
  };
  Index w = 0;
  for (; w + W <= wide.cols(); w += W) some(std::integral_constant<Index, W>{}, w);
  for (; w < wide.cols(); ++w) some(std::integral_constant<Index, 1>{}, w);
}
/// The same for 1 to 4 columns.
template <class T> [[gnu::noinline]] void add_few_dots(CView<T> wide, CView<T> few, T* out, Index along, Index across) {
  switch (few.cols()) {
    case 1: return add_dots<T, 1>(wide, few, out, along, across);
    case 2: return add_dots<T, 2>(wide, few, out, along, across);
    case 3: return add_dots<T, 3>(wide, few, out, along, across);
    case 4: return add_dots<T, 4>(wide, few, out, along, across);
    default: return;
  }
}

/// The product of p for one row, contiguous factors and result (lda 1, along 1, ldo 1), with nothing but start and
/// relu: dot products, some columns at a time, whose sums are folded together.  Another order than multiply()'s.
template <class T> [[gnu::noinline]] void multiply_row(const Product<T>& p) {
  using V = Vector<T>;
  using Type = typename V::Type;
  constexpr Index L = V::lanes, C = std::max<Index>(L, 8);
  const T* const a = p.a;
  const Index inner = p.inner, whole = inner / L * L, across = p.across;
  const auto rest = [&](T sum, Index j)
      __attribute__((always_inline)) {  // from the sum of column j's whole vectors to the result
    for (Index k = whole; k < inner; ++k) sum += a[k] * p.b[j * across + k];
    if (p.start) sum += p.start[j];
    p.out[j] = p.relu && sum < 0 ? T(0) : sum;
  };
  Index j = 0;
  for (; j + C <= p.columns; j += C) {
    const T* const b = p.b + j * across;
    Type s[C];
#pragma GCC unroll 16
    for (Index c = 0; c < C; ++c) s[c] = Type{};
    for (Index k = 0; k < whole; k += L) {
      const Type x = V::load(a + k);
#pragma GCC unroll 16
      for (Index c = 0; c < C; ++c) s[c] = V::add_product(s[c], x, V::load(b + c * across + k));
    }
#pragma GCC unroll 8
    for (Index c = 0; c < C; c += L) {
      Type sum = sums_of<T>(s + c);
      if (whole == inner) {
        if (p.start) sum += V::load(p.start + j + c);
        if (p.relu) sum = sum < 0 ? Type{} : sum;
        V::store(p.out + j + c, sum);
      } else {
        for (Index l = 0; l < L; ++l) rest(sum[l], j + c + l);
      }
    }
  }
  for (; j < p.columns; ++j) {
    Type sum{};
    for (Index k = 0; k < whole; k += L) sum = V::add_product(sum, V::load(a + k), V::load(p.b + j * across + k));
    T total(0);
#pragma GCC unroll 16
    for (Index l = 0; l < L; ++l) total += sum[l];
    rest(total, j);
  }
}

RHEO_COMPILE(void multiply<float>(const Product<float>&));
RHEO_COMPILE(void multiply_row<float>(const Product<float>&));
RHEO_COMPILE(void add_few_dots<float>(CView<float>, CView<float>, float*, Index, Index));
RHEO_COMPILE(void multiply<double>(const Product<double>&));
RHEO_COMPILE(void multiply_row<double>(const Product<double>&));
RHEO_COMPILE(void add_few_dots<double>(CView<double>, CView<double>, double*, Index, Index));

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
