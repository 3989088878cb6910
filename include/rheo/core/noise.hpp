// SPDX-License-Identifier: MIT
// Noise: random numbers as a value.  The same key gives the same draws, for any number of threads and in any order.
//   Bits by Philox4x32-10 (rheo/core/philox.hpp); normals by Box and Muller 1958; permutations by Fisher and Yates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/philox.hpp"
#include "rheo/platform/compiled.hpp"
#include "rheo/platform/instruction_set.hpp"

namespace rheo {
namespace detail {

/// Natural logarithm of a normal positive double in plain arithmetic: no branch, so loops over it vectorise, and the
/// same bits on every platform without contraction.  Relative error below 2e-16 on (0, 1), from atanh's series on
/// [sqrt(1/2), sqrt(2)].
inline double plain_log(double x) {
  const auto bits = platform::bit_cast<std::int64_t>(x);
  const std::int64_t shifted = bits - 0x3FE6A09E667F3BCD;  // sqrt(1/2)
  const double e = static_cast<double>(static_cast<std::int32_t>(shifted >> 52));
  const double m = platform::bit_cast<double>((shifted & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD);
  const double f = m - 1.0, s = f / (2.0 + f), z = s * s;  // log m = 2 atanh(s), |s| < 0.1716
  double p = 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  return e * 0.693147180369123816490 + (2.0 * s + (2.0 * s * z * p + e * 1.90821492927058770002e-10));
}

/// cos(2 pi u) and sin(2 pi u) for u in [0, 1): the quarter is exact, the rest is a series on [-pi/4, pi/4].  Error
/// below 3e-16.
inline void plain_turn(double u, double& c, double& s) {
  const double quarter = static_cast<double>(static_cast<std::int32_t>(4.0 * u + 0.5));
  const double a = (u - 0.25 * quarter) * 6.283185307179586476925, z = a * a;
  double ps = -7.6471637318198164759e-13;  // (-1)^k / (2k + 1)!
  ps = ps * z + 1.6059043836821614599e-10;
  ps = ps * z - 2.5052108385441718775e-8;
  ps = ps * z + 2.7557319223985890653e-6;
  ps = ps * z - 1.9841269841269841270e-4;
  ps = ps * z + 8.3333333333333333333e-3;
  ps = ps * z - 1.6666666666666666667e-1;
  double pc = 4.7794773323873852974e-14;  // (-1)^k / (2k)!
  pc = pc * z - 1.1470745597729724714e-11;
  pc = pc * z + 2.0876756987868098979e-9;
  pc = pc * z - 2.7557319223985890653e-7;
  pc = pc * z + 2.4801587301587301587e-5;
  pc = pc * z - 1.3888888888888888889e-3;
  pc = pc * z + 4.1666666666666666667e-2;
  const double sin_a = a + a * z * ps, cos_a = 1.0 - 0.5 * z + z * z * pc;
  const auto q = static_cast<std::int32_t>(quarter);
  const bool swap = q & 1, flip_c = (q + 1) & 2, flip_s = q & 2;
  const double x = swap ? sin_a : cos_a, y = swap ? cos_a : sin_a;
  c = flip_c ? -x : x;
  s = flip_s ? -y : y;
}

/// a where the mask's bits are set, b where they are not: branches would keep loops from being vectorised.
inline float pick(std::uint32_t mask, float a, float b) {
  return platform::bit_cast<float>((platform::bit_cast<std::uint32_t>(a) & mask) |
                                   (platform::bit_cast<std::uint32_t>(b) & ~mask));
}

/// -2 log u in float arithmetic for the uniform u of a block's first words, relative error below 4 eps.  It is taken
/// from the end of (0, 1) that is nearer.
[[gnu::always_inline]] inline float plain_length2(std::uint32_t w0, std::uint32_t w1) {
  const auto upper = static_cast<std::uint32_t>(static_cast<std::int32_t>(w0) >> 31);  // all bits where u > 1/2
  const auto high = static_cast<std::int32_t>(w0 ^ upper),
             low = static_cast<std::int32_t>((((w1 ^ upper) & 0xFFFFF800u) | 0x400u) >> 1);
  const float h =
      platform::multiply_add(static_cast<float>(high), 0x1p-32f, static_cast<float>(low) * 0x1p-63f);  // u or 1 - u
  // u = (1 + f) 2^e with f about 0
  const auto shifted = static_cast<std::int32_t>(platform::bit_cast<std::uint32_t>(h) - 0x3F3504F3u);  // sqrt(1/2)
  const float m = platform::bit_cast<float>((shifted & 0x007FFFFF) + 0x3F3504F3);
  const auto middle =  // all bits where h > 0.29289322
      static_cast<std::uint32_t>((0x3E95F61A - platform::bit_cast<std::int32_t>(h)) >> 31);
  const float f = pick(upper, pick(middle, platform::multiply_add(-2.0f, h, 1.0f), -h), m - 1.0f),
              e = pick(upper, pick(middle, -1.0f, 0.0f), static_cast<float>(shifted >> 23));
  const float t = f / (2.0f + f), z = t * t;  // log(1 + f) = 2 atanh(t), |t| < 0.1716
  float p = platform::multiply_add(z, 1.0f / 9, 1.0f / 7);
  p = platform::multiply_add(p, z, 1.0f / 5);
  p = platform::multiply_add(p, z, 1.0f / 3);
  return platform::multiply_add(e, -1.38629436f, -4.0f * platform::multiply_add(t * z, p, t));
}

/// r cos(2 pi v) and r sin(2 pi v) in float arithmetic for v = w / 2^32, to 2 eps of r: the quarter is exact.
///   Polynomials: Moshier, Cephes 2.8, sinf.
[[gnu::always_inline]] inline void plain_turn(float r, std::uint32_t w, float& even, float& odd) {
  const std::uint32_t quarter = (w + 0x20000000u) >> 30;
  const float a =
      (static_cast<float>(static_cast<std::int32_t>(w - (quarter << 30))) + 0.5f) * 1.46291807927e-9f;  // 2 pi / 2^32
  const float y = a * a;
  float ps = platform::multiply_add(y, -1.9515295891e-4f, 8.3321608736e-3f);
  ps = platform::multiply_add(ps, y, -1.6666654611e-1f);
  float pc = platform::multiply_add(y, 2.443315711809948e-5f, -1.388731625493765e-3f);
  pc = platform::multiply_add(pc, y, 4.166664568298827e-2f);
  const float sine = platform::multiply_add(a * y, ps, a),
              cosine = platform::multiply_add(y * y, pc, platform::multiply_add(-0.5f, y, 1.0f));
  const std::uint32_t swap = 0u - (quarter & 1u);
  const auto c = platform::bit_cast<std::uint32_t>(pick(swap, sine, cosine)),
             s = platform::bit_cast<std::uint32_t>(pick(swap, cosine, sine));
  even = r * platform::bit_cast<float>(c ^ ((quarter + 1) & 2) << 30);
  odd = r * platform::bit_cast<float>(s ^ (quarter & 2) << 30);
}

/// (k + 1/2) / 2^53 for k < 2^53, rounded to double (ties to even), and never 1: the last k gives 1 - 2^-53.  Its half
/// is taken away by a mask: a comparison with a constant would have compilers split the loops that use this.
inline double open_unit(std::uint64_t k) {
  const double half = platform::bit_cast<double>(0x3FE0000000000000 & (((k + 1) >> 53) - 1));
  return (static_cast<double>(static_cast<std::int64_t>(k)) + half) * 0x1p-53;
}

/// splitmix64's finaliser: a bijection of 64 bits without visible structure.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

}  // namespace detail

/// A key into an endless table of draws, one line per row of a batch.
///
/// draw(i, j) is a function of (seed, stream, row0 + i, j) alone.  Draw j lives in Philox block j / 2 of its row: key =
/// seed, counter = (row, block, stream); the block's four words make two 53-bit integers k, words (0, 1) for even j,
/// (2, 3) for odd.
///   uniform(i, j)  (k + 1/2) / 2^53, at most 1 - 2^-53: in (0, 1), never 0 nor 1 in double (float rounds: it may give
///     1);
///   normal(i, j)   Box-Muller of the block's two uniforms u, v: sqrt(-2 log u) cos(2 pi v) for even j, sin for odd;
///   index(i, j, n) floor(n k / 2^53), in [0, n), for n < 2^31 (bias below n / 2^53).
/// All are made in double and rounded to T, but for normals of float, which are made in float (three times as fast) and
/// within 4 eps sqrt(-2 log u) of them: float and double see the same noise.
struct Noise {
  std::uint64_t seed = 0;    ///< the run's
  std::uint64_t stream = 0;  ///< the place's, made by fork
  Index row0 = 0;            ///< number of the first row of the batch in hand
  const Batch<double>* table =
      nullptr;                    ///< tests may hand in the draws: normal(i, j) = uniform(i, j) = (*table)(row(i), j)
  const Index* listed = nullptr;  ///< rows that do not follow one another: row i of the batch is listed[row0 + i]

