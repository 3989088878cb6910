// SPDX-License-Identifier: MIT
// Taped: a map with parameters, written as one generic callable, and its vector-Jacobian product by the tape.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "rheo/autodiff/tape.hpp"
#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/core/params.hpp"

namespace rheo::autodiff {

/// r x c numbers shared by all rows: W(i, j) is a parameter, dot(x, W.col(j)) one node.
template <class T> class WeightMatrix {
 public:
  WeightMatrix(Weights<T> all, Index r, Index c) : all_(all), rows_(r), cols_(c) {}
  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Var<T> operator()(Index i, Index j) const { return all_[i + j * rows_]; }
  Weights<T> col(Index j) const { return {all_.tape, all_.values + j * rows_, rows_, all_.slot + j * rows_}; }

 private:
  Weights<T> all_;
  Index rows_, cols_;
};

/// Params (rheo/core/params.hpp) during a recording: the same cursor, whose numbers are parameters on the tape.
template <class T> class TapeParams {
 public:
  TapeParams(Tape<T>& tape, Params<const T> theta) : tape_(&tape), theta_(theta), begin_(theta.data()) {}
  Var<T> scalar(std::string_view name = {}) { return vector(1, name)[0]; }
  Weights<T> vector(Index n, std::string_view = {}) {
    const Index slot = theta_.data() - begin_;
    return {tape_, theta_.vector(n).data(), n, slot};
  }
  WeightMatrix<T> matrix(Index r, Index c, std::string_view name = {}) { return {vector(r * c, name), r, c}; }
  Index size() const { return theta_.size(); }

 private:
  Tape<T>* tape_;
  Params<const T> theta_;
  const T* begin_;
};

/// Gives map and map_pull to `Map`, a default-constructible or given callable
///
///     auto operator()(auto x, auto theta) const { return std::array{...}; }   // x[j], x.size(); theta.scalar(),
///       .vector(n), .matrix(r, c)
///
/// that returns M outputs and also runs on arrays of numbers with Params<const T>.  The recording lives in the cache
/// between the two calls; nothing is allocated once it has seen the largest batch.
template <class Map> class Taped {
 public:
  Taped() = default;
  explicit Taped(Map map) : map_(std::move(map)) {}

  template <class T> using Outputs = std::remove_cvref_t<std::invoke_result_t<const Map&, Columns<T>, TapeParams<T>>>;
  template <class T> struct Cache {
    Tape<T> tape;
    Outputs<T> out{};
    Index in_width = 0;
  };

  /// out (n x M, overwritten) = Map(in, theta) row by row.
  template <class T>
  void map(std::type_identity_t<CView<T>> in, std::type_identity_t<Params<const T>> theta,
           std::type_identity_t<View<T>> out, Cache<T>& cache) const {
    constexpr Index M = std::tuple_size_v<Outputs<T>>;
    if (out.rows() != in.rows() || out.cols() != M) {
      rheo::detail::fail("a taped map writes as many rows as it reads, here " + std::to_string(M) + " wide");
    }
    cache.tape.clear(in.rows());
    cache.in_width = in.cols();
    cache.out = map_(cache.tape.inputs(in), TapeParams<T>(cache.tape, theta));
    for (Index j = 0; j < M; ++j) column(out, j) = cache.tape.value(cache.out[static_cast<std::size_t>(j)]);
  }
  /// Of the last map() on this cache: g_in (overwritten) and g_theta (+=, skipped where it has no data) from g_out (n x
  /// M).
  template <class T>
  void map_pull(std::type_identity_t<CView<T>> g_out, std::type_identity_t<View<T>> g_in,
                std::type_identity_t<Params<T>> g_theta, Cache<T>& cache) const {
    constexpr Index M = std::tuple_size_v<Outputs<T>>;
    const Index n = cache.tape.rows();
    if (g_out.rows() != n || g_out.cols() != M)
      rheo::detail::fail("a cotangent whose shape is not that of the map's output");
    if (g_in.rows() != n || g_in.cols() != cache.in_width)
      rheo::detail::fail("a cotangent whose shape is not that of the map's input");
    cache.tape.forget_cotangents();
    cache.tape.reverse(cache.out, g_out, g_theta);
    for (Index j = 0; j < cache.in_width; ++j)
      column(g_in, j) = cache.tape.cotangent(Var<T>(&cache.tape, j));  // the first nodes
  }

 private:
  Map map_;
};

}  // namespace rheo::autodiff
