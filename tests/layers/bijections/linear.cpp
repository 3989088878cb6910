// SPDX-License-Identifier: MIT
// Linear layers: V against dense LU, orthogonality, known matrices, starts, extreme parameters.
#include "algebra.hpp"
#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/layers/bijections/cayley_orthogonal.hpp"
#include "rheo/layers/bijections/conv_1x1.hpp"
#include "rheo/layers/bijections/exponential_orthogonal.hpp"
#include "rheo/layers/bijections/householder.hpp"
#include "rheo/layers/bijections/low_rank_linear.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/qr_linear.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/bijections/svd_linear.hpp"
#include "rheo/layers/bijections/triangular_linear.hpp"

namespace bijections_linear {

namespace {
using namespace rheo_test;

// W of z = W x + b, read off the layer's own encode of the unit vectors and 0.
template <class T> Batch<T> units(Index D) {
  Batch<T> x = Batch<T>::Zero(D + 1, D);
  for (Index j = 0; j < D; ++j) x(j, j) = T(1);
  return x;
}
template <class T> Dense<T> columns_of(const Batch<T>& z) {
  const Index D = z.rows() - 1;
  Dense<T> W(z.cols(), D);
  for (Index i = 0; i < z.cols(); ++i) {
    for (Index j = 0; j < D; ++j) W(i, j) = z(j, i) - z(D, i);
  }
  return W;
}
template <class T, class L> Dense<T> matrix(Bench<L, T>& b) { return columns_of<T>(b.encode(units<T>(L::x_dim))); }
void check_v(double scale, double v, double want, double back) {
  INFO("scale " << scale << ": V " << v << ", dense " << want);
  CHECK(std::abs(v - want) <= 1e-10 * (1 + std::abs(want)));
  CHECK(back == Approx(v).epsilon(1e-13));
}
template <class L> void v_is_dense(const L& layer) {
  for (double scale : {0.0, 0.3, 1.0, 10.0, 100.0}) {
    Bench<L, double> b(layer, scale);
    Bench<L, long double> exact(layer, scale);
    const Batch<double> x = normals(3, L::x_dim);
    check_v(scale, b.v(x)(0), static_cast<double>(log_abs_det(matrix(exact))), b.template run<false>(x)(0, L::x_dim));
  }
}

// There and back through numbers that rounding of the latent cannot move by more than the matrix says.
void check_survival(double scale, const Batch<double>& z, const Batch<double>& back, const Batch<double>& again,
                    const Dense<double>& W) {
  CHECK(back.allFinite());
  const Batch<double> reach = times(back.abs(), transposed(W.cwiseAbs())).array() + z.abs();
  INFO("scale " << scale << ": latent error over |W||x| " << ((again - z).abs() / reach).maxCoeff());
  CHECK(((again - z).abs() <= 1e-9 * reach).all());
}
Batch<float> rounded(const Batch<double>& x) { return x.cast<float>(); }
void check_finite(const Batch<float>& a) { CHECK(a.allFinite()); }
template <class L> void survives(const L& layer) {
  for (double scale : {10.0, 100.0}) {
    Bench<L, double> b(layer, scale);
    Bench<L, float> f(layer, scale);
    const Batch<double> x = normals(50, L::x_dim);
    const Batch<double> z = b.encode(x), back = b.decode(z), again = b.encode(back);
    check_survival(scale, z, back, again, matrix(b));
    const Batch<float> x_f = rounded(x);
    check_finite(f.encode(x_f));
    check_finite(f.decode(x_f));
    check_finite(f.v(x_f));
    check_finite(f.template pull<true>(x_f));
    check_finite(f.template pull<false>(x_f));
  }
}

void check_orthogonal(double scale, const Dense<double>& Q, double determinant, double v, const Batch<double>& x,
                      const Batch<double>& back, const Dense<float>& R) {
  const double error = off_orthogonal(Q);
  INFO("scale " << scale << ": orthogonal to " << error);
  CHECK(error < 1e-12);
  CHECK(det(Q) == Approx(determinant).epsilon(1e-10));
  CHECK(v == 0);
  CHECK((back - x).abs().maxCoeff() < 1e-12);
  CHECK(off_orthogonal(R) < 2e-6f);
}
template <class L> void is_orthogonal(const L& layer, double determinant) {
  for (double scale : {0.3, 1.0, 100.0, 1e4}) {
    Bench<L, double> b(layer, scale);
    Bench<L, float> f(layer, scale);
    for (Index i = b.theta.size() - L::x_dim; i < b.theta.size(); ++i)
      b.theta(i) = 0, f.theta(i) = 0;  // a large bias would hide Q's digits
    const Batch<double> x = normals(20, L::x_dim);
    check_orthogonal(scale, matrix(b), determinant, b.v(normals(2, L::x_dim))(0), x, b.decode(b.encode(x)), matrix(f));
  }
}

double apart(const Batch<double>& a, const Batch<double>& b) { return (a - b).abs().maxCoeff(); }
template <class L> double start_error(const L& layer) {
  Bench<L, double> b(layer);
  const Batch<double> x = normals(9, L::x_dim);
  return std::max(apart(b.encode(x), x), apart(b.v(x), Batch<double>::Zero(9, 1)));
}

}  // namespace

TEST_CASE("V is the dense log abs det, up to parameters of scale 100") {
  v_is_dense(LuLinear<4>{});
  v_is_dense(QrLinear<3>{});
  v_is_dense(QrLinear<4>{});
  v_is_dense(SvdLinear<4>{});
  v_is_dense(TriangularLinear<4>{});
  v_is_dense(LowRankLinear<5, 2>{});
  v_is_dense(LowRankLinear<3, 3>{});
  v_is_dense(Conv1x1<2, 2, 2>{});
  v_is_dense(Householder<4, 3>{});
  v_is_dense(CayleyOrthogonal<4>{});
  v_is_dense(ExponentialOrthogonal<4>{});
}

TEST_CASE("extreme parameters stay invertible, and finite in float") {
  survives(LuLinear<6>{});
  survives(QrLinear<6>{});
  survives(SvdLinear<6>{});
  survives(TriangularLinear<6>{});
  survives(LowRankLinear<6, 2>{});
  survives(Conv1x1<3, 2, 1>{});
}

TEST_CASE("orthogonal layers are orthogonal, and rotate unless the reflections are odd") {
  is_orthogonal(Householder<6>{}, 1);
  is_orthogonal(Householder<5, 3>{}, -1);
  is_orthogonal(CayleyOrthogonal<6>{}, 1);
  is_orthogonal(ExponentialOrthogonal<6>{}, 1);
}

TEST_CASE("a plane rotates by the angle that the parameter says") {
  Bench<ExponentialOrthogonal<2>, double> e(ExponentialOrthogonal<2>{});
  Bench<CayleyOrthogonal<2>, double> c(CayleyOrthogonal<2>{});
  for (double a : {0.3, -2.0, 3.0, 100.0}) {
    e.theta(0) = c.theta(0) = a;
    const Dense<double> E = matrix(e), C = matrix(c);
    CHECK(std::abs(E(0, 0) - std::cos(a)) < 1e-14 * (1 + std::abs(a)));
    CHECK(std::abs(E(1, 0) - std::sin(a)) < 1e-14 * (1 + std::abs(a)));
    CHECK(C(0, 0) == Approx((1 - a * a) / (1 + a * a)).epsilon(1e-13));
    CHECK(C(1, 0) == Approx(-2 * a / (1 + a * a)).epsilon(1e-13));
  }
}

TEST_CASE("the exponential is its series") {
  Bench<ExponentialOrthogonal<4>, double> b(ExponentialOrthogonal<4>{}, 0.7);
  Dense<long double> A = Dense<long double>::Zero(4, 4), term = Dense<long double>::Identity(4, 4), sum = term;
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < i; ++j) A(i, j) = b.theta(i * (i - 1) / 2 + j), A(j, i) = -A(i, j);
  }
  for (int k = 1; k < 60; ++k) term = times(term, A) / static_cast<long double>(k), sum += term;
  CHECK(farthest(matrix(b), sum.cast<double>()) < 1e-14);
}

