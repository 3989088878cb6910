// SPDX-License-Identifier: MIT
#include "rheo/math/normal_quantile.hpp"

#include "../catch.hpp"

namespace math_normal_quantile {
using namespace rheo;

// Values by arbitrary precision, 20 digits.
TEST_CASE("Mills' ratio and the logarithm of the tail, to the digits promised") {
  const double table[][3] = {
      {0, 1.2533141373155002512, -0.69314718055994530942},   {0.5, 0.87636445645369234673, -1.1759117615936186089},
      {1, 0.65567954241879847154, -1.8410216450092635058},   {2.5, 0.35426511132979366678, -5.0816482772786904984},
      {5, 0.19280810471531576488, -15.064998393988725736},   {10, 0.099028596471731921395, -53.231285150512470578},
      {40, 0.024984404205720571147, -804.60844201375378817}, {1000, 0.000999999000002999985, -500007.82669481218431}};
  for (const auto& [u, m, l] : table) {
    INFO("u " << u);
    CHECK(std::abs(math::mills(u) - m) <= 9e-16 * m);
    CHECK(std::abs(math::log_normal_tail(u) - l) <= 1.8e-15 * (1 - l));
    CHECK(std::abs(double(math::mills(float(u))) - m) <= 5e-7 * m);
  }
  for (double u : {-0.1, -1.0, -3.0, -8.0})
    CHECK(math::log_normal_tail(u) == Approx(std::log1p(-0.5 * std::erfc(-u / std::sqrt(2.0)))).epsilon(1e-14));
  CHECK(math::log_normal_tail(-40.0) == 0);
}

TEST_CASE("the quantile, in log space and out of it") {
  const double table[][2] = {
      {-0.7, 0.0085594785824802822957}, {-1, 0.33747496376420245528}, {-2, 1.1015196284987502661},
      {-5, 2.4709386372615884169},      {-20, 5.8792093564853362599}, {-100, 13.888476033003886317},
      {-745, 38.481948964330200141},    {-1e4, 141.3798398731271637}, {-1e7, 4472.1338699641957977}};
  for (const auto& [l, z] : table) {
    INFO("l " << l);
    CHECK(std::abs(math::normal_tail_quantile(l) - z) <= 1.8e-15 * (1 + z));
    CHECK(std::abs(double(math::normal_tail_quantile(float(l))) - z) <= 1e-6 * (1 + z));
  }
  for (double p = 1e-300; p < 1; p = p < 0.01 ? p * 1.7 : p + 0.00371) {
    const double z = math::normal_quantile(p), phi = std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
    const double error =
        (0.5 * std::erfc(-z / std::sqrt(2.0)) - p) / phi;  // what erfc leaves is in it: 1 eps p (1 + z^2)
    INFO("p " << p << " z " << z);
    if (z > -37)
      CHECK(std::abs(error) <= 9e-16 * std::abs(z) / std::min(1.0, 8 * (1 - p)) + 2.3e-16 * p * (1 + z * z) / phi);
  }
  CHECK(math::normal_quantile(0.5) == 0);
  CHECK(math::normal_quantile(0.5 + 1e-9) ==
        Approx(2.5066282746310002e-9).epsilon(1e-7));  // p itself has no more digits
  CHECK(math::normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-15));
  CHECK(math::normal_quantile(0.0) == -std::numeric_limits<double>::infinity());
  CHECK(math::normal_quantile(1.0) == std::numeric_limits<double>::infinity());
  CHECK(std::isnan(math::normal_quantile(-0.1)));
  CHECK(std::isnan(math::normal_quantile(1.1)));
  CHECK(std::isnan(math::normal_quantile(std::nan(""))));
}

TEST_CASE("tail and quantile carry duals") {
  using D = Dual<double>;
  for (double u : {-2.0, 0.3, 4.0}) {
    const double hazard = std::exp(-u * u / 2 - math::half_log_2pi - math::log_normal_tail(u));
    CHECK(math::log_normal_tail(D(u, 1)).b == Approx(-hazard).epsilon(1e-12));
  }
  for (double l : {-0.8, -9.0, -400.0})
    CHECK(math::normal_tail_quantile(D(l, 1)).b == Approx(-math::mills(math::normal_tail_quantile(l))).epsilon(1e-13));
  for (double p : {1e-6, 0.04, 0.3, 0.5, 0.96}) {
    const D z = math::normal_quantile(D(p, 1));
    CHECK(z.b == Approx(std::exp(z.a * z.a / 2 + math::half_log_2pi)).epsilon(1e-11));
  }
}

}  // namespace math_normal_quantile
