// SPDX-License-Identifier: MIT
// Workloads: flows as people use them, each held against what the products of its dense layers alone would take on this
// core now.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "once.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/training/trainer.hpp"

namespace rheo::bench {

/// One call, and what it is held against.
struct Workload {
  std::string name;
  double rows = 1;  ///< of one call
  double flop =
      0;  ///< a row: two for every multiply-add of the dense layers, masked ones counted as if they were not; 0: none
  Index width = 64;   ///< of the dense layers
  bool pull = false;  ///< whether a third of the products are of each orientation, as in training
  double goal = 0;    ///< microseconds on a core of 245 GFLOP/s (float; half of that double); 0: none is set
  bool wall = false;  ///< measured by the clock on the wall: calls of several threads
};

using Call = std::function<void()>;
/// `start` makes what the call needs, when its turn comes; `is_double` says by which products it is measured.
void add(const Workload& w, bool is_double, std::function<Call()> start);
template <class T> void add(const Workload& w, std::function<Call()> start) {
  add(w, sizeof(T) == 8, std::move(start));
}

/// A model whose parameters have left their starting values by N(0, spread^2): no layer is the identity.
template <class T, class F> Model<F, T> started(const F& flow, double spread) {
  auto model = make_model<T>(flow, Noise{2});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(spread * Noise{3}.normal(i, 0));
  return model;
}
/// Steps of an objective on slices of the data; the rate is so small that the model stays what it is.
template <class Objective = MaximumLikelihood, class F, class T>
Call training(Model<F, T> start, Batch<T> rows, Index batch, int threads = 1, const Objective& objective = {}) {
  struct Room {
    Model<F, T> model;
    Batch<T> data;
    Trainer<F, T, Objective> trainer;
    Index first = 0;
    Room(Model<F, T> m, Batch<T> x, int threads, const Objective& o)
        : model(std::move(m)), data(std::move(x)), trainer(model, Adam{}, threads, o) {}
  };
  auto r = std::make_shared<Room>(std::move(start), std::move(rows), threads, objective);
  return [r, batch] {
    const auto none = Model<F, T>::template nothing<const T>(r->data.rows());
    benchmark::DoNotOptimize(r->trainer.step(view(std::as_const(r->data)), none, {r->first, batch}, Noise{}, 1e-5));
    r->first = (r->first + batch) % (r->data.rows() - batch + 1);
  };
}
template <class F, class T> struct ModelAtWork {
  Model<F, T> model;
  Batch<T> data;
  Workspace<F, T> work;
  ModelAtWork(Model<F, T> m, Batch<T> x, int threads) : model(std::move(m)), data(std::move(x)), work(threads) {}
};
template <class F, class T> Call scoring(Model<F, T> model, Batch<T> data, int threads = 1) {
  auto r = std::make_shared<ModelAtWork<F, T>>(std::move(model), std::move(data), threads);
  return [r] { benchmark::DoNotOptimize(r->model.log_prob(r->data, {}, r->work).data()); };
}
/// Draws alone, as peers give them.
template <class F, class T> Call sampling(Model<F, T> model, Index n) {
  auto r = std::make_shared<ModelAtWork<F, T>>(std::move(model), Batch<T>(), 1);
  return [r, n] { benchmark::DoNotOptimize(r->model.sample(n, Noise{4}, {}, r->work).data()); };
}

/// x_j = 0.8 n_j + 0.6 n_(j - 1).
template <Index D> Batch<float> chained(Index n) {
  Batch<float> x(n, D), e(n, D + 1);
  Noise{1}.normals(view(e));
  for (Index j = 0; j < D; ++j) x.col(j) = 0.8f * e.col(j + 1) + 0.6f * e.col(j);
  return x;
}

// One function a file.
void w1();
void w2();
void w3();
void w4();
void w5();
void w6();
void w7();
void w8();
void w9();

}  // namespace rheo::bench
