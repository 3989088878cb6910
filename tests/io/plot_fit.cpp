// SPDX-License-Identifier: MIT
// plot_fit: curves, the best epoch's mark and skipped steps at the right pixels, an axis that few wild losses do not
// spoil.
#include "rheo/io/plot_fit.hpp"

#include <filesystem>
#include <functional>

#include "catch.hpp"
#include "io/picture.hpp"
#include "rheo/training/fit_energy.hpp"

namespace io_plot_fit {
using namespace rheo;
using namespace rheo::io;

namespace {

using Loss = std::function<double(int)>;

FitResult history(int epochs, const Loss& train, const Loss& validation, int best) {
  FitResult r;
  r.best_epoch = best;
  r.best_loss = best > 0 ? validation(best) : 0;
  for (int e = 1; e <= epochs; ++e)
    r.history.push_back({e, epochs, train(e), validation(e), r.best_loss, 1e-3 / e, 1.0 * e, 0});
  return r;
}
const Loss none = [](int) { return std::nan(""); };

/// The picture's frames, found by its ink: the left side, and top and height of the panel of losses.
struct Frame {
  int left = -1, right = -1, top = -1, high = 0;
  explicit Frame(const Image& m) {
    const auto ink_row = [&](int y) {
      int run = 0, longest = 0, end = 0;
      for (int x = 0; x < m.width; ++x) {
        run = m.at(x, y) == io::detail::ink ? run + 1 : 0;
        if (run > longest) longest = run, end = x;
      }
      if (longest < 500) return false;
      left = end - longest + 2, right = end - 1;
      return true;
    };
    for (int y = 0; y < m.height && high == 0; ++y) {
      if (!ink_row(y)) continue;
      if (top < 0) top = y + 1;
      else high = y - top;
    }
  }
  double x(double at, double last) const { return left + 12 + at / last * (right - left + 1 - 24); }
};
/// Where a colour's pixels of the panel are on average.
std::pair<double, double> centre(const Image& m, const Frame& f, Rgb colour, int least_run) {
  double x = 0, y = 0, n = 0;
  for (int j = f.top; j < f.top + f.high; ++j) {
    for (int i = f.left; i <= f.right; ++i) {
      int run = 0;
      while (run < least_run && m.inside(i + run, j) && m.at(i + run, j) == colour) ++run;
      if (run == least_run) x += i + 0.5 * run, y += j + 0.5, ++n;
    }
  }
  return {x / n, y / n};
}
Image draw(const FitResult& r) { return draw_fit(fit_curves(r)); }

}  // namespace

TEST_CASE("the best epoch is marked at its place") {
  for (const int best : {1, 7, 20}) {
    // losses from 1 to 3, in which 3 - 2 (k / 20)^2 is where the mark has to be between the ends of the curve
    const auto loss = [](int e) { return 3 - 2 * (e / 20.0) * (e / 20.0); };
    const FitResult r = history(20, loss, loss, best);
    const Image m = draw(r);
    const Frame f(m);
    REQUIRE((f.high == 360 && f.left > 0));
    const auto [x, y] = centre(m, f, io::detail::ink, 5);
    CHECK(std::abs(x - f.x(best, 20)) < 1);
    const double low = loss(20) - 0.06 * (loss(1) - loss(20)), high = loss(1) + 0.06 * (loss(1) - loss(20));
    CHECK(std::abs(y - (f.top + (high - loss(best)) / (high - low) * f.high)) < 1);
    // both curves go through each other's points, the darker on top
    for (const int e : {3, 12, 15}) {
      CHECK(m.at(static_cast<int>(f.x(e, 20)), static_cast<int>(f.top + (high - loss(e)) / (high - low) * f.high)) ==
            io::detail::first_colour);
    }
  }
}

TEST_CASE("training and validation have their own colours, and a fit without validation has one curve") {
  const auto count = [](const Image& m, Rgb colour) {
    const Frame f(m);
    int n = 0;
    for (int y = f.top; y < f.top + f.high; ++y) {
      for (int x = f.left; x <= f.right; ++x) n += m.at(x, y) == colour;
    }
    return n;
  };
  const auto down = [](int e) { return -2 - 1 / (1.0 + e); };
  const Image two = draw(history(
                  50, down, [&](int e) { return down(e) + 0.2; }, 50)),
              one = draw(history(50, down, none, 0));
  CHECK(count(two, io::detail::first_colour) > 700);
  CHECK(count(two, io::detail::second_colour) > 500);
  CHECK(count(one, io::detail::first_colour) == 0);
  CHECK(count(one, io::detail::second_colour) > 500);
  const auto contrast = [](const auto& light) {
    const double a = light(io::detail::first_colour) + 0.05, b = light(io::detail::second_colour) + 0.05,
                 paper = light(Rgb{255, 255, 255}) + 0.05;
    return std::pair(b / a, paper / b);
  };
  for (const auto& light : {std::function<double(Rgb)>(rheo_test::luminance),
                            std::function<double(Rgb)>([](Rgb c) { return rheo_test::luminance_without(c, true); }),
                            std::function<double(Rgb)>([](Rgb c) { return rheo_test::luminance_without(c, false); })}) {
    CHECK(contrast(light).first > 1.8);  // in grey, and to the colour-blind
    CHECK(contrast(light).second > 3);
  }
}

TEST_CASE("what the legend names stands side by side") {
  const auto loss = [](int e) { return 3 - 0.1 * e; };
  FitResult r = history(20, loss, loss, 20);
  r.history.back().skipped_steps = 3;
  const Image m = draw(r);
  int free_from = Frame(m).left, row = -1;
  for (const std::string name : {"training", "validation", "3 steps skipped"}) {
    INFO(name);
    const auto place = rheo_test::place_of(m, name, io::detail::ink);
    REQUIRE(place.y >= 0);            // whole, so that nothing is drawn over it
    CHECK(place.x > free_from + 20);  // the swatch is between
    CHECK((row < 0 || place.y == row));
    free_from = place.x + Image::text_width(name), row = place.y;
  }
}

TEST_CASE("steps that were skipped are marked in their epochs alone") {
  FitResult r = history(
      10, [](int e) { return 5.0 - e; }, none, 0);
  for (std::size_t k = 0; k < 10; ++k) r.history[k].skipped_steps = k < 3 ? 0 : k < 6 ? 2 : 5;
  r.best_loss = -5;
  const Image m = draw(r);
  const Frame f(m);
  for (int e = 1; e <= 10; ++e)
    CHECK((m.at(static_cast<int>(f.x(e, 10)), f.top + f.high - 5) == io::detail::ink) == (e == 4 || e == 7));
}

TEST_CASE("few wild losses do not spoil the axis, and nothing that belongs to it is left out") {
  std::vector<double> v;
  for (int k = 0; k < 100; ++k) v.push_back(2 + 0.01 * k);
  CHECK(io::detail::robust_range(v) == std::pair(2.0, 2 + 0.01 * 99));
  v[0] = 1e6, v[1] = -1e9, v[2] = HUGE_VAL, v[3] = std::nan("");
  CHECK(io::detail::robust_range(v) == std::pair(2 + 0.01 * 4, 2 + 0.01 * 99));
  CHECK(io::detail::robust_range({3, 3, 3}) == std::pair(3.0, 3.0));
  CHECK(std::isnan(io::detail::robust_range({std::nan("")}).first));
  const io::detail::FitAxes a(fit_curves(history(
      200, [](int e) { return e == 1 ? 1e8 : -3 + 1.0 / e; }, [](int e) { return e == 3 ? HUGE_VAL : -2.5; }, 200)));
  CHECK(a.notes == std::vector<std::string>{"1 loss is beyond the axis", "1 loss is not finite"});
  CHECK((a.low > -3.2 && a.low < -3 && a.high_loss < -2.3 && a.high_loss > -2.5));
  // the wild one is drawn at the panel's upper edge
  const Image m = draw(history(
      200, [](int e) { return e == 1 ? 1e8 : -3 + 1.0 / e; }, none, 0));
  const Frame f(m);
  bool at_edge = false;
  for (int x = f.left; x < f.left + 40; ++x) at_edge |= m.at(x, f.top) == io::detail::second_colour;
  CHECK(at_edge);
}

TEST_CASE("any history has a picture, whose edge is free") {
  const std::vector<FitResult> fits = {
      FitResult{},
      history(
          1, [](int) { return 3.0; }, none, 1),
      history(2, none, none, 0),
      history(
          3000, [](int e) { return 1e6 * std::exp(-e) + std::sin(e); },
          [](int e) { return e % 3 ? -1.5 : std::nan(""); }, 2000),
      history(
          7, [](int e) { return e * 1e308; }, [](int e) { return -1e305 * e; }, 3),
      history(
          4, [](int e) { return -123456789.0 - 1e-3 * e; }, none, 2),
      history(
          1000000, [](int e) { return 1.0 / e; }, [](int e) { return 1e-9 * e; }, 999999)};
  for (std::size_t k = 0; k < fits.size(); ++k) {
    FitResult r = fits[k];
    r.status = static_cast<FitStatus>(k % 6);
    for (std::size_t e = 0; e < r.history.size(); ++e)
      r.history[e].skipped_steps = static_cast<long>(e * e / 7 % 1000000007);
    const Image m = draw(r);
    CHECK(rheo_test::on_edge(m) == 0);
    CHECK(m.width == 900);
  }
}

TEST_CASE("a fit to an energy has the same picture, and files have the same bytes") {
  EnergyFitResult r;
  r.best_step = 300, r.best_loss = -4;
  for (int k = 1; k <= 5; ++k) r.history.push_back({100 * k, 500, -2.0 - k, -1.0 - k, 0, -4, 0.5, 1e-3, 7.0 * k, k});
  const FitCurves c = fit_curves(r);
  CHECK((c.unit == "step" && c.second == "check" && c.best_at == 300 && c.status == "budget reached"));
  CHECK(c.at == std::vector<double>{100, 200, 300, 400, 500});
  CHECK(c.train == std::vector<double>{-3, -4, -5, -6, -7});
  CHECK(c.other == std::vector<double>{-2, -3, -4, -5, -6});
  CHECK(c.skipped == std::vector<double>{1, 2, 3, 4, 5});
  const auto path =
      (std::filesystem::temp_directory_path() / ("rheo-fit-" + std::to_string(::getpid()) + ".png")).string();
  plot_fit(path, r);
  for (auto& e : r.history) e.seconds *= 2;  // another run's times
  CHECK(read_file(path) == format_png(draw_fit(fit_curves(r))));
  std::filesystem::remove(path);
}

}  // namespace io_plot_fit
