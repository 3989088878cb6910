// SPDX-License-Identifier: MIT
// Laws of rows and of their paths: each alone as in company, the same twice, nothing allocated the second time, NaN in
// its row, huge values, no rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "rheo/evaluation/laws_in_the_mean.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// Rows alone as in company; NaN in one coordinate or all stays in its row and shows there; the same twice; nothing
/// allocated the second time; no rows; huge values.
template <bool Encode, class T, class Add>
void row_laws(const Subject& s, Runner<T>& b, Batch<T> in, const Batch<T>& context, Noise key,
              std::int64_t (*allocations)(), Add add) {
  const char* side = Encode ? "encode" : "decode";
  Batch<T> out, again;
  Column<T> v, v_again;
  b.template call<Encode>(in, context, key, out, v);
  Batch<T> out_3 = out;
  Column<T> v_3 = v;
  const std::int64_t before = allocations ? allocations() : 0;
  b.template call<Encode>(in, context, key, out_3, v_3);
  const std::int64_t taken = allocations ? allocations() - before : 0;  // before there is text, which takes some too
  if (allocations)
    add((std::string(side) + " allocates nothing the second time").c_str(), static_cast<double>(taken), 0);
  add((std::string(side) + " is a function").c_str(),
      (out.size() == 0 || (out == out_3).all()) && (v == v_3).all() ? 0 : 1, 0);
  b.template call<Encode>(in, context, key, again, v_again, false, T(2));
  double added = 0;
  for (Index i = 0; i < v.size(); ++i)
    added = worst(added,
                  std::abs(static_cast<double>(v_again(i) - T(2) - v(i))) / (1 + std::abs(static_cast<double>(v(i)))));
  add((std::string(side) + " adds to v, and gives the same when no pull follows").c_str(),
      out.size() == 0 || (out == again).all() ? added : 1, 16 * static_cast<double>(std::numeric_limits<T>::epsilon()));
  b.template call<Encode>(in, context, key, again, v_again, false, T(0), false);
  double apart = 0;
  for (Index k = 0; k < out.size(); ++k)
    apart = worst(apart, std::abs(static_cast<double>(again.data()[k] - out.data()[k])) /
                             (1 + std::abs(static_cast<double>(out.data()[k]))));
  add((std::string(side) + " gives the same where V is not asked for").c_str(), apart, abilities_of<T>(s).accuracy);
  double alone = 0;
  for (Index i : {Index(0), Index(5), in.rows() - 1}) {
    b.template call<Encode>(in.row(i), context.row(i), key.from_row(i), again, v_again);
    for (Index j = 0; j < out.cols(); ++j)
      alone = worst(alone, std::abs(static_cast<double>(again(0, j) - out(i, j))) /
                               (1 + std::abs(static_cast<double>(out(i, j)))));
    alone = worst(alone, std::abs(static_cast<double>(v_again(0) - v(i))) / (1 + std::abs(static_cast<double>(v(i)))));
  }
  add((std::string(side) + ": rows are independent").c_str(), alone,
      std::max(256 * static_cast<double>(std::numeric_limits<T>::epsilon()), abilities_of<T>(s).accuracy));
  if (in.cols() > 0) {
    // one coordinate at a time, and all
    bool kept = true;
    for (Index j = 0; j <= in.cols(); ++j) {
      Batch<T> spoilt = in;
      if (j < in.cols()) spoilt(2, j) = std::numeric_limits<T>::quiet_NaN();
      else spoilt.row(2).setConstant(std::numeric_limits<T>::quiet_NaN());
      b.template call<Encode>(spoilt, context, key, again, v_again);
      kept = kept && std::isnan(static_cast<double>(v_again(2) + (again.cols() ? again.row(2).sum() : T(0))));
      for (Index i = 0; i < in.rows(); ++i) {
        kept = kept && (i == 2 || (v_again(i) == v(i) && (out.cols() == 0 || (again.row(i) == out.row(i)).all())));
      }
    }
    add((std::string(side) + ": NaN stays in its row and shows there, in one coordinate as in all").c_str(),
        kept ? 0 : 1, 0);
    in.row(2).setConstant(T(1e30));
    in.row(3).setConstant(T(-1e30));
    b.template call<Encode>(in, context, key, again, v_again);
    // -log q(z given x) of a stochastic encoder is +inf where q underflows
    const auto below_infinity = [&s](T x) {
      return static_cast<double>(x) < std::numeric_limits<double>::infinity() ||
             (encodes_stochastically(s.kind) && x == x);
    };
    add((std::string(side) + ": 1e30 gives no NaN and no +inf in V").c_str(),
        below_infinity(v_again(2)) && below_infinity(v_again(3)) ? 0 : 1, 0);
  }
  b.template call<Encode>(in.topRows(0), context.topRows(0), key, again, v_again);
  add((std::string(side) + ": no rows give no rows").c_str(), static_cast<double>(again.rows() + v_again.size()), 0);
}

