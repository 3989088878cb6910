// SPDX-License-Identifier: MIT
// The table: complete, without doubles, each entry consistent with itself and with its free function.
#include "rheo/targets/table.hpp"

#include <set>

#include "targets/checks.hpp"

namespace targets_table {
using namespace rheo::targets;

TEST_CASE("the table holds every name once, and find returns the entry of that name") {
  std::set<std::string> names;
  for (const Target& t : all()) {
    names.insert(t.name);
    CHECK(&find(t.name) == &t);
  }
  CHECK(names.size() == all().size());
  CHECK(names == std::set<std::string>{
                     "checkerboard",   "corners",         "eight_gaussians", "four_circles",   "rings",
                     "circles",        "moons",           "swiss_roll",      "two_spirals",    "pinwheel",
                     "diamond",        "two_uniforms",    "annulus",         "two_lines",      "two_marginals",
                     "split_gaussian", "one_uniform",     "crescent",        "crescent_cubed", "sine",
                     "abs_curve",      "sign_curve",      "stimper_moons",   "stimper_rings",  "ring_of_gaussians",
                     "olympic_rings",  "four_rings",      "sierpinski",      "fractal_tree",   "synthetic_image",
                     "near_curve_0.1", "near_curve_0.03", "near_curve_0.01"});
}

TEST_CASE("an unknown name is refused with the list of names") {
  std::string message;
  try {
    find("moon");
  } catch (const std::invalid_argument& e) { message = e.what(); }
  CHECK(message.find("\"moon\"") != std::string::npos);
  for (const Target& t : all()) CHECK(message.find(t.name) != std::string::npos);
}

TEST_CASE("the mean of -log p over draws is the entropy, and most draws fall into the box") {
  for (const Target& t : all()) {
    INFO(t.name);
    const rheo::Index n = 20000;
    const auto x = t.sample(n, rheo::Noise{11});
    rheo::Column<double> loss(n);
    int in_box = 0;
    for (rheo::Index i = 0; i < n; ++i) {
      loss(i) = -t.log_prob(x(i, 0), x(i, 1));
      in_box += distance(t.box, x(i, 0), x(i, 1)) == 0.0;
    }
    const double error = std::sqrt((loss - loss.mean()).square().sum()) / static_cast<double>(n);
    CHECK(std::fabs(loss.mean() - t.entropy.value()) <= 4.5 * error + 1e-9);
    CHECK(in_box > 19600);
  }
}

TEST_CASE("a NaN coordinate has log p NaN, and far away it is -infinity, not NaN") {
  const double nan = std::nan(""), inf = rheo::targets::detail::infinity;
  for (const Target& t : all()) {
    INFO(t.name);
    for (double x : {0.0, 0.3, -1.1, 1e200}) {
      CHECK(std::isnan(t.log_prob(nan, x)));
      CHECK(std::isnan(t.log_prob(x, nan)));
      if (t.distance_to_support) CHECK(std::isnan(t.distance_to_support(nan, x) + t.distance_to_support(x, nan)));
    }
    for (double far : {1e160, -1e160, 1e200, -1e200, inf, -inf}) {
      CHECK(t.log_prob(far, 0.3) == -inf);
      CHECK(t.log_prob(-0.3, far) == -inf);
      CHECK(t.log_prob(far, far) == -inf);
    }
  }
}

TEST_CASE("exactly the seven compact targets know their support") {
  std::set<std::string> compact;
  for (const Target& t : all()) {
    CHECK(bool(t.in_support) == bool(t.distance_to_support));
    if (!t.in_support) continue;
    compact.insert(t.name);
    const auto x = t.sample(1000, rheo::Noise{12});
    for (rheo::Index i = 0; i < 1000; ++i) {
      if (!t.in_support(x(i, 0), x(i, 1)) || t.distance_to_support(x(i, 0) + 20.0, x(i, 1)) < 10.0)
        FAIL(t.name << ": row " << i);
    }
  }
  CHECK(compact == std::set<std::string>{"checkerboard", "corners", "two_uniforms", "annulus", "two_lines",
                                         "one_uniform", "sierpinski"});
}

TEST_CASE("the free functions are the table's samplers") {
  const rheo::Noise noise{13};
  const auto same = [&](const char* name, const rheo::Batch<double>& x) {
    INFO(name);
    CHECK((find(name).sample(5, noise) == x).all());
  };
#define SAME(name) same(#name, name<double>(5, noise))
  SAME(checkerboard), SAME(corners), SAME(eight_gaussians), SAME(four_circles), SAME(rings), SAME(circles), SAME(moons),
      SAME(swiss_roll);
  SAME(two_spirals), SAME(pinwheel), SAME(diamond), SAME(two_uniforms), SAME(annulus), SAME(two_lines),
      SAME(two_marginals);
  SAME(split_gaussian), SAME(one_uniform), SAME(crescent), SAME(crescent_cubed), SAME(sine), SAME(abs_curve),
      SAME(sign_curve);
  SAME(stimper_moons), SAME(stimper_rings), SAME(ring_of_gaussians);
  SAME(olympic_rings), SAME(four_rings), SAME(sierpinski), SAME(fractal_tree), SAME(synthetic_image);
#undef SAME
  same("near_curve_0.1", near_curve<double>(5, noise, 0.1));
  same("near_curve_0.03", near_curve<double>(5, noise, 0.03));
  same("near_curve_0.01", near_curve<double>(5, noise, 0.01));
  CHECK((moons<float>(5, noise) == moons<double>(5, noise).cast<float>()).all());
}

}  // namespace targets_table
