// SPDX-License-Identifier: MIT
// Pass and Pull: what a layer is handed for one direction of one shard, and for the vector-Jacobian product of the same
// call.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "rheo/core/arena.hpp"
#include "rheo/core/batch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/core/params.hpp"

namespace rheo {

/// What calls met that their values do not say.  One a worker; Workspace::report() adds them up.
struct Report {
  std::int64_t unsolved = 0;     ///< rows whose inner iteration (a root, a fixed point, an integration) missed its
                                 ///< tolerance: out and v are NaN there
  double worst_residual = 0;     ///< the largest residual among them; NaN where one was no number
  std::int64_t evaluations = 0;  ///< passes of inner nets and maps that iterations made, rows times passes
  std::int64_t proposed = 0;     ///< moves of accept/reject kernels
  std::int64_t accepted = 0;     ///< of those
  std::int64_t invalid = 0;  ///< rows of sampling layers that met an energy of NaN or -inf, or left the finite numbers
  std::int64_t divergent = 0;  ///< trajectories of Hmc whose energy grew by more than 1000 nats, or was lost: what
                               ///< they went through is too narrow for the step, and draws there are too few

  /// The counts, and what files call them.
  struct Count {
    const char* name;
    std::int64_t Report::*of;
  };
  static constexpr Count counts[] = {{"unsolved", &Report::unsolved}, {"evaluations", &Report::evaluations},
                                     {"proposed", &Report::proposed}, {"accepted", &Report::accepted},
                                     {"invalid", &Report::invalid},   {"divergent", &Report::divergent}};
  double acceptance() const {
    return static_cast<double>(accepted) / static_cast<double>(proposed);
  }  ///< NaN where nothing was proposed
  /// Counts a row that was not solved, and the residual it had.
  void miss(double residual) {
    ++unsolved;
    worsen(residual);
  }
  Report& operator+=(const Report& o) {
    for (const Count& c : counts) this->*c.of += o.*c.of;
    worsen(o.worst_residual);
    return *this;
  }

 private:
  void worsen(double residual) {
    if (residual > worst_residual || std::isnan(residual)) worst_residual = residual;
  }
};

/// One direction, one shard of n rows.  `out` never aliases `in`.
template <class T, class Cache> struct Pass {
  CView<T> in;               ///< n x D_in, read
  View<T> out;               ///< n x D_out, overwritten
  ColView<T> v;              ///< n, v += V(x, z); the same number in both directions
  Params<const T> theta;     ///< this layer's slice of the parameters
  Params<const T> buffers;   ///< this layer's slice of the untrained state
  CView<T> context;          ///< n x context_dim (n x 0 when unconditional)
  Noise noise;               ///< same key, same draws
  Cache& cache;              ///< what the pull will read from this call
  Arena& scratch;            ///< everything else
  bool keep = true;          ///< a pull follows; when false, the cache need not survive the call
  Report* report = nullptr;  ///< null: nobody asks
  bool wants_v = true;       ///< when false, and no pull follows, v is not looked at: a layer whose V is dear leaves it

  /// Whether V has to be found.
  bool needs_v() const { return wants_v || keep; }
};

/// The vector-Jacobian product of the same call.
template <class T, class Cache> struct Pull {
  CView<T> in, out;         ///< the call's values
  CView<T> g_out;           ///< n x D_out, cotangent of out
  CColView<T> g_v;          ///< cotangent of v
  View<T> g_in;             ///< n x D_in, overwritten
  Params<const T> theta;    ///< as in the call
  Params<T> g_theta;        ///< accumulated (+=)
  Params<const T> buffers;  ///< as in the call
  CView<T> context;         ///< as in the call
  View<T> g_context;        ///< n x context_dim, accumulated (+=)
  Noise noise;              ///< as in the call: draws are recomputed, not stored
  Cache& cache;             ///< what the call kept
  Arena& scratch;           ///< everything else
};

/// A conditioner's call: no v, no direction.
template <class T, class Cache> struct NetPass {
  CView<T> in;                ///< n x In
  View<T> out;                ///< n x Out, overwritten
  Params<const T> theta;      ///< the net's slice of the parameters
  CView<T> context;           ///< n x C
  Cache& cache;               ///< what the pull will read from this call
  Arena& scratch;             ///< everything else
  Params<const T> buffers{};  ///< of nets that have untrained state
};

/// The vector-Jacobian product of the same call.
template <class T, class Cache> struct NetPull {
  CView<T> in;                ///< n x In, as in the call
  CView<T> g_out;             ///< n x Out, cotangent of out
  View<T> g_in;               ///< overwritten
  Params<const T> theta;      ///< as in the call
  Params<T> g_theta;          ///< accumulated
  CView<T> context;           ///< as in the call
  View<T> g_context;          ///< accumulated
  Cache& cache;               ///< what the call kept
  Arena& scratch;             ///< everything else
  Params<const T> buffers{};  ///< as in the call
};

/// What data-dependent starts found, beside the numbers that they set.
struct StartReport {
  /// A column that an earlier start standardised and whose rows now have other moments (math::apart).
  struct Kept {
    bool of_context;                   ///< or of the data
    Index column;                      ///< from 0
    double mean, deviation;            ///< stored
    double mean_here, deviation_here;  ///< of these rows
  };
  std::vector<Kept> kept;               ///< standardisations that these rows did not change
  std::vector<Index> constant_context;  ///< columns of the context that do not vary
  /// A column of what reaches the base in other units than mean 0 and deviation 1 (math::apart), as data do that
  /// nothing standardises.
  struct OffScale {
    Index column;            ///< of what reaches the base, from 0
    double mean, deviation;  ///< of these rows there
  };
  std::vector<OffScale> off_scale;  ///< the columns of that kind
};

/// The data-dependent hook: `in` are all training rows as they reach this layer.
template <class T> struct InitPass {
  CView<T> in;        ///< N x x_dim
  Params<T> theta;    ///< this layer's slice, to be set
  Params<T> buffers;  ///< this layer's untrained state, to be set
  CView<T> context;   ///< N x context_dim
  bool anew = false;  ///< moments of data that an earlier start stored in buffers are to be those of these rows
  StartReport* report = nullptr;  ///< null: nobody asks
};

/// The cache of a layer that keeps nothing.
struct NoCache {};

}  // namespace rheo