TEST_CASE("Q of the Cayley transform solves Q (I + A) = I - A") {
  Bench<CayleyOrthogonal<5>, double> b(CayleyOrthogonal<5>{}, 2);
  Dense<double> A = Dense<double>::Zero(5, 5);
  for (Index i = 0; i < 5; ++i) {
    for (Index j = 0; j < i; ++j) A(i, j) = b.theta(i * (i - 1) / 2 + j), A(j, i) = -A(i, j);
  }
  const Dense<double> I = Dense<double>::Identity(5, 5);
  CHECK(farthest(times(matrix(b), I + A), I - A) < 1e-13);
}

TEST_CASE("the factors stand where the layer's name says") {
  Bench<LuLinear<3>, double> b(LuLinear<3>({2, 0, 1}), 0.4);
  const auto upper = math::Triangle<3, false, false>::unpack(Params<const double>(b.theta.data(), 6));
  const auto lower = math::Triangle<3, true, true>::unpack(Params<const double>(b.theta.data() + 6, 3));
  Dense<double> U = Dense<double>::Zero(3, 3), L = Dense<double>::Identity(3, 3), P = Dense<double>::Zero(3, 3);
  for (Index i = 0; i < 3; ++i) {
    U(i, i) = std::exp(10 * std::tanh(upper.first(i) / 10));
    for (Index j = 0; j < i; ++j)
      U(j, i) = upper.second(i * (i - 1) / 2 + j), L(i, j) = lower.second(i * (i - 1) / 2 + j);
  }
  P(0, 2) = P(1, 0) = P(2, 1) = 1;
  CHECK(farthest(matrix(b), times(times(P, L), U)) < 1e-14);

  Bench<LowRankLinear<4, 2>, double> r(LowRankLinear<4, 2>{}, 0.5);
  const Eigen::Map<Dense<double>> V(r.theta.data(), 4, 2);
  Dense<double> want = times(V, transposed(V)) + Dense<double>::Identity(4, 4);
  for (Index i = 0; i < 4; ++i) want.row(i) *= std::exp(10 * std::tanh(r.theta(8 + i) / 10));
  CHECK(farthest(matrix(r), want) < 1e-13);

  Bench<Householder<3, 1>, double> h(Householder<3, 1>{}, 1);
  const Dense<double> v = h.theta.head(3).matrix();
  CHECK(farthest(matrix(h), Dense<double>::Identity(3, 3) - 2 / v.squaredNorm() * times(v, transposed(v))) < 1e-14);
}

