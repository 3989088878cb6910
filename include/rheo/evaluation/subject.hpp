// SPDX-License-Identifier: MIT
// Subject: a layer as the laws see it, its type forgotten: facts are values and calls are virtual, so that the laws are
// compiled once and every further layer costs its own passes only.  Speed is measured through another of its own
// (benchmarks/speed/layers/table.hpp): this one keeps batches and copies them, which there would be part of the time.
#pragma once

#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer_more.hpp"
#include "rheo/evaluation/quadrature.hpp"

namespace rheo::detail {

/// One layer in scalar T with parameters of its own, and its four calls on plain batches.
template <class T> class Runner {
 public:
  Column<T> theta, buffers;

  Runner(Index params, Index state, Index x_dim, Index z_dim);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  virtual ~Runner();
  /// Whether the buffers as they are may be used.
  virtual bool valid_buffers() const = 0;

  template <bool Encode>
  void call(const Batch<T>& in, const Batch<T>& context, Noise noise, Batch<T>& out, Column<T>& v, bool keep = true,
            T v_before = T(0), bool wants_v = true) {
    call(Encode, in, context, noise, out, v, keep, v_before, wants_v);
  }
  template <bool Encode>
  void pull(const Batch<T>& in, const Batch<T>& out, const Batch<T>& context, Noise noise, const Batch<T>& g_out,
            const Column<T>& g_v, Batch<T>& g_in, Column<T>& g_theta, Batch<T>& g_context) {
    pull(Encode, in, out, context, noise, g_out, g_v, g_in, g_theta, g_context);
  }
  /// After a call: the draws that lead its path back into `table`, and V of its ends by `weigh` into `pair`, if the
  /// layer weighs pairs.
  template <bool Encode>
  bool reverse(const Batch<T>& in, Batch<T>& out, Column<T>& v, const Batch<T>& context, Noise noise, Batch<T>& table,
               Column<T>& pair) {
    const Index n = in.rows();
    const CView<T> x = view(std::as_const(Encode ? in : out)), z = view(std::as_const(Encode ? out : in));
    return run_reverse({view(in), view(out), ColView<T>(v.data(), n), Params<const T>(theta.data(), theta.size()),
                        Params<const T>(buffers.data(), buffers.size()), view(context), noise, none_, scratch_},
                       view(table), x, z, ColView<T>(pair.data(), n));
  }

 private:
  void call(bool encode, const Batch<T>& in, const Batch<T>& context, Noise noise, Batch<T>& out, Column<T>& v,
            bool keep, T v_before, bool wants_v);
  void pull(bool encode, const Batch<T>& in, const Batch<T>& out, const Batch<T>& context, Noise noise,
            const Batch<T>& g_out, const Column<T>& g_v, Batch<T>& g_in, Column<T>& g_theta, Batch<T>& g_context);
  virtual void run(bool encode, const Pass<T, NoCache>& p) = 0;
  virtual void run_pull(bool encode, const Pull<T, NoCache>& p) = 0;
  virtual bool run_reverse(const Pass<T, NoCache>& p, View<T> table, CView<T> x, CView<T> z, ColView<T> pair) = 0;

  Index x_dim_, z_dim_;
  NoCache none_{};
  Arena scratch_{};
};

template <class T>
Runner<T>::Runner(Index params, Index state, Index x_dim, Index z_dim)
    : theta(Column<T>::Zero(params)), buffers(Column<T>::Zero(state)), x_dim_(x_dim), z_dim_(z_dim) {}

template <class T> Runner<T>::~Runner() = default;

template <class T>
void Runner<T>::call(bool encode, const Batch<T>& in, const Batch<T>& context, Noise noise, Batch<T>& out, Column<T>& v,
                     bool keep, T v_before, bool wants_v) {
  const Index n = in.rows();
  out.setConstant(n, encode ? z_dim_ : x_dim_, T(std::numeric_limits<double>::quiet_NaN()));
  v.setConstant(n, v_before);
  run(encode,
      {view(in), view(out), ColView<T>(v.data(), n), Params<const T>(theta.data(), theta.size()),
       Params<const T>(buffers.data(), buffers.size()), view(context), noise, none_, scratch_, keep, nullptr, wants_v});
}

template <class T>
void Runner<T>::pull(bool encode, const Batch<T>& in, const Batch<T>& out, const Batch<T>& context, Noise noise,
                     const Batch<T>& g_out, const Column<T>& g_v, Batch<T>& g_in, Column<T>& g_theta,
                     Batch<T>& g_context) {
  const Index n = in.rows();
  g_in.setConstant(n, in.cols(), T(std::numeric_limits<double>::quiet_NaN()));
  run_pull(encode,
           {view(in), view(out), view(g_out), CColView<T>(g_v.data(), n), view(g_in),
            Params<const T>(theta.data(), theta.size()), Params<T>(g_theta.data(), g_theta.size()),
            Params<const T>(buffers.data(), buffers.size()), view(context), view(g_context), noise, none_, scratch_});
}

/// What a layer can do in one scalar.
struct Abilities {
  bool encode = false, encode_pull = false, decode = false, decode_pull = false;
  double accuracy = 0, pull_accuracy = 0;
};
template <class L, class T> constexpr Abilities abilities() {
  return {CanEncode<L, T>,
          CanEncodePull<L, T>,
          CanDecode<L, T>,
          CanDecodePull<L, T>,
          rheo::detail::accuracy<L, T>(),
          rheo::detail::pull_accuracy<L, T>()};
}

/// A layer's facts, and runners on it.
class Subject {
 public:
  Index x_dim = 0, z_dim = 0, context_dim = 0, param_count = 0, buffer_count = 0, path_draws = 0;
  Kind kind = Kind::bijection;
  bool exact = false, smooth = false, piecewise_smooth = false, has_seams = false, has_jacobian = false,
       biased_pulls = false, replays = false;
  std::vector<Support> x_support, z_support;
  std::vector<Index> x_categories, z_categories;
  Abilities in_float, in_double;

