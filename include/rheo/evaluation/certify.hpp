// SPDX-License-Identifier: MIT
// certify: the laws that every layer must keep, run on any layer, yours too.  Each law compares values made in
// independent ways: pulls against dual numbers and finite differences, V against the determinant of the Jacobian,
// densities against quadrature, draws against densities, bounds in the mean against one.
#pragma once

#include <Eigen/LU>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer_more.hpp"
#include "rheo/evaluation/base_of.hpp"
#include "rheo/evaluation/finding.hpp"
#include "rheo/evaluation/laws_in_the_mean.hpp"
#include "rheo/evaluation/laws_of_rows.hpp"
#include "rheo/evaluation/off_support.hpp"
#include "rheo/evaluation/quadrature.hpp"
#include "rheo/evaluation/subject.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// What certify looks at.
struct CertifyOptions {
  Noise noise{20240229};                    ///< decides points, parameters and draws
  Index rows = 37;                          ///< points at which row-wise laws are held
  double spread = 0.3;                      ///< deviation of the noise laid on the starting parameters
  std::int64_t (*allocations)() = nullptr;  ///< a count of heap allocations so far, where the program keeps one
};

namespace detail {

/// A template, with Real = double, so that a program of many files can compile it once: see certify_subject.
template <class Real> class Certifier {
 public:
  Certifier(const Subject& subject, const CertifyOptions& o)
      : s_(subject), o_(o), runner_(subject.runner(Real())), d_(*runner_) {
    s_.init(d_.theta, d_.buffers, o.noise.fork(1));
    for (Index i = 0; i < d_.theta.size(); ++i) d_.theta(i) += o.spread * o.noise.fork(2).normal(i, 0);
    follow();
    x_ = points(o.rows, s_.x_support, s_.x_categories, 3);
    z_ = points(o.rows, s_.z_support, s_.z_categories, 4);
    context_ = points(o.rows, std::vector<Support>(static_cast<std::size_t>(s_.context_dim), Support::real),
                      std::vector<Index>(static_cast<std::size_t>(s_.context_dim)), 5);
    Column<Real> v;
    if (can<Real>().decode && !drawable(s_.x_support)) {
      d_.template call<false>(Batch<Real>(0.5 * z_), context_, o.noise.fork(6), x_,
                              v);  // well inside: differences want room
    }
    if (can<Real>().encode && !drawable(s_.z_support))
      d_.template call<true>(Batch<Real>(x_), context_, o.noise.fork(6), z_, v);
  }

  template <class T> void laws(std::vector<Finding>& out, const char* scalar) {
    const double eps = static_cast<double>(std::numeric_limits<T>::epsilon()), left = can<T>().accuracy;
    auto add = [&](const std::string& law, double error, double allowed) {
      out.push_back({std::string(scalar) + ": " + law, error, allowed});
    };
    if (can<T>().encode_pull) {
      add("encode_pull agrees with duals", adjoint<true, T>(x_),
          std::max(sizeof(T) == 8 ? 1e-11 : 2e-4, can<T>().pull_accuracy));
      add("encode_pull accumulates gradients and overwrites the rest", accumulates<true, T>(x_), 0);
    }
    if (can<T>().decode_pull) {
      add("decode_pull agrees with duals", adjoint<false, T>(z_),
          std::max(sizeof(T) == 8 ? 1e-11 : 2e-4, can<T>().pull_accuracy));
      add("decode_pull accumulates gradients and overwrites the rest", accumulates<false, T>(z_), 0);
    }
    if (can<T>().encode && can<T>().decode && (s_.kind != Kind::stochastic || s_.replays)) {
      const auto [there, v] = round_trip<T>();
      add("round trip", there, std::max(1e3 * eps, left));
      add("V is the same number in both directions", v, std::max(1e3 * eps, left));
    }
    if (s_.path_draws > 0) {
      add("encode's path goes back by decode, with the same V",
          path_back<true>(s_, *bench<T>(), as<T>(x_), as<T>(context_), o_.noise.fork(9)), std::max(1e4 * eps, left));
      add("decode's path goes back by encode, with the same V",
          path_back<false>(s_, *bench<T>(), as<T>(z_), as<T>(context_), o_.noise.fork(9)), std::max(1e4 * eps, left));
    }
    if (can<T>().encode)
      row_laws<true, T>(s_, *bench<T>(), as<T>(x_), as<T>(context_), o_.noise.fork(9), o_.allocations, add);
    if (can<T>().decode)
      row_laws<false, T>(s_, *bench<T>(), as<T>(z_), as<T>(context_), o_.noise.fork(9), o_.allocations, add);
    if (s_.buffer_count > 0)
      add("damaged buffers are refused or do no harm",
          damaged_buffers<T>(s_, *bench<T>(), as<T>(x_).topRows(3), as<T>(z_).topRows(3), as<T>(context_).topRows(3),
                             o_.noise.fork(9)),
          0);
    if (can<T>().encode) off_support<true, T>(x_, can<T>().encode_pull, add);
    if (can<T>().decode) off_support<false, T>(z_, can<T>().decode_pull, add);
  }
  /// Laws that a layer may think were kept.
  void not_tried(std::vector<Finding>& out) const {
    const auto lacks = [&](bool had, const char* law, const char* what) {
      if (!had) out.push_back({law, 0, 0, what});
    };
    const Abilities& d = can<double>();
    if (d.encode) lacks(d.encode_pull, "the gradients of encode", "encode_pull");
    if (d.decode) lacks(d.decode_pull, "the gradients of decode", "decode_pull");
    if (d.encode_pull || d.decode_pull)
      lacks(s_.smooth, "pulls agree with finite differences", "`static constexpr bool smooth = true`");
    lacks(d.encode, "the density integrates to one", "encode");
    if (d.encode && s_.x_dim > 2)
      out.push_back(
          {"the density integrates to one, and draws follow it", 0, 0, "x_dim of 1 or 2: certify a small one"});
    lacks(d.decode, "round trip", "decode");
  }
  void double_only(std::vector<Finding>& out) {
    const auto densities = [this](const Batch<Real>& x) { return density(x); };
    const auto seams = [this](Index j, double other) { return s_.seams(j, other); };
    if (can<double>().encode_pull && s_.smooth) {
      out.push_back({"double: encode_pull agrees with finite differences", differences<true>(x_),
                     std::max(1e-7, 1e4 * can<double>().pull_accuracy)});
    }
    if (can<double>().decode_pull && s_.smooth) {
      out.push_back({"double: decode_pull agrees with finite differences", differences<false>(z_),
                     std::max(1e-7, 1e4 * can<double>().pull_accuracy)});
    }
    if (s_.has_jacobian) {
      if (s_.exact)
        out.push_back({"double: V is log abs det of the Jacobian", jacobian(), std::max(1e-9, can<double>().accuracy)});
      out.push_back({"double: is not the identity", identity() ? 1.0 : 0.0, 0});
    }
    if (can<float>().encode && can<double>().encode)
      out.push_back({"float agrees with double", float_agrees(), std::max(1e-4, can<float>().accuracy)});
    const bool scored = can<double>().encode && !encodes_stochastically(s_.kind) && s_.x_dim > 0 && s_.x_dim <= 2;
    if (scored && has_base(s_.x_support, s_.x_categories, false) && has_base(s_.z_support, s_.z_categories, true)) {
      if (s_.exact) {
        const double total = s_.has_seams ? integral_between_seams(seams, densities, s_.x_support)
                                          : integral(s_.x_support, s_.x_categories, s_.smooth, densities);
        out.push_back({"double: the density integrates to one", std::abs(total - 1),
                       std::max(s_.piecewise_smooth ? 1e-6 : 1e-3, can<double>().accuracy)});
      }
      if (decodes_stochastically(s_.kind) && can<double>().decode && !lives_in(s_.x_support, Support::interval)) {
        const auto mass = [&](const double* lo, const double* hi) {
          return integral_between_seams(seams, densities, s_.x_dim, lo, hi);
        };
        const double chi = s_.has_seams               ? chi_square_of_cells(draws(), mass)
                           : continuous(s_.x_support) ? chi_square(draws(), densities, s_.smooth)
                                                      : chi_square_of_values(draws(), densities);
        out.push_back({"double: draws follow the density (chi-square in deviations)", chi, 3.72});  // 1e-4 of a normal
      }
    }
    if (s_.param_count + s_.context_dim > 0 && !s_.biased_pulls) {
      const char* law = ": the mean of the pulls is the gradient of the mean over draws (in standard errors)";
      if (encodes_stochastically(s_.kind) && can<double>().encode_pull)
        out.push_back({std::string("double: encode") + law, mean_gradient<true>(s_, d_, x_, context_, o_.noise), 5});
      if (decodes_stochastically(s_.kind) && can<double>().decode_pull)
        out.push_back({std::string("double: decode") + law, mean_gradient<false>(s_, d_, z_, context_, o_.noise), 5});
    }
    // the weights of whole numbers that become many coordinates vary too much to be averaged
    const bool based = has_base(s_.x_support, s_.x_categories, true) && has_base(s_.z_support, s_.z_categories, true) &&
                       (continuous(s_.x_support) || s_.z_dim <= 3);
    const bool draws_z = encodes_stochastically(s_.kind);
    if (draws_z && can<double>().encode && based) {
      const double off = evidence<true>(s_, d_, one_context(40000), o_.noise);
      out.push_back({"double: exp(V) p(z) is a density of x in the mean (in standard errors)", off, 4,
                     off < 0 ? "a base near a standard normal" : ""});
    }
    if (draws_z && decodes_stochastically(s_.kind) && can<double>().decode && based &&
        s_.z_dim > 0) {  // nothing else sees decode's V
      out.push_back({"double: exp(-V) p(x) is a density of z in the mean (in standard errors)",
                     evidence<false>(s_, d_, one_context(40000), o_.noise), 4});
    }
  }

 private:
  template <class T> const Abilities& can() const { return abilities_of<T>(s_); }
  void follow() { s_.follow(d_.theta, d_.buffers); }
  Batch<Real> points(Index n, const std::vector<Support>& s, const std::vector<Index>& categories,
                     std::uint64_t key) const {
    return points_in(s, n, categories, o_.noise.fork(key));
  }
  /// In scalar T, on the parameters as S holds them.
  template <class T, class S = T> std::unique_ptr<Runner<T>> bench() const {
    auto b = s_.runner(T());
    for (Index i = 0; i < b->theta.size(); ++i) b->theta(i) = T(static_cast<S>(d_.theta(i)));
    for (Index i = 0; i < b->buffers.size(); ++i) b->buffers(i) = T(static_cast<S>(d_.buffers(i)));
    return b;
  }
  template <class T> static Batch<T> as(const Batch<Real>& x) { return x.template cast<T>(); }
  template <class T> Batch<T> random(Index n, Index c, std::uint64_t key) const {
    Batch<Real> x(n, c);
    o_.noise.fork(key).normals(view(x));
    return as<T>(x);
  }

  /// One random direction through duals of double against one random cotangent through the pull, relative to the sum of
  /// the terms' sizes.
  template <bool Encode, class T> double adjoint(const Batch<Real>& at) const {
    using D = Dual<Real>;
    const Index n = at.rows(), out_dim = Encode ? s_.z_dim : s_.x_dim;
    const Noise key = o_.noise.fork(9);
    const auto plain_owned = bench<T>();
    auto& plain = *plain_owned;
    const auto dual_owned = bench<D, T>();
    auto& dual = *dual_owned;
    const Batch<T> in = as<T>(at), context = as<T>(context_), d_in = random<T>(n, at.cols(), 11),
                   d_context = random<T>(n, s_.context_dim, 12);
    const Batch<T> d_theta = random<T>(s_.param_count, 1, 13), g_out = random<T>(n, out_dim, 14),
                   g_v = random<T>(n, 1, 15);
    Batch<D> in_d = in.template cast<Real>().template cast<D>(),
             context_d = context.template cast<Real>().template cast<D>(), out_d;
    for (Index i = 0; i < in.size(); ++i) in_d.data()[i].b = d_in.data()[i];
    for (Index i = 0; i < context.size(); ++i) context_d.data()[i].b = d_context.data()[i];
    for (Index i = 0; i < s_.param_count; ++i) dual.theta(i).b = d_theta(i, 0);
    Column<D> v_d;
    dual.template call<Encode>(in_d, context_d, key, out_d, v_d);

    Batch<T> out, g_in, g_context = Batch<T>::Zero(n, s_.context_dim);
    Column<T> v;
    Column<T> g_theta = Column<T>::Zero(s_.param_count);
    plain.template call<Encode>(in, context, key, out, v);
    plain.template pull<Encode>(in, out, context, key, g_out, g_v.col(0), g_in, g_theta, g_context);
    double left = 0, right = 0, size = 1e-300;
    auto tally = [&](double& side, double a, double b) {
      const double p = a * b;
      side += p;
      size += std::abs(p);
    };
    for (Index i = 0; i < out.size(); ++i) tally(left, g_out.data()[i], out_d.data()[i].b);
    for (Index i = 0; i < n; ++i) tally(left, g_v(i, 0), v_d(i).b);
    for (Index i = 0; i < in.size(); ++i) tally(right, g_in.data()[i], d_in.data()[i]);
    for (Index i = 0; i < s_.param_count; ++i) tally(right, g_theta(i), d_theta(i, 0));
    for (Index i = 0; i < g_context.size(); ++i) tally(right, g_context.data()[i], d_context.data()[i]);
    double values = 0;  // the duals' values are the plain ones
    for (Index i = 0; i < out.size(); ++i)
      values = worst(values, std::abs(static_cast<double>(out.data()[i]) - out_d.data()[i].a));
    return worst(std::abs(left - right) / size, values * 1e-3);
  }
  /// The scalar g_out . out + g_v . v along one direction, by fourth-order central differences, against the pull.
  template <bool Encode> double differences(const Batch<Real>& at) {
    const Index n = at.rows();
    const Noise key = o_.noise.fork(9);
    const Batch<Real> d_in = random<double>(n, at.cols(), 21), d_context = random<double>(n, s_.context_dim, 22),
                      d_theta = random<double>(s_.param_count, 1, 23),
                      g_out = random<double>(n, Encode ? s_.z_dim : s_.x_dim, 24), g_v = random<double>(n, 1, 25);
    Batch<Real> out, g_in, g_context = Batch<Real>::Zero(n, s_.context_dim);
    Column<Real> v;
    Column<Real> g_theta = Column<Real>::Zero(s_.param_count);
    const Column<Real> theta = d_.theta, buffers = d_.buffers;
    double size = 0;
    auto f = [&](double h) {
      d_.theta = theta + h * d_theta.col(0);
      d_.buffers = buffers;  // what is drawn anew after a step is drawn alike
      follow();
      d_.template call<Encode>(at + h * d_in, context_ + h * d_context, key, out, v);
      size = (g_out * out).abs().sum() + (g_v.col(0) * v).abs().sum();
      return (g_out * out).sum() + (g_v.col(0) * v).sum();
    };
    const double h = 2e-4, slope = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
    f(0);
    d_.template pull<Encode>(at, out, context_, key, g_out, g_v.col(0), g_in, g_theta, g_context);
    const double by_pull = (g_in * d_in).sum() + (g_theta * d_theta.col(0)).sum() + (g_context * d_context).sum();
    const double scale =
        (g_in * d_in).abs().sum() + (g_theta * d_theta.col(0)).abs().sum() + (g_context * d_context).abs().sum() + size;
    return worst(std::abs(slope - by_pull) / std::max(scale, 1e-12), 0);
  }
  template <bool Encode, class T> double accumulates(const Batch<Real>& at) const {
    const auto b_owned = bench<T>();
    auto& b = *b_owned;
    const Index n = at.rows();
    const Noise key = o_.noise.fork(9);
    const Batch<T> in = as<T>(at), context = as<T>(context_), g_out = random<T>(n, Encode ? s_.z_dim : s_.x_dim, 14);
    const Column<T> g_v = random<T>(n, 1, 15).col(0);
    Batch<T> out, g_in, g_in_2, g_context = Batch<T>::Zero(n, s_.context_dim);
    Column<T> v;
    Column<T> g_theta = Column<T>::Zero(s_.param_count);
    b.template call<Encode>(in, context, key, out, v);
    b.template pull<Encode>(in, out, context, key, g_out, g_v, g_in, g_theta, g_context);
    const Column<T> once = g_theta;
    const Batch<T> once_context = g_context;
    b.template pull<Encode>(in, out, context, key, g_out, g_v, g_in_2, g_theta, g_context);
    const double tol = 64 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const bool good = g_in.size() == 0 || ((g_in == g_in_2).all() && g_in.allFinite());
    auto doubled = [&](const auto& two, const auto& one) {
      return one.size() == 0 || ((two - T(2) * one).abs() <= T(tol) * (one.abs() + one.abs().maxCoeff())).all();
    };
    return good && doubled(g_theta, once) && doubled(g_context, once_context) ? 0 : 1;
  }
  /// The same angles by other numbers, where a layer that forgets turns must not tell them apart; a bijection may have
  /// cut the circle.
  template <class T> Batch<T> another_turn(Batch<T> x, const std::vector<Support>& supports) const {
    if (s_.kind == Kind::bijection) return x;
    for (std::size_t j = 0; j < supports.size(); ++j) {
      if (supports[j] != Support::circle) continue;
      for (Index i = 0; i < x.rows(); ++i)
        x(i, static_cast<Index>(j)) += static_cast<T>(2 * std::numbers::pi * static_cast<double>(i % 4 - 1));
    }
    return x;
  }
  /// Worst error of the way there and back, and of V, relative to 1 + the size of what is compared, by kind.
  template <class T> std::pair<double, double> round_trip() const {
    const auto b_owned = bench<T>();
    auto& b = *b_owned;
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
    if (!decodes_stochastically(s_.kind) || s_.replays) {
      const auto turned = another_turn(x, s_.x_support);
      b.template call<true>(turned, context, key, y, v);
      b.template call<false>(y, context, key, back, v_back);
      there = worst(there, compare(x, back));
      ledger = worst(ledger, compare(v, v_back));
    }
    if (!encodes_stochastically(s_.kind)) {
      const auto turned = another_turn(z, s_.z_support);
      b.template call<false>(turned, context, key, y, v);
      b.template call<true>(y, context, key, back, v_back);
      there = worst(there, compare(z, back));
      ledger = worst(ledger, compare(v, v_back));
    }
    return {there, ledger};
  }
  double jacobian() const {
    using D = Dual<Real>;
    const Index dim = s_.x_dim;
    const auto b_owned = bench<D>();
    auto& b = *b_owned;
    const Noise key = o_.noise.fork(9);
    std::vector<Eigen::MatrixXd> J(static_cast<std::size_t>(x_.rows()), Eigen::MatrixXd(dim, dim));
    Batch<D> out;
    Column<D> v;
    for (Index j = 0; j < dim; ++j) {
      Batch<D> in = x_.template cast<D>();
      for (Index i = 0; i < in.rows(); ++i) in(i, j).b = 1;
      b.template call<true>(in, context_.template cast<D>(), key, out, v);
      for (Index i = 0; i < in.rows(); ++i) {
        for (Index k = 0; k < dim; ++k) J[static_cast<std::size_t>(i)](k, j) = out(i, k).b;
      }
    }
    double w = 0;
    for (Index i = 0; i < x_.rows(); ++i) {
      const double log_det =
          J[static_cast<std::size_t>(i)].partialPivLu().matrixLU().diagonal().array().abs().log().sum();
      w = worst(w, std::abs(log_det - v(i).a) / (1 + std::abs(log_det)));
    }
    return w;
  }
  bool identity() {
    Batch<Real> out;
    Column<Real> v;
    d_.template call<true>(x_, context_, o_.noise.fork(9), out, v);
    return (out == x_).all() && (v == 0).all();
  }
  double float_agrees() {
    const auto f_owned = bench<float>();
    auto& f = *f_owned;
    Batch<float> out_f;
    Column<float> v_f;
    Batch<Real> out;
    Column<Real> v;
    f.template call<true>(as<float>(x_), as<float>(context_), o_.noise.fork(9), out_f, v_f);
    d_.template call<true>(x_, context_, o_.noise.fork(9), out, v);
    double w = 0;
    for (Index i = 0; i < v.size(); ++i)
      w = worst(w, std::abs(static_cast<double>(v_f(i)) - v(i)) / (1 + std::abs(v(i))));
    for (Index i = 0; i < out.size(); ++i)
      w = worst(w, std::abs(static_cast<double>(out_f.data()[i]) - out.data()[i]) / (1 + std::abs(out.data()[i])));
    return w;
  }
  /// n rows of one context.
  Batch<Real> one_context(Index n) const {
    Batch<Real> context(n, s_.context_dim);
    for (Index j = 0; j < context.cols(); ++j) context.col(j).setConstant(context_(0, j));
    return context;
  }
  /// The law of points off the support, where there are any known without the layer's numbers.
  template <bool Encode, class T, class Add> void off_support(const Batch<Real>& at, bool pulls, Add add) const {
    const auto& supports = Encode ? s_.x_support : s_.z_support;
    if (!has_outside(supports)) return;
    add(std::string(Encode ? "en" : "de") + "code: off the support V is -inf" + (pulls ? ", the gradient 0" : ""),
        kept_off_support<Encode>(*bench<T>(), supports, Encode ? s_.x_categories : s_.z_categories,
                                 Encode ? s_.z_dim : s_.x_dim, pulls, as<T>(at), as<T>(context_), o_.noise.fork(9))
            ? 0
            : 1,
        0);
  }
  /// Draws for the chi-square.
  Batch<Real> draws() {
    Batch<Real> x, z = draw_base(s_.z_support, s_.z_categories, 50000, o_.noise.fork(32), 1);
    Column<Real> v;
    d_.template call<false>(z, one_context(z.rows()), o_.noise.fork(31), x, v);
    return x;
  }
  /// exp(log p) at points x, with the base of rheo/evaluation/base_of.hpp behind the layer.
  Column<Real> density(const Batch<Real>& x) {
    Batch<Real> z;
    Column<Real> v;
    d_.template call<true>(x, one_context(x.rows()), o_.noise.fork(9), z, v);
    add_base(s_.z_support, s_.z_categories, z, v, 1);
    return v.exp();
  }
  const Subject& s_;
  CertifyOptions o_;
  std::unique_ptr<Runner<Real>> runner_;
  Runner<Real>& d_;
  Batch<Real> x_, z_, context_;
};

/// The laws on a layer without its type; many files that certify layers save compile time by declaring it `extern
/// template` in all but one.
template <class Real> std::vector<Finding> certify_subject(const Subject& subject, const CertifyOptions& options) {
  std::vector<Finding> findings;
  Certifier<Real> c(subject, options);
  c.template laws<double>(findings, "double");
  c.template laws<float>(findings, "float");
  c.double_only(findings);
  c.not_tried(findings);
  return findings;
}

}  // namespace detail

/// Runs every law that fits the layer, in float and double, on random parameters.  The layer holds them if every
/// Finding passed(); std::cout << certify(layer) says which it breaks, and which could not be tried for want of what.
template <class L> std::vector<Finding> certify(const L& layer, const CertifyOptions& options = {}) {
  static_assert(Layer<L>, "rheo: certify: this is not a layer: rheo/core/layer.hpp says what a layer owes");
  static_assert(detail::owes_no_layout<L>());
  return detail::certify_subject<double>(detail::SubjectOf<L>(layer), options);
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