TEST_CASE("starts: the identity, or a permutation, or one sign") {
  CHECK(start_error(LuLinear<4>({0, 1, 2, 3})) == 0);
  CHECK(start_error(TriangularLinear<4>{}) == 0);
  CHECK(start_error(CayleyOrthogonal<4>{}) == 0);
  CHECK(start_error(ExponentialOrthogonal<4>{}) == 0);
  CHECK(start_error(Householder<4>{}) < 1e-14);
  CHECK(start_error(QrLinear<5>{}) < 1e-14);
  CHECK(start_error(SvdLinear<4>{}) < 1e-14);
  CHECK(start_error(LowRankLinear<5, 2>{}) < 1e-14);
  Bench<LuLinear<5>, double> drawn(LuLinear<5>{});
  Batch<double> x(1, 5);
  x << 0, 1, 2, 3, 4;
  const Batch<double> z = drawn.encode(x);
  for (Index j = 0; j < 5; ++j) CHECK(z(0, j) == drawn.buffers(j));
  CHECK((z != x).any());
  Bench<Householder<3, 3>, double> odd(Householder<3, 3>{});
  CHECK((odd.encode(x.leftCols(3)) - Batch<double>{{0, 1, -2}}).abs().maxCoeff() < 1e-14);
}

TEST_CASE("wrong permutations are refused") {
  CHECK_THROWS_AS(LuLinear<3>({0, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(LuLinear<3>({0, 1, 3}), std::invalid_argument);
  CHECK_THROWS_AS((Conv1x1<2, 2, 2>({1, 1})), std::invalid_argument);
}

TEST_CASE("a 1 x 1 convolution is the linear map at every pixel, also on rows inside a larger batch") {
  constexpr Index C = 3, H = 2, W = 3;
  const Conv1x1<C, H, W> conv({2, 0, 1});
  Bench<Conv1x1<C, H, W>, double> b(conv, 0.5);
  Bench<LuLinear<C>, double> one(LuLinear<C>({2, 0, 1}), 0.5);
  CHECK((b.theta == one.theta).all());
  const Batch<double> x = normals(11, C * H * W);
  const Batch<double> z = b.encode(x);
  for (Index s = 0; s < H * W; ++s) {
    Batch<double> pixel(11, C);
    for (Index c = 0; c < C; ++c) pixel.col(c) = x.col(c * H * W + s);
    const Batch<double> mixed = one.encode(pixel);
    for (Index c = 0; c < C; ++c) CHECK((z.col(c * H * W + s) - mixed.col(c)).abs().maxCoeff() < 1e-14);
  }
  CHECK(b.v(x)(0) == Approx(6 * one.v(x.leftCols(C))(0)).epsilon(1e-14));
  Batch<double> out(11, C * H * W), back(11, C * H * W);
  Column<double> v = Column<double>::Zero(11);
  out.setZero(), back.setZero();
  conv.encode(Pass<double, Conv1x1<C, H, W>::Cache<double>>{
      rows(view(x), 3, 5), rows(view(out), 3, 5), ColView<double>(v.data(), 5), b.params(), b.state(),
      rows(read(view(b.none)), 3, 5), Noise{}, b.cache, b.scratch});
  CHECK((out.middleRows(3, 5) - z.middleRows(3, 5)).abs().maxCoeff() < 1e-14);
  CHECK((out.topRows(3) == 0).all());
  conv.decode(Pass<double, Conv1x1<C, H, W>::Cache<double>>{
      rows(read(view(out)), 3, 5), rows(view(back), 3, 5), ColView<double>(v.data(), 5), b.params(), b.state(),
      rows(read(view(b.none)), 3, 5), Noise{}, b.cache, b.scratch});
  CHECK((back.middleRows(3, 5) - x.middleRows(3, 5)).abs().maxCoeff() < 1e-12);
}

TEST_CASE("parameters have names of their own, in reading order") {
  std::vector<ParamInfo> info;
  SvdLinear<3, 2>::unpack(Layout(info, "", 0));
  std::string names;
  for (const auto& i : info) names += i.name + "@" + std::to_string(i.offset) + " ";
  CHECK(names == "reflections.v@0 diagonal.log_diagonal@6 reflections_2.v@9 bias@15 ");
  info.clear();
  LuLinear<3>::unpack(Layout(info, "", 0));
  names.clear();
  for (const auto& i : info) names += i.name + "@" + std::to_string(i.offset) + " ";
  CHECK(names == "upper.log_diagonal@0 upper.off_diagonal@3 lower.off_diagonal@6 bias@9 ");
}

TEST_CASE("an order that is none is refused, whatever is wrong with it") {
  CHECK_NOTHROW(LuLinear<3>({2, 0, 1}));
  for (const std::array<Index, 3> order : {std::array<Index, 3>{-1, 0, 1}, {0, 1, 3}, {0, 1, 1}}) {
    CAPTURE(order[0], order[1], order[2]);
    CHECK_THROWS_AS(LuLinear<3>(order), std::invalid_argument);
  }
}

TEST_CASE("a standardisation of some columns takes no buffers that would move the others") {
  using Mask = AlternatingMask<2>;
  const StandardizeOn<2, Mask> layer;
  Column<double> start(layer.buffer_count);
  layer.init<double>(Params<double>(nullptr, 0), Params<double>(start.data(), start.size()), Noise{});
  const auto valid = [&](Index place, double number) {
    Column<double> b = start;
    b(place) = number;
    return layer.valid_buffers(Params<const double>(b.data(), b.size()));
  };
  for (Index j = 0; j < 2; ++j) {
    CHECK(valid(j, 3.0) == Mask::transformed(j));      // means
    CHECK(valid(2 + j, 3.0) == Mask::transformed(j));  // deviations
  }
}

}  // namespace bijections_linear