  /// An independent key: chains fork by layer, training by step, nested chains by nesting.
  constexpr Noise fork(std::uint64_t k) const {
    return {seed, detail::mix64(stream + 0x9E3779B97F4A7C15u * (k + 1)) + 1, row0, table, listed};
  }
  /// The same key seen from row `i` on: what a shard beginning there is handed.
  constexpr Noise from_row(Index i) const { return {seed, stream, row0 + i, table, listed}; }
  /// The number of row i.
  constexpr Index row(Index i) const { return listed ? listed[row0 + i] : row0 + i; }
  /// The same key seen from the rows of these numbers (row() of each), which must outlive it: of those that are left of
  /// a batch, each keeps its draws.
  constexpr Noise of_rows(const Index* numbers) const { return {seed, stream, 0, table, numbers}; }

  /// Draw j of row i, uniform on (0, 1).
  template <class T = double> T uniform(Index i, Index j) const {
    if (table) return T((*table)(row(i), j));
    return T(detail::open_unit(bits(block(i, j / 2), j % 2)));
  }
  /// Draw j of row i, N(0, 1).
  template <class T = double> T normal(Index i, Index j) const {
    if (table) return T((*table)(row(i), j));
    const PhiloxBlock w = block(i, j / 2);
    Made<T> length2, even, odd;
    length(w[0], w[1], length2);
    turn(std::sqrt(length2), w[2], w[3], even, odd);
    return T(j % 2 ? odd : even);
  }
  /// Draw j of row i, one of 0 .. n - 1 alike.
  Index index(Index i, Index j, Index n) const {
    return static_cast<Index>(static_cast<double>(bits(block(i, j / 2), j % 2)) * 0x1p-53 * static_cast<double>(n));
  }
  /// out(i, c) = normal(i, first + c) for every row and column of `out`, in one vectorised sweep.
  template <class T> void normals(View<T> out, Index first = 0) const {
    sweep<Made<T>>(
        out, first,
        [](const Words& w, Made<T>* even, Made<T>* odd) {
          using V = platform::Vector<Made<T>>;
          Made<T> r[lanes];
#pragma GCC unroll 1
          for (int l = 0; l < lanes; ++l) length(w[0][l], w[1][l], r[l]);
          for (int l = 0; l < lanes; l += int(V::lanes)) V::store(r + l, V::square_root(V::load(r + l)));
#pragma GCC unroll 1
          for (int l = 0; l < lanes; ++l) turn(r[l], w[2][l], w[3][l], even[l], odd[l]);
        },
        [this](Index i, Index j) { return normal<T>(i, j); });
  }
  /// out(i, c) = uniform(i, first + c), likewise.
  template <class T> void uniforms(View<T> out, Index first = 0) const {
    sweep<double>(
        out, first,
        [](const Words& w, double* even, double* odd) {
#pragma GCC unroll 1
          for (int l = 0; l < lanes; ++l) {
            even[l] = detail::open_unit(bits(w[0][l], w[1][l]));
            odd[l] = detail::open_unit(bits(w[2][l], w[3][l]));
          }
        },
        [this](Index i, Index j) { return uniform<T>(i, j); });
  }
  /// A permutation of 0 .. n - 1, every one equally likely; row `i` of the table pays for it.
  std::vector<Index> permutation(Index n, Index i = 0) const {
    std::vector<Index> p(static_cast<std::size_t>(n));
    permutation(p.data(), n, i);
    return p;
  }
  /// The same numbers into p[0] .. p[n - 1].
  template <class Int> void permutation(Int* p, Index n, Index i) const {
    for (Index k = 0; k < n; ++k) p[k] = static_cast<Int>(k);
    for (Index k = n - 1; k > 0; --k) std::swap(p[k], p[index(i, k, k + 1)]);
  }

