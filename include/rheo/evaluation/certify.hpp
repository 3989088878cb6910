// SPDX-License-Identifier: MIT
// certify: the laws that every layer must keep, run on any layer, yours too.  Each law compares values made in independent ways: pulls
// against dual numbers and finite differences, V against the determinant of the Jacobian, densities against quadrature, draws against
// densities, bounds in the mean against one.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer.hpp"
#include "rheo/evaluation/base_of.hpp"
#include "rheo/evaluation/jacobian.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/evaluation/mean_gradient.hpp"
#include "rheo/evaluation/quadrature.hpp"

namespace rheo {

/// One law's outcome: the worst error found, and what the law allows.
struct Finding {
  std::string law;
  double error, allowed;
  bool passed() const { return error <= allowed; }
};

struct CertifyOptions {
  Noise noise{20240229};
  Index rows = 37;
  double spread = 0.3;                ///< deviation of the noise laid on the starting parameters
  long (*allocations)() = nullptr;    ///< a count of heap allocations so far, where the program keeps one
};

namespace detail {

template <class L> class Certifier {
 public:
  Certifier(const L& layer, const CertifyOptions& o) : layer_(layer), o_(o), d_(layer) {
    detail::init<L, double>(layer, Params<double>(d_.theta.data(), d_.theta.size()), Params<double>(d_.buffers.data(), d_.buffers.size()), o.noise.fork(1));
    for (Index i = 0; i < d_.theta.size(); ++i) d_.theta(i) += o.spread * o.noise.fork(2).normal(i, 0);
    follow();
    x_ = points(o.rows, L::x_support, x_categories<L>(), 3);
    z_ = points(o.rows, L::z_support, z_categories<L>(), 4);
    context_ = points(o.rows, all_of<L::context_dim>(Support::real), {}, 5);
    Column<double> v;
    if constexpr (CanDecode<L, double>) {
      if (!drawable(L::x_support)) d_.template call<false>(Batch<double>(0.5 * z_), context_, o.noise.fork(6), x_, v);  // well inside: differences want room
    }
    if constexpr (CanEncode<L, double>) {
      if (!drawable(L::z_support)) d_.template call<true>(Batch<double>(x_), context_, o.noise.fork(6), z_, v);
    }
  }

  template <class T> void laws(std::vector<Finding>& out, const char* scalar) {
    const double eps = static_cast<double>(std::numeric_limits<T>::epsilon()), left = accuracy<L, T>();
    auto add = [&](const char* law, double error, double allowed) { out.push_back({std::string(scalar) + ": " + law, error, allowed}); };
    if constexpr (CanEncodePull<L, T>) {
      add("encode_pull agrees with duals", adjoint<true, T>(x_), std::max(sizeof(T) == 8 ? 1e-11 : 2e-4, pull_accuracy<L, T>()));
      add("encode_pull accumulates gradients and overwrites the rest", accumulates<true, T>(x_), 0);
    }
    if constexpr (CanDecodePull<L, T>) {
      add("decode_pull agrees with duals", adjoint<false, T>(z_), std::max(sizeof(T) == 8 ? 1e-11 : 2e-4, pull_accuracy<L, T>()));
      add("decode_pull accumulates gradients and overwrites the rest", accumulates<false, T>(z_), 0);
    }
    if constexpr (CanEncode<L, T> && CanDecode<L, T> && (L::kind != Kind::stochastic || replays)) {
      const auto [there, v] = round_trip<T>();
      add("round trip", there, std::max(1e3 * eps, left));
      add("V is the same number in both directions", v, std::max(1e3 * eps, left));
    }
    if constexpr (CanEncode<L, T>) rows<true, T>(x_, add);
    if constexpr (CanDecode<L, T>) rows<false, T>(z_, add);
  }
  void double_only(std::vector<Finding>& out) {
    [[maybe_unused]] const auto densities = [this](const Batch<double>& x) { return density(x); };
    if constexpr (CanEncodePull<L, double>) {
      if (is_smooth<L>) out.push_back({"double: encode_pull agrees with finite differences", differences<true>(x_), std::max(1e-7, 1e4 * pull_accuracy<L, double>())});
    }
    if constexpr (CanDecodePull<L, double>) {
      if (is_smooth<L>) out.push_back({"double: decode_pull agrees with finite differences", differences<false>(z_), std::max(1e-7, 1e4 * pull_accuracy<L, double>())});
    }
    if constexpr (L::kind == Kind::bijection && L::x_dim == L::z_dim && CanEncode<L, Dual<double>>) {
      auto dual = bench<Dual<double>>();
      if (is_exact_v<L>) out.push_back({"double: V is log abs det of the Jacobian", jacobian_error(dual, x_, context_, o_.noise.fork(9)), std::max(1e-9, accuracy<L, double>())});
      out.push_back({"double: is not the identity", identity() ? 1.0 : 0.0, 0});
    }
    if constexpr (CanEncode<L, float> && CanEncode<L, double>) out.push_back({"float agrees with double", float_agrees(), std::max(1e-4, accuracy<L, float>())});
    constexpr bool scored = CanEncode<L, double> && !encodes_stochastically(L::kind) && L::x_dim > 0 && L::x_dim <= 2;
    if constexpr (scored && has_base(L::x_support, x_categories<L>(), false) && has_base(L::z_support, z_categories<L>(), true)) {
      if constexpr (is_exact_v<L>) {
        const double total = [&] {
          if constexpr (HasSeams<L>) return integral_between_seams(layer_, densities);
          else return integral<L>(densities);
        }();
        out.push_back({"double: the density integrates to one", std::abs(total - 1), std::max(smooth_between_seams ? 1e-6 : 1e-3, accuracy<L, double>())});
      }
      if constexpr (decodes_stochastically(L::kind) && CanDecode<L, double> && !lives_in(L::x_support, Support::interval)) {
        const double chi = [&] {
          if constexpr (HasSeams<L>) return chi_square_of_cells(draws(), [&](auto lo, auto hi) { return integral_between_seams(layer_, densities, lo, hi); });
          else if constexpr (continuous(L::x_support)) return chi_square(draws(), densities);
          else return chi_square_of_values(draws(), densities);
        }();
        out.push_back({"double: draws follow the density (chi-square in deviations)", chi, 3.72});  // 1e-4 of a normal
      }
    }
    if constexpr (L::param_count + L::context_dim > 0) {
      const char* law = ": the mean of the pulls is the gradient of the mean over draws (in standard errors)";
      if constexpr (encodes_stochastically(L::kind) && CanEncodePull<L, double>) out.push_back({std::string("double: encode") + law, gradient_of_mean<true>(x_), 5});
      if constexpr (decodes_stochastically(L::kind) && CanDecodePull<L, double>) out.push_back({std::string("double: decode") + law, gradient_of_mean<false>(z_), 5});
    }
    // the weights of whole numbers that become many coordinates vary too much to be averaged
    if constexpr (encodes_stochastically(L::kind) && CanEncode<L, double> && (continuous(L::x_support) || L::z_dim <= 3) && has_base(L::x_support, x_categories<L>(), true) && has_base(L::z_support, z_categories<L>(), true)) {
      out.push_back({"double: exp(V) p(z) is a density of x in the mean (in standard errors)", evidence(), 4});
    }
  }

 private:
  /// A layer that draws both ways says so where decode under the key of an encode undoes it.
  static constexpr bool replays = [] {
    if constexpr (requires { L::replays; }) return bool(L::replays);
    return false;
  }();
  /// Smooth, or so between the seams that it names.
  static constexpr bool smooth_between_seams = [] {
    if constexpr (requires { L::piecewise_smooth; }) return bool(L::piecewise_smooth);
    return is_smooth<L>;
  }();
  /// The untrained state after a change of the parameters.
  void follow() {
    if constexpr (HasAfterStep<L, double>) layer_.after_step(Params<double>(d_.theta.data(), d_.theta.size()), Params<double>(d_.buffers.data(), d_.buffers.size()));
  }
  template <std::size_t D> Batch<double> points(Index n, const std::array<Support, D>& s, const std::array<Index, D>& categories, std::uint64_t key) const {
    return points_in(s, n, categories, o_.noise.fork(key));
  }
  template <class T> LayerBench<L, T> bench() const {
    LayerBench<L, T> b(layer_);
    for (Index i = 0; i < b.theta.size(); ++i) b.theta(i) = T(scalar<T>(d_.theta(i)));
    for (Index i = 0; i < b.buffers.size(); ++i) b.buffers(i) = T(scalar<T>(d_.buffers(i)));
    return b;
  }
  /// Through the scalar under the duals, so that float sees the numbers that Dual<float> sees.
  template <class T> static auto scalar(double x) {
    using S = decltype(autodiff::value_of(T()));
    return static_cast<S>(x);
  }
  template <class T> static Batch<T> as(const Batch<double>& x) {
    return x.unaryExpr([](double u) { return T(scalar<T>(u)); });
  }
  template <class T> Batch<T> random(Index n, Index c, std::uint64_t key) const {
    Batch<double> x(n, c);
    o_.noise.fork(key).normals(view(x));
    return as<T>(x);
  }

  /// One random direction through duals against one random cotangent through the pull, relative to the sum of the terms' sizes.
  template <bool Encode, class T> double adjoint(const Batch<double>& at) const {
    using D = Dual<T>;
    const Index n = at.rows(), out_dim = Encode ? L::z_dim : L::x_dim;
    const Noise key = o_.noise.fork(9);
    auto plain = bench<T>();
    auto dual = bench<D>();
    const Batch<T> in = as<T>(at), context = as<T>(context_), d_in = random<T>(n, at.cols(), 11), d_context = random<T>(n, L::context_dim, 12);
    const Batch<T> d_theta = random<T>(L::param_count, 1, 13), g_out = random<T>(n, out_dim, 14), g_v = random<T>(n, 1, 15);
    Batch<D> in_d = in.template cast<D>(), context_d = context.template cast<D>(), out_d;
    for (Index i = 0; i < in.size(); ++i) in_d.data()[i].b = d_in.data()[i];
    for (Index i = 0; i < context.size(); ++i) context_d.data()[i].b = d_context.data()[i];
    for (Index i = 0; i < L::param_count; ++i) dual.theta(i).b = d_theta(i, 0);
    Column<D> v_d;
    dual.template call<Encode>(in_d, context_d, key, out_d, v_d);

    Batch<T> out, g_in, g_context = Batch<T>::Zero(n, L::context_dim);
    Column<T> v;
    Vector<T> g_theta = Vector<T>::Zero(L::param_count);
    plain.template call<Encode>(in, context, key, out, v);
    plain.template pull<Encode>(in, out, context, key, g_out, g_v.col(0), g_in, g_theta, g_context);
    double left = 0, right = 0, size = 1e-300;
    auto tally = [&](double& side, T a, T b) {
      const double p = static_cast<double>(a) * static_cast<double>(b);
      side += p;
      size += std::abs(p);
    };
    for (Index i = 0; i < out.size(); ++i) tally(left, g_out.data()[i], out_d.data()[i].b);
    for (Index i = 0; i < n; ++i) tally(left, g_v(i, 0), v_d(i).b);
    for (Index i = 0; i < in.size(); ++i) tally(right, g_in.data()[i], d_in.data()[i]);
    for (Index i = 0; i < L::param_count; ++i) tally(right, g_theta(i), d_theta(i, 0));
    for (Index i = 0; i < g_context.size(); ++i) tally(right, g_context.data()[i], d_context.data()[i]);
    double values = 0;  // the duals' values are the plain ones
    for (Index i = 0; i < out.size(); ++i) values = std::max(values, std::abs(static_cast<double>(out.data()[i] - out_d.data()[i].a)));
    return worst(std::abs(left - right) / size, values * 1e-3);
  }
  /// A NaN is the worst of errors.
  static double worst(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::infinity() : std::max(a, b); }

  /// The scalar g_out . out + g_v . v along one direction, by fourth-order central differences, against the pull.
  template <bool Encode> double differences(const Batch<double>& at) {
    const Index n = at.rows();
    const Noise key = o_.noise.fork(9);
    const Batch<double> d_in = random<double>(n, at.cols(), 21), d_context = random<double>(n, L::context_dim, 22), d_theta = random<double>(L::param_count, 1, 23),
                        g_out = random<double>(n, Encode ? L::z_dim : L::x_dim, 24), g_v = random<double>(n, 1, 25);
    Batch<double> out, g_in, g_context = Batch<double>::Zero(n, L::context_dim);
    Column<double> v;
    Vector<double> g_theta = Vector<double>::Zero(L::param_count);
    const Vector<double> theta = d_.theta;
    double size = 0;
    auto f = [&](double h) {
      d_.theta = theta + h * d_theta.col(0);
      follow();
      d_.template call<Encode>(at + h * d_in, context_ + h * d_context, key, out, v);
      size = (g_out * out).abs().sum() + (g_v.col(0) * v).abs().sum();
      return (g_out * out).sum() + (g_v.col(0) * v).sum();
    };
    const double h = 2e-4, slope = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
    f(0);
    d_.template pull<Encode>(at, out, context_, key, g_out, g_v.col(0), g_in, g_theta, g_context);
    const double by_pull = (g_in * d_in).sum() + (g_theta * d_theta.col(0)).sum() + (g_context * d_context).sum();
    const double scale = (g_in * d_in).abs().sum() + (g_theta * d_theta.col(0)).abs().sum() + (g_context * d_context).abs().sum() + size;
    return worst(std::abs(slope - by_pull) / std::max(scale, 1e-12), 0);
  }
  template <bool Encode> double gradient_of_mean(const Batch<double>& at) {
    return mean_gradient<Encode>(d_, at, context_, o_.noise.fork(10), [this] { follow(); });
  }
  template <bool Encode, class T> double accumulates(const Batch<double>& at) const {
    auto b = bench<T>();
    const Index n = at.rows();
    const Noise key = o_.noise.fork(9);
    const Batch<T> in = as<T>(at), context = as<T>(context_), g_out = random<T>(n, Encode ? L::z_dim : L::x_dim, 14);
    const Column<T> g_v = random<T>(n, 1, 15).col(0);
    Batch<T> out, g_in, g_in_2, g_context = Batch<T>::Zero(n, L::context_dim);
    Column<T> v;
    Vector<T> g_theta = Vector<T>::Zero(L::param_count);
    b.template call<Encode>(in, context, key, out, v);
    b.template pull<Encode>(in, out, context, key, g_out, g_v, g_in, g_theta, g_context);
    const Vector<T> once = g_theta;
    const Batch<T> once_context = g_context;
    b.template pull<Encode>(in, out, context, key, g_out, g_v, g_in_2, g_theta, g_context);
    const double tol = 64 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const bool good = g_in.size() == 0 || ((g_in == g_in_2).all() && g_in.allFinite());
    auto doubled = [&](const auto& two, const auto& one) { return one.size() == 0 || ((two - T(2) * one).abs() <= T(tol) * (one.abs() + one.abs().maxCoeff())).all(); };
    return good && doubled(g_theta, once) && doubled(g_context, once_context) ? 0 : 1;
  }
  /// Worst error of the way there and back, and of V, relative to 1 + the size of what is compared, by kind.
  template <class T> std::pair<double, double> round_trip() const {
    auto b = bench<T>();
    const Noise key = o_.noise.fork(9);
    const Batch<T> x = as<T>(x_), z = as<T>(z_), context = as<T>(context_);
    Batch<T> y, back;
    Column<T> v, v_back;
    double there = 0, ledger = 0;
    auto compare = [&](const auto& a, const auto& c) {
      double w = 0;
      for (Index i = 0; i < a.size(); ++i) {
        const double p = static_cast<double>(a.data()[i]), q = static_cast<double>(c.data()[i]);
        w = worst(w, std::abs(p - q) / (1 + std::abs(p)));
      }
      return w;
    };
    if constexpr (!decodes_stochastically(L::kind) || replays) {
      const auto turned = another_turn<L>(x, L::x_support);
      b.template call<true>(turned, context, key, y, v);
      b.template call<false>(y, context, key, back, v_back);
      there = worst(there, compare(x, back));
      ledger = worst(ledger, compare(v, v_back));
    }
    if constexpr (!encodes_stochastically(L::kind)) {
      const auto turned = another_turn<L>(z, L::z_support);
      b.template call<false>(turned, context, key, y, v);
      b.template call<true>(y, context, key, back, v_back);
      there = worst(there, compare(z, back));
      ledger = worst(ledger, compare(v, v_back));
    }
    return {there, ledger};
  }
  /// Rows alone as in company; NaN stays in its row; the same twice; nothing allocated the second time; no rows; huge values.
  template <bool Encode, class T, class Add> void rows(const Batch<double>& at, Add add) const {
    const char* side = Encode ? "encode" : "decode";
    auto b = bench<T>();
    const Noise key = o_.noise.fork(9);
    Batch<T> in = as<T>(at), context = as<T>(context_), out, again;
    Column<T> v, v_again;
    b.template call<Encode>(in, context, key, out, v);
    long before = 0;
    Batch<T> out_3(out.rows(), out.cols());
    Column<T> v_3(v.size());
    if (o_.allocations) before = o_.allocations();
    b.template call<Encode>(in, context, key, out_3, v_3);
    if (o_.allocations) add((std::string(side) + " allocates nothing the second time").c_str(), static_cast<double>(o_.allocations() - before), 0);
    add((std::string(side) + " is a function").c_str(), (out.size() == 0 || (out == out_3).all()) && (v == v_3).all() ? 0 : 1, 0);
    b.template call<Encode>(in, context, key, again, v_again, false, T(2));
    double added = 0;
    for (Index i = 0; i < v.size(); ++i) added = worst(added, std::abs(static_cast<double>(v_again(i) - T(2) - v(i))) / (1 + std::abs(static_cast<double>(v(i)))));
    add((std::string(side) + " adds to v, and gives the same when no pull follows").c_str(), out.size() == 0 || (out == again).all() ? added : 1,
        16 * static_cast<double>(std::numeric_limits<T>::epsilon()));
    double alone = 0;
    for (Index i : {Index(0), Index(5), at.rows() - 1}) {
      b.template call<Encode>(in.row(i), context.row(i), key.from_row(i), again, v_again);
      for (Index j = 0; j < out.cols(); ++j) alone = worst(alone, std::abs(static_cast<double>(again(0, j) - out(i, j))) / (1 + std::abs(static_cast<double>(out(i, j)))));
      alone = worst(alone, std::abs(static_cast<double>(v_again(0) - v(i))) / (1 + std::abs(static_cast<double>(v(i)))));
    }
    add((std::string(side) + ": rows are independent").c_str(), alone, std::max(256 * static_cast<double>(std::numeric_limits<T>::epsilon()), accuracy<L, T>()));
    if (in.cols() > 0) {
      in.row(2).setConstant(std::numeric_limits<T>::quiet_NaN());
      b.template call<Encode>(in, context, key, again, v_again);
      bool others = std::isnan(static_cast<double>(v_again(2) + (again.cols() ? again.row(2).sum() : T(0))));
      for (Index i = 0; i < in.rows(); ++i) others = others && (i == 2 || (v_again(i) == v(i) && (out.cols() == 0 || (again.row(i) == out.row(i)).all())));
      add((std::string(side) + ": NaN stays in its row").c_str(), others ? 0 : 1, 0);
      in.row(2).setConstant(T(1e30));
      in.row(3).setConstant(T(-1e30));
      b.template call<Encode>(in, context, key, again, v_again);
      // -log q(z given x) of a stochastic encoder is +inf where q underflows
      const auto below_infinity = [](T x) { return static_cast<double>(x) < std::numeric_limits<double>::infinity() || (encodes_stochastically(L::kind) && x == x); };
      add((std::string(side) + ": 1e30 gives no NaN and no +inf in V").c_str(), below_infinity(v_again(2)) && below_infinity(v_again(3)) ? 0 : 1, 0);
    }
    b.template call<Encode>(in.topRows(0), context.topRows(0), key, again, v_again);
    add((std::string(side) + ": no rows give no rows").c_str(), static_cast<double>(again.rows() + v_again.size()), 0);
  }
  bool identity() {
    Batch<double> out;
    Column<double> v;
    d_.template call<true>(x_, context_, o_.noise.fork(9), out, v);
    return (out == x_).all() && (v == 0).all();
  }
  double float_agrees() {
    auto f = bench<float>();
    Batch<float> out_f;
    Column<float> v_f;
    Batch<double> out;
    Column<double> v;
    f.template call<true>(as<float>(x_), as<float>(context_), o_.noise.fork(9), out_f, v_f);
    d_.template call<true>(x_, context_, o_.noise.fork(9), out, v);
    double w = 0;
    for (Index i = 0; i < v.size(); ++i) w = worst(w, std::abs(static_cast<double>(v_f(i)) - v(i)) / (1 + std::abs(v(i))));
    for (Index i = 0; i < out.size(); ++i) w = worst(w, std::abs(static_cast<double>(out_f.data()[i]) - out.data()[i]) / (1 + std::abs(out.data()[i])));
    return w;
  }
  /// n rows of one context.
  Batch<double> one_context(Index n) const {
    Batch<double> context(n, L::context_dim);
    for (Index j = 0; j < context.cols(); ++j) context.col(j).setConstant(context_(0, j));
    return context;
  }
  /// Draws for the chi-square.
  Batch<double> draws() {
    const Index n = 50000;
    Batch<double> x;
    Column<double> v;
    d_.template call<false>(draw_base(L::z_support, z_categories<L>(), n, o_.noise.fork(32), 1), one_context(n), o_.noise.fork(31), x, v);
    return x;
  }
  /// exp(log p) at points x, with the base of rheo/evaluation/base_of.hpp behind the layer.
  Column<double> density(const Batch<double>& x) {
    Batch<double> z;
    Column<double> v;
    d_.template call<true>(x, one_context(x.rows()), o_.noise.fork(9), z, v);
    add_base(L::z_support, z_categories<L>(), z, v, 1);
    return v.exp();
  }
  /// The integral of exp(V) p(z) over x and the encoder's noise, by importance sampling: its distance from 1 in standard errors.
  double evidence() {
    const Index n = 40000;
    const Batch<double> x = draw_base(L::x_support, x_categories<L>(), n, o_.noise.fork(33), 1);
    Batch<double> z;
    Column<double> v, log_r = Column<double>::Zero(n);
    d_.template call<true>(x, one_context(n), o_.noise.fork(34), z, v);
    add_base(L::z_support, z_categories<L>(), z, v, 0.5);  // narrow, so that the weights are bounded
    add_base(L::x_support, x_categories<L>(), x, log_r, 1);
    const Column<double> w = (v - log_r).exp();
    const double mean = w.mean(), error = std::sqrt((w - mean).square().sum()) / static_cast<double>(n);
    return worst(std::abs(mean - 1) / (error + 1e-12), 0);
  }

  const L& layer_;
  CertifyOptions o_;
  LayerBench<L, double> d_;
  Batch<double> x_, z_, context_;
};

}  // namespace detail

/// Runs every law that fits the layer, in float and double, on random parameters.  The layer holds them if every Finding passed().
template <class L> std::vector<Finding> certify(const L& layer, const CertifyOptions& options = {}) {
  static_assert(Layer<L>, "rheo: certify: this is not a layer: rheo/core/layer.hpp says what a layer owes");
  std::vector<Finding> findings;
  detail::Certifier<L> c(layer, options);
  c.template laws<double>(findings, "double");
  c.template laws<float>(findings, "float");
  c.double_only(findings);
  return findings;
}

}  // namespace rheo
