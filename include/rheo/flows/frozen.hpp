// SPDX-License-Identifier: MIT
// Frozen: the calls of a flow whose numbers are constants of the program, as io::freeze (rheo/io/freeze.hpp) writes
// them: no heap after construction, no exceptions, arrays and sizes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

#include "rheo/core/arithmetic.hpp"
#include "rheo/flows/evaluate.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/platform/macros_off.hpp"
#include "rheo/version.hpp"

namespace rheo {

/// What a frozen flow is to be ready for; sums with |.
enum class Calls : unsigned { none = 0, log_prob = 1, elbo = 2, sample = 4, score = 8, all = 15 };
constexpr Calls operator|(Calls a, Calls b) { return Calls(unsigned(a) | unsigned(b)); }
constexpr Calls operator&(Calls a, Calls b) { return Calls(unsigned(a) & unsigned(b)); }

/// What a flow can do: the density and its gradient where they are exact, else the bound; samples where there is a
/// decode.
template <class F, class T> constexpr Calls calls_of() {
  Calls c = Calls::none;
  if constexpr (CanEncode<F, T>) c = is_exact_v<F> ? Calls::log_prob : Calls::elbo;
  if constexpr (CanEncodePull<F, T> && is_exact_v<F>) c = c | Calls::score;
  if constexpr (CanDecode<F, T>) c = c | Calls::sample;
  return c;
}

/// The calls of a frozen flow on rows as C holds them: x is rows x dim, context rows x context_dim, row by row; a flow
/// without a context is handed none.  A context that holds for all rows is repeated: a pointer does not tell how many
/// rows it has, and a count of them would be one more argument of every call. Values are those of the model that was
/// frozen, to the bit where compiler, flags and library are the same: batches as long as `rows` are cut as a model cuts
/// them.  Memory is taken by the constructor, for `calls` and for `rows` rows at once (more are worked through in
/// turns), and by no call after it, but of layers whose need depends on the numbers (Continuous).  An object is for one
/// thread at a time; here() is one for each thread.  The pointers must be good: only the C functions look at them.
template <class C, Calls calls = calls_of<typename C::Flow, typename C::Scalar>()> class Frozen {
 public:
  using Flow = typename C::Flow;      ///< the type that was frozen
  using Scalar = typename C::Scalar;  ///< float or double
  using T = Scalar;                   ///< the same
  static constexpr Index dim = Flow::x_dim, context_dim = Flow::context_dim;

  /// Takes the memory for `rows` rows at once.
  explicit Frozen(Index rows = shard_rows<T>) : flow_(C::flow()), step_(std::clamp(rows, Index(1), shard_rows<T>)) {
    detail::check_arithmetic();
    prepare();
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  /// This thread's own, made at its first call in the thread.
  static Frozen& here() {
    thread_local Frozen frozen;
    return frozen;
  }

  /// log p(x) of a row, in nats.
  T log_prob(const T* x, const T* context = no_context()) {
    T v;
    return log_prob(x, 1, &v, context), v;
  }
  void log_prob(const T* x, Index rows, T* out, const T* context = no_context()) {
    static_assert(is_exact_v<Flow>,
                  "rheo: the log-density of this flow is a bound or an estimate: call elbo(x, noise)");
    ready_for<Calls::log_prob>();
    total(x, rows, Noise{}, out, context);
  }
  /// log p(x), or of a flow with stochastic encoders one draw of a lower bound to it in expectation.
  T elbo(const T* x, Noise noise, const T* context = no_context()) {
    T v;
    return elbo(x, 1, noise, &v, context), v;
  }
  void elbo(const T* x, Index rows, Noise noise, T* out, const T* context = no_context()) {
    ready_for<Calls::elbo>();
    total(x, rows, noise, out, context);
  }
  /// x drawn, rows x dim: those of Model::sample(rows, noise), or with log_prob, which may be null, x and log-densities
  /// of sample_and_log_prob(rows, noise).
  void sample(Noise noise, Index rows, T* x, T* log_prob, const T* context = no_context()) {
    static_assert(CanDecode<Flow, T>,
                  "rheo: sample: a layer or the base of this flow has no decode: it scores and does not sample");
    ready_for<Calls::sample>();
    turns(rows, [&](Index i, Index n) {
      const View<T> out = take(n, dim);
      const ColView<T> v = worker_.scratch.template column<T>(n);
      evaluator().sample(worker_, out, v, columns_of(context, i, n, context_dim), 0, noise.from_row(i),
                         log_prob != nullptr);
      give(out, x + i * dim);
      if (log_prob) std::copy_n(v.data(), n, log_prob + i);
    });
  }
  /// The gradient of log p in x, rows x dim; `out` may be x.
  void score(const T* x, T* out, const T* context = no_context()) { score(x, 1, out, context); }
  void score(const T* x, Index rows, T* out, const T* context = no_context()) {
    static_assert(is_exact_v<Flow>,
                  "rheo: the score needs an exact log-density: that of this flow is a bound or an estimate");
    ready_for<Calls::score>();
    turns(rows, [&](Index i, Index n) {
      const View<T> g = take(n, dim);
      evaluator().score(worker_, columns_of(x, i, n, dim), g, columns_of(context, i, n, context_dim), 0);
      give(g, out + i * dim);
    });
  }

 private:
  template <class = void> static const T* no_context() {
    static_assert(context_dim == 0, "rheo: this flow is conditional: hand it its context");
    return nullptr;
  }
  template <Calls call> static void ready_for() {
    static_assert((calls & call) != Calls::none,
                  "rheo: this Frozen was not made for this call: name it in its second argument, Frozen<C, "
                  "Calls::log_prob | Calls::sample>");
  }
  detail::Evaluator<Flow, T> evaluator() const {
    return {flow_, {C::parameters, Flow::param_count}, {C::buffers, Flow::buffer_count}};
  }

  void total(const T* x, Index rows, Noise noise, T* out, const T* context) {
    turns(rows, [&](Index i, Index n) {
      const ColView<T> v = worker_.scratch.template column<T>(n);
      evaluator().log_prob(worker_, columns_of(x, i, n, dim), v, columns_of(context, i, n, context_dim), 0,
                           noise.from_row(i));
      std::copy_n(v.data(), n, out + i);
    });
  }
  /// Every call once, on as many rows as will ever be worked on at once: all rooms take their size.
  void prepare() {
    auto x = std::make_unique<T[]>(static_cast<std::size_t>(step_ * dim)),
         v = std::make_unique<T[]>(static_cast<std::size_t>(step_));
    const auto context = std::make_unique<T[]>(static_cast<std::size_t>(step_ * context_dim + 1));
    for (int k = 0; k < 2; ++k) {  // the second time in the one block that the arena then has
      if constexpr ((calls & (Calls::log_prob | Calls::elbo)) != Calls::none)
        total(x.get(), step_, Noise{}, v.get(), context.get());
      if constexpr ((calls & Calls::score) != Calls::none) score(x.get(), step_, x.get(), context.get());
      if constexpr ((calls & Calls::sample) != Calls::none) sample(Noise{}, step_, x.get(), v.get(), context.get());
    }
  }

  template <class Body> void turns(Index rows, Body body) {
    for (Index i = 0; i < rows; i += step_) {
      Arena::Scope scope(worker_.scratch);
      body(i, std::min(step_, rows - i));
    }
  }
  View<T> take(Index n, Index width) { return worker_.scratch.template take<T>(n, width); }
  /// Rows [i, i + n) of a caller's rows, as views are.
  CView<T> columns_of(const T* p, Index i, Index n, Index width) {
    View<T> to = take(n, width);
    for (Index j = 0; j < width; ++j) {
      for (Index k = 0; k < n; ++k) to(k, j) = p[(i + k) * width + j];
    }
    return read(to);
  }
  static void give(View<T> from, T* to) {
    for (Index k = 0; k < from.rows(); ++k) {
      for (Index j = 0; j < from.cols(); ++j) *to++ = from(k, j);
    }
  }

  const Flow flow_;
  const Index step_;
  Worker<Flow, T> worker_;
};

namespace detail {

/// A flow from its own bytes: of types that hold their values themselves.
template <class F> F flow_from(const unsigned char (&bytes)[sizeof(F)]) {
  static_assert(std::is_trivially_copy_constructible_v<F> && std::is_trivially_destructible_v<F>);
  alignas(F) unsigned char room[sizeof(F)];
  std::memcpy(room, bytes, sizeof(F));
  return *std::launder(reinterpret_cast<const F*>(room));
}

/// How far the log-densities of the rows that a frozen header carries are from those that the model gave: 0 if they are
/// the same bits.
template <class C> typename C::Scalar drift() {
  using T = typename C::Scalar;
  using F = typename C::Flow;
  constexpr Calls call = is_exact_v<F> ? Calls::log_prob : Calls::elbo;
  auto& frozen = Frozen<C, call>::here();
  T v[C::check_rows], worst(0);
  if constexpr (is_exact_v<F>) frozen.log_prob(C::check_x, C::check_rows, v, C::check_context);
  else frozen.elbo(C::check_x, C::check_rows, Noise{}, v, C::check_context);
  for (Index k = 0; k < C::check_rows; ++k) {
    if (std::memcmp(&v[k], &C::check_v[k], sizeof(T)) == 0) continue;
    const T d = v[k] - C::check_v[k];
    worst = d == d ? std::max(worst, d < T(0) ? -d : d) : std::numeric_limits<T>::infinity();
    if (worst == T(0)) worst = std::numeric_limits<T>::min();  // zeros of two signs
  }
  return worst;
}

/// What the C functions return.
enum : int { c_done = 0, c_null = 1, c_negative = 2 };
/// Whether a C function may go on: `pointers` are those that must not be null.
template <class C, class... P>
int c_refusal(std::int64_t rows, const typename C::Scalar* context, const P*... pointers) {
  if (rows < 0 || rows > std::numeric_limits<Index>::max()) return c_negative;
  if (rows > 0 && ((C::Flow::context_dim > 0 && !context) || (... || !pointers))) return c_null;
  return c_done;
}
template <class C>
int c_log_prob(const typename C::Scalar* x, const typename C::Scalar* context, std::int64_t rows,
               typename C::Scalar* out) noexcept {
  const int refusal = c_refusal<C>(rows, context, x, out);
  if (refusal == c_done) Frozen<C, Calls::log_prob>::here().log_prob(x, static_cast<Index>(rows), out, context);
  return refusal;
}
template <class C>
int c_elbo(std::uint64_t seed, const typename C::Scalar* x, const typename C::Scalar* context, std::int64_t rows,
           typename C::Scalar* out) noexcept {
  const int refusal = c_refusal<C>(rows, context, x, out);
  if (refusal == c_done) Frozen<C, Calls::elbo>::here().elbo(x, static_cast<Index>(rows), Noise{seed}, out, context);
  return refusal;
}
template <class C>
int c_sample(std::uint64_t seed, const typename C::Scalar* context, std::int64_t rows, typename C::Scalar* x,
             typename C::Scalar* log_prob) noexcept {
  const int refusal = c_refusal<C>(rows, context, x);
  if (refusal == c_done)
    Frozen<C, Calls::sample>::here().sample(Noise{seed}, static_cast<Index>(rows), x, log_prob, context);
  return refusal;
}
template <class C>
int c_score(const typename C::Scalar* x, const typename C::Scalar* context, std::int64_t rows,
            typename C::Scalar* out) noexcept {
  const int refusal = c_refusal<C>(rows, context, x, out);
  if (refusal == c_done) Frozen<C, Calls::score>::here().score(x, static_cast<Index>(rows), out, context);
  return refusal;
}

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