 private:
  /// Loops over them stay rolled (`unroll 1`): unrolled whole, g++ -O3 vectorises them worse.
  static constexpr int lanes = 16;
  using Words = std::uint32_t[4][lanes];
  /// What normals of T are made in.
  template <class T> using Made = std::conditional_t<std::is_same_v<T, float>, float, double>;

  /// The words of block b of rows i .. i + lanes - 1.  False where the upper halves of the rows' numbers differ.
  bool blocks(Index i, Index b, Words& w) const {
    const auto first = static_cast<std::uint64_t>(row(i)), s = stream_of(first);
    if (listed) {
#pragma GCC unroll 1
      for (int l = 0; l < lanes; ++l) {
        const auto number = static_cast<std::uint64_t>(row(i + l));
        if (number >> 32 != first >> 32) return false;
        w[0][l] = std::uint32_t(number);
      }
    } else {
      if (first >> 32 != (first + lanes - 1) >> 32) return false;
#pragma GCC unroll 1
      for (int l = 0; l < lanes; ++l) w[0][l] = std::uint32_t(first) + std::uint32_t(l);
    }
#pragma GCC unroll 1
    for (int l = 0; l < lanes; ++l) {
      w[1][l] = std::uint32_t(b);
      w[2][l] = std::uint32_t(s);
      w[3][l] = std::uint32_t(s >> 32);
    }
    philox4x32<lanes>(w, {std::uint32_t(seed), std::uint32_t(seed >> 32)});
    return true;
  }
  /// Every block serves its two columns, `lanes` rows at a time by `both`; what is left over draw by draw.
  template <class Made, class T, class Both, class One> void sweep(View<T> out, Index first, Both both, One one) const {
    const Index n = out.rows();
    for (Index c = 0; c < out.cols(); ++c) {
      const Index j = first + c;
      const bool two = j % 2 == 0 && c < out.cols() - 1;
      T* a = column(out, c).data();
      if (two) ++c;
      T* b = column(out, c).data();
      alignas(64) Words w;
      alignas(64) Made draws[2][lanes];
      for (Index i = 0; i < n; i += lanes) {
        const int m = static_cast<int>(std::min<Index>(lanes, n - i));
        if (m == lanes && !table && blocks(i, j / 2, w)) {
          both(w, draws[0], draws[1]);
          const Made* mine = draws[j % 2];
#pragma GCC unroll 1
          for (int l = 0; l < lanes; ++l) a[i + l] = T(mine[l]);
          for (int l = 0; two && l < lanes; ++l) b[i + l] = T(draws[1][l]);
        } else {
          for (int l = 0; l < m; ++l) {
            a[i + l] = one(i + l, j);
            if (two) b[i + l] = one(i + l, j + 1);
          }
        }
      }
    }
  }

