// SPDX-License-Identifier: MIT
#include <cmath>
#include <rheo/evaluation/certify.hpp>
#include <rheo/rheo.hpp>

// A layer of the user's own, certified by the library's laws: z = x + a sin x, |a| < 1, per coordinate; encode only.
struct Wobble {
  static constexpr rheo::Index x_dim = 1, z_dim = 1, context_dim = 0, param_count = 1, buffer_count = 0;
  static constexpr rheo::Kind kind = rheo::Kind::bijection;
  static constexpr rheo::Exactness exactness = rheo::Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr rheo::Supports<1> x_support = rheo::all_of<1>(rheo::Support::real), z_support = x_support;
  template <class T> using Cache = rheo::NoCache;
  template <class P> static auto& unpack(P p) { return p.scalar("a"); }
  template <class T> void encode(rheo::Pass<T, rheo::NoCache> p) const {
    const T a = T(0.5) * unpack(p.theta);
    p.out = p.in + a * p.in.sin();
    p.v += (T(1) + a * p.in.cos()).col(0).log();
  }
  template <class T> void encode_pull(rheo::Pull<T, rheo::NoCache> p) const {
    const T a = T(0.5) * unpack(p.theta);
    const rheo::Batch<T> slope = T(1) + a * p.in.cos(), g_v = p.g_v.matrix().array();
    p.g_in = p.g_out * slope - g_v * a * p.in.sin() / slope;
    unpack(p.g_theta) += T(0.5) * (p.g_out * p.in.sin() + g_v * p.in.cos() / slope).sum();
  }
};

int main() {
  using namespace rheo;
  auto model = make_model<double>(
      Flow{AffineCoupling<2, Mlp<8>>{}, Flip<2>{}, AffineCoupling<2, Mlp<8>>{}, StandardNormal<2>{}}, Noise{1});
  const double at_origin = model.log_prob(Eigen::RowVector2d(0, 0))(0);
  for (const auto& f : certify(Wobble{})) {
    if (!f.passed()) return 2;
  }
  return std::abs(at_origin + 2 * half_log_two_pi) < 1e-12 ? 0 : 1;
}