  virtual ~Subject() = default;
  /// Starting values.
  virtual void init(Column<double>& theta, Column<double>& buffers, Noise noise) const = 0;
  /// The untrained state after a change of the parameters.
  virtual void follow(Column<double>& theta, Column<double>& buffers) const = 0;
  /// The seams of x_j, where there are any (quadrature.hpp).
  virtual std::vector<double> seams(Index j, double other) const = 0;
  /// A runner with parameters 0; the argument says in which scalar.
  virtual std::unique_ptr<Runner<float>> runner(float) const = 0;
  virtual std::unique_ptr<Runner<double>> runner(double) const = 0;
  virtual std::unique_ptr<Runner<Dual<double>>> runner(Dual<double>) const = 0;
};

/// Whether the laws take the Jacobian of this layer's encode.
template <class L>
inline constexpr bool has_jacobian = L::kind == Kind::bijection&& L::x_dim == L::z_dim&& CanEncode<L, Dual<double>>;

/// Duals check pulls, and the Jacobian: no other call is made on them, so none other is compiled.
template <class L, class T> inline constexpr Abilities wanted = abilities<L, T>();
template <class L>
inline constexpr Abilities wanted<L, Dual<double>> = {
    CanEncodePull<L, double> || CanEncodePull<L, float> || has_jacobian<L>, false,
    CanDecodePull<L, double> || CanDecodePull<L, float>, false};

template <class L, class T> class RunnerOf final : public Runner<T> {
 public:
  explicit RunnerOf(const L& layer) : Runner<T>(L::param_count, L::buffer_count, L::x_dim, L::z_dim), layer_(layer) {}
  bool valid_buffers() const override {
    if constexpr (std::is_floating_point_v<T>)
      return rheo::detail::valid_buffers(layer_, Params<const T>(this->buffers.data(), this->buffers.size()));
    return true;
  }

 private:
  using C = CacheOf<L, T>;
  void run(bool encode, const Pass<T, NoCache>& p) override {
    const Pass<T, C> own{p.in,    p.out,  p.v,       p.theta, p.buffers, p.context,
                         p.noise, cache_, p.scratch, p.keep,  p.report,  p.wants_v};
    if (encode) {
      if constexpr (wanted<L, T>.encode) layer_.encode(own);
    } else {
      if constexpr (wanted<L, T>.decode) layer_.decode(own);
    }
  }
  void run_pull(bool encode, const Pull<T, NoCache>& p) override {
    const Pull<T, C> own{p.in,      p.out,     p.g_out,     p.g_v,   p.g_in, p.theta,  p.g_theta,
                         p.buffers, p.context, p.g_context, p.noise, cache_, p.scratch};
    if (encode) {
      if constexpr (wanted<L, T>.encode_pull) layer_.encode_pull(own);
    } else {
      if constexpr (wanted<L, T>.decode_pull) layer_.decode_pull(own);
    }
  }
  bool run_reverse(const Pass<T, NoCache>& p, View<T> table, CView<T> x, CView<T> z, ColView<T> pair) override {
    if constexpr (path_draws_of < L >> 0 && std::is_floating_point_v<T>) {
      layer_.reverse_draws(Pass<T, C>{p.in, p.out, p.v, p.theta, p.buffers, p.context, p.noise, cache_, p.scratch},
                           table);
      if constexpr (HasWeigh<L, T>) {
        layer_.weigh(x, z, pair, p.theta);
        return true;
      }
    }
    return false;
  }
  const L layer_;
  C cache_{};
};

/// What a subject can do in one scalar.
template <class T> const Abilities& abilities_of(const Subject& s) {
  if constexpr (std::is_same_v<T, float>) return s.in_float;
  else return s.in_double;
}

template <class L> class SubjectOf final : public Subject {
 public:
  explicit SubjectOf(const L& layer) : layer_(layer) {
    x_dim = L::x_dim, z_dim = L::z_dim, context_dim = L::context_dim, param_count = L::param_count,
    buffer_count = L::buffer_count;
    const auto x_counts = rheo::detail::x_categories<L>();
    const auto z_counts = rheo::detail::z_categories<L>();
    x_categories.assign(x_counts.begin(), x_counts.end()), z_categories.assign(z_counts.begin(), z_counts.end());
    path_draws = path_draws_of<L>;
    kind = L::kind, exact = is_exact_v<L>, smooth = is_smooth<L>, piecewise_smooth = is_piecewise_smooth<L>;
    has_seams = HasSeams<L>, replays = is_replayed<L>;
    has_jacobian = rheo::detail::has_jacobian<L>, biased_pulls = has_biased_pulls<L>;
    x_support.assign(L::x_support.begin(), L::x_support.end());
    z_support.assign(L::z_support.begin(), L::z_support.end());
    in_float = abilities<L, float>(), in_double = abilities<L, double>();
  }
  void init(Column<double>& theta, Column<double>& buffers, Noise noise) const override {
    rheo::detail::init<L, double>(layer_, Params<double>(theta.data(), theta.size()),
                                  Params<double>(buffers.data(), buffers.size()), noise);
  }
  void follow(Column<double>& theta, Column<double>& buffers) const override {
    detail::after_step(layer_, Params<double>(theta.data(), theta.size()),
                       Params<double>(buffers.data(), buffers.size()));
  }
  std::vector<double> seams(Index j, double other) const override { return seams_of(layer_, j, other); }
  std::unique_ptr<Runner<float>> runner(float) const override { return make<float>(); }
  std::unique_ptr<Runner<double>> runner(double) const override { return make<double>(); }
  std::unique_ptr<Runner<Dual<double>>> runner(Dual<double>) const override { return make<Dual<double>>(); }

 private:
  template <class T> std::unique_ptr<Runner<T>> make() const {
    if constexpr (wanted<L, T>.encode || wanted<L, T>.decode) return std::make_unique<RunnerOf<L, T>>(layer_);
    return nullptr;
  }
  const L& layer_;
};

}  // namespace rheo::detail