/// The buffers as they are must be valid.  With one of them damaged, as a file may have it, either they are refused, or
/// the layer still gives finite outputs and V that is no NaN and not +inf; NaN may be what an inverse by iterations
/// says.  Counts the cases in which neither holds.
template <class T>
int damaged_buffers(const Subject& s, Runner<T>& b, const Batch<T>& x, const Batch<T>& z, const Batch<T>& context,
                    Noise key) {
  using Limits = std::numeric_limits<T>;
  const Column<T> own = b.buffers;
  Batch<T> out;
  Column<T> v;
  int faults = b.valid_buffers() ? 0 : 1;
  const auto usable = [&](bool encode) {
    const bool solves = !encode && abilities_of<T>(s).accuracy > 0;
    const auto in_order = [&](T value) { return std::isfinite(value) || (solves && std::isnan(value)); };
    for (Index i = 0; i < out.size(); ++i) {
      if (!in_order(out.data()[i])) return false;
    }
    for (Index i = 0; i < v.size(); ++i) {
      if (!in_order(v(i)) && v(i) != -Limits::infinity() && !encodes_stochastically(s.kind)) return false;
    }
    return true;
  };
  const Index last = own.size() - 1, step = 1 + last / 64;
  for (Index k = 0; k < last + step; k += step) {
    for (const T bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), T(0), T(-1), T(0.5), T(2),
                        Limits::max() / 2, -Limits::max() / 2, Limits::denorm_min()}) {
      b.buffers = own;
      b.buffers(std::min(k, last)) = bad;
      if (!b.valid_buffers()) continue;
      if (!std::isfinite(bad)) ++faults;
      if (abilities_of<T>(s).encode) {
        b.template call<true>(x, context, key, out, v);
        faults += usable(true) ? 0 : 1;
      }
      if (abilities_of<T>(s).decode) {
        b.template call<false>(z, context, key, out, v);
        faults += usable(false) ? 0 : 1;
      }
    }
  }
  b.buffers = own;
  return faults;
}

/// A path that the layer knows how to go back (`reverse_draws`): the worst error of its beginning, of V, and of V of
/// the pair where `weigh` scores it, each relative to 1 + its size.
template <bool Encode, class T>
double path_back(const Subject& s, Runner<T>& b, const Batch<T>& in, const Batch<T>& context, Noise key) {
  const Index n = in.rows();
  Batch<T> out, back, table = Batch<T>::Zero(n, s.path_draws);
  Column<T> v, v_back, pair = Column<T>::Zero(n);
  double w = 0;
  auto compare = [&](T a, T c) {
    w = worst(w, std::abs(static_cast<double>(a - c)) / (1 + std::abs(static_cast<double>(a))));
  };
  b.template call<Encode>(in, context, key, out, v);
  const bool weighed = b.template reverse<Encode>(in, out, v, context, key, table, pair);
  const Batch<double> draws = table.template cast<double>();
  b.template call<!Encode>(Batch<T>(out), context, Noise{0, 0, 0, &draws}, back, v_back);
  for (Index i = 0; i < in.size(); ++i) compare(in.data()[i], back.data()[i]);
  for (Index i = 0; i < n; ++i) compare(v(i), v_back(i));
  for (Index i = 0; weighed && i < n; ++i) compare(v(i), pair(i));
  return w;
}

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