  std::uint64_t stream_of(std::uint64_t row) const { return stream ^ detail::mix64(row >> 32 << 32); }  // mix64(0) = 0
  PhiloxBlock block(Index i, Index b) const {
    const auto number = static_cast<std::uint64_t>(row(i)), s = stream_of(number);
    return philox4x32({std::uint32_t(number), std::uint32_t(b), std::uint32_t(s), std::uint32_t(s >> 32)},
                      {std::uint32_t(seed), std::uint32_t(seed >> 32)});
  }
  static std::uint64_t bits(std::uint32_t high, std::uint32_t low) { return (std::uint64_t(high) << 32 | low) >> 11; }
  static std::uint64_t bits(const PhiloxBlock& w, Index odd) { return odd ? bits(w[2], w[3]) : bits(w[0], w[1]); }
  /// -2 log u of a block's first two words.
  [[gnu::always_inline]] static void length(std::uint32_t w0, std::uint32_t w1, float& length2) {
    length2 = detail::plain_length2(w0, w1);
  }
  static void length(std::uint32_t w0, std::uint32_t w1, double& length2) {
    length2 = -2.0 * detail::plain_log(detail::open_unit(bits(w0, w1)));
  }
  /// r cos(2 pi v) and r sin(2 pi v), v of its last two.
  [[gnu::always_inline]] static void turn(float r, std::uint32_t w2, std::uint32_t, float& even, float& odd) {
    detail::plain_turn(r, w2, even, odd);
  }
  static void turn(double r, std::uint32_t w2, std::uint32_t w3, double& even, double& odd) {
    double c, s;
    detail::plain_turn(detail::open_unit(bits(w2, w3)), c, s);
    even = r * c;
    odd = r * s;
  }
};

RHEO_COMPILE(void Noise::normals<float>(View<float>, Index) const);
RHEO_COMPILE(void Noise::normals<double>(View<double>, Index) const);

}  // namespace rheo
