// SPDX-License-Identifier: MIT
// Plots: the colour map's luminance, ticks at round numbers, points and cells at the right pixels.
#include "rheo/io/plot.hpp"

#include <filesystem>

#include "catch.hpp"
#include "io/picture.hpp"

namespace io_plot {
using namespace rheo::io;
using rheo::Batch;
using rheo::Index;
using rheo_test::luminance;

namespace {

Batch<double> points(std::initializer_list<double> xy) {
  Batch<double> p(Index(xy.size()) / 2, 2);
  Index k = 0;
  for (const double v : xy) p(k / 2, k % 2) = v, ++k;
  return p;
}
using Names = std::vector<std::string>;

const Box unit{0, 1, 0, 1};
constexpr int side = 420, top = 48;
/// The first column inside the first panel: right of the longest run of ink in its rows.
int panel_left(const Image& m) {
  for (int x = 0; x < m.width; ++x) {
    int run = 0;
    for (int y = top; y < top + side; ++y) run += m.at(x, y) == detail::ink;
    if (run == side) return x + 1;
  }
  return -1;
}

}  // namespace

TEST_CASE("the colour map rises in luminance, evenly enough") {
  CHECK(
      (colour_map(0) == Rgb{68, 1, 84} && colour_map(1) == Rgb{253, 231, 37} && colour_map(0.5) == Rgb{33, 145, 140}));
  CHECK(
      (colour_map(-1) == colour_map(0) && colour_map(7) == colour_map(1) && colour_map(std::nan("")) == colour_map(0)));
  double least = 1;
  for (int k = 0; k < 64; ++k)
    least = std::min(least, luminance(colour_map((k + 1) / 64.0)) - luminance(colour_map(k / 64.0)));
  CHECK(least > 0.001);
}

TEST_CASE("ticks are round numbers") {
  CHECK(Ticks(-4, 4, 5).labels == Names{"-4", "-2", "0", "2", "4"});
  CHECK(Ticks(0, 0.2217, 5).labels == Names{"0", "0.05", "0.10", "0.15", "0.20"});
  CHECK(Ticks(-0.1, 1.1, 5).labels == Names{"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(Ticks(0, 1e-6, 4).labels == Names{"0", "2e-07", "4e-07", "6e-07", "8e-07", "1e-06"});
  CHECK(Ticks(1e6, 3e6, 2).labels == Names{"1e+06", "2e+06", "3e+06"});
  CHECK(Ticks(0.3, 0.7, 4).places == std::vector<double>{3 * 0.1, 4 * 0.1, 5 * 0.1, 6 * 0.1, 7 * 0.1});
  CHECK(Ticks(1, 1, 5).places.empty());
  CHECK(Ticks(150000, 150100, 4).labels == Names{"150000", "150020", "150040", "150060", "150080", "150100"});
  CHECK(Ticks(-1e9, -1e9 + 4e-3, 2).labels == Names{"-1000000000.000", "-999999999.998", "-999999999.996"});
}

TEST_CASE("the grid's points are its cells' centres") {
  const auto g = grid_points({0, 4, 10, 12}, 2, 2);
  CHECK((g == points({1, 10.5, 3, 10.5, 1, 11.5, 3, 11.5})).all());
}

TEST_CASE("points fall where their numbers say, others nowhere") {
  const double nan = std::nan("");
  const Image m = draw_panels({Panel::scatter("", points({0.25, 0.75, 0.5, 2, nan, 0.5, -1e300, 1e300}))}, unit);
  const int left = panel_left(m), x = left + side / 4, y = top + side / 4;
  REQUIRE(left > 0);
  CHECK(m.at(x, y) != Rgb{255, 255, 255});
  int touched = 0;
  for (int j = 0; j < side; ++j) {
    for (int i = 0; i < side; ++i) touched += m.at(left + i, top + j) != Rgb{255, 255, 255};
  }
  CHECK(touched > 12);
  CHECK(touched < 40);                     // one disc of radius 2.2 and its soft edge
  const auto darkness = [&](Index here) {  // of 10000 points
    Batch<double> p = Batch<double>::Constant(10000, 2, 9);
    p.topRows(here) = points({0.25, 0.75}).replicate(here, 1);
    return 255 - draw_panels({Panel::scatter("", p)}, unit).at(x, y).r;
  };
  CHECK(darkness(0) == 0);
  CHECK(darkness(1) ==
        std::lround(224 * 18 / std::sqrt(10001.0)));  // alpha 0.18 of the way from white to the dots' red, 31
  CHECK(darkness(10) == std::lround(224 * (1 - std::pow(1 - 18 / std::sqrt(10001.0), 10))));
}

TEST_CASE("a heat map has its cells upright, its peak in the brightest colour, and a bar") {
  Batch<double> d = Batch<double>::Zero(2, 2);
  d(1, 0) = 3;  // right, below
  d(0, 1) = std::nan("");
  const Image m = draw_panels({Panel::heat_map("p", d), Panel::scatter("q", points({}))}, unit);
  const int left = panel_left(m);
  CHECK(m.at(left + side - 5, top + side - 5) == colour_map(1));
  CHECK(m.at(left + 5, top + side - 5) == colour_map(0));
  CHECK(m.at(left + 5, top + 5) == colour_map(0));
  CHECK(m.at(left + side - 5, top + 5) == colour_map(0));
  CHECK(m.at(left + side / 2, top + side - 5) == colour_map(0.5 + 0.5 / 210));  // halfway between the centres
  CHECK((m.at(left + side + 20, top) == colour_map(1 - 0.5 / side) &&
         m.at(left + side + 20, top + side - 1) == colour_map(0.5 / side)));
  CHECK(draw_panels({Panel::heat_map("", d * 0)}, unit).at(left + 5, top + 5) == colour_map(0));
}

TEST_CASE("numbers and titles touch neither each other nor the picture's edge") {
  for (const Box& box : {Box{-4, 4, -4, 4}, Box{-12345, 12000, -0.003, 0.004}, Box{99998, 100003, 1e-9, 2e-9}}) {
    const Image m = draw_panels(
        {Panel::scatter(std::string(60, 'W'), points({})), Panel::heat_map("b", Batch<double>::Ones(3, 3) * 1e-5)},
        box);
    int edge = 0;
    for (int x = 0; x < m.width; ++x)
      edge += (m.at(x, 0) != Rgb{255, 255, 255}) + (m.at(x, m.height - 1) != Rgb{255, 255, 255});
    for (int y = 0; y < m.height; ++y)
      edge += (m.at(0, y) != Rgb{255, 255, 255}) + (m.at(m.width - 1, y) != Rgb{255, 255, 255});
    CHECK(edge == 0);
  }
}

TEST_CASE("rows of panels stand below one another") {
  const std::vector<Panel> wide = {Panel::scatter("a", points({0.5, 0.5})), Panel::scatter("b", points({0.2, 0.5}))},
                           narrow = {Panel::scatter("c", points({0.1, 0.9}))};
  const Image both = draw_rows({narrow, wide}, unit), first = draw_panels(narrow, unit),
              second = draw_panels(wide, unit);
  REQUIRE((both.width == second.width && both.height == first.height + second.height));
  int off = 0;
  for (int x = 0; x < both.width; ++x) {
    for (int y = 0; y < first.height; ++y)
      off += both.at(x, y) != (x < first.width ? first.at(x, y) : Rgb{255, 255, 255});
    for (int y = 0; y < second.height; ++y) off += both.at(x, first.height + y) != second.at(x, y);
  }
  CHECK(off == 0);
  CHECK_THROWS_AS(draw_rows({}, unit), std::invalid_argument);
  CHECK_THROWS_AS(draw_rows({narrow, {}}, unit), std::invalid_argument);
}

TEST_CASE("bad arguments, and a file") {
  CHECK_THROWS_AS(draw_panels({}, unit), std::invalid_argument);
  CHECK_THROWS_AS(draw_panels({Panel::scatter("", points({}))}, {1, 1, 0, 1}), std::invalid_argument);
  CHECK_THROWS_AS(draw_panels({Panel::scatter("", points({}))}, {0, HUGE_VAL, 0, 1}), std::invalid_argument);
  CHECK_THROWS_AS(draw_panels({Panel::scatter("", Batch<double>::Zero(4, 3))}, unit), std::invalid_argument);
  const auto path =
      (std::filesystem::temp_directory_path() / ("rheo-plot-" + std::to_string(::getpid()) + ".png")).string();
  const std::vector<Panel> panels = {Panel::scatter("a", points({0.5, 0.5}))};
  plot_panels(path, panels, unit);
  CHECK(read_file(path) == format_png(draw_panels(panels, unit)));
  std::filesystem::remove(path);
}

TEST_CASE("a tall peak may be cut, and the bar says so") {
  Batch<double> density = Batch<double>::Constant(40, 40, 0.1);
  density(3, 3) = 10;
  const double most = robust_top(density);
  CHECK(most == 0.1);
  const Image whole = draw_panels({Panel::heat_map("d", density)}, unit),
              cut = draw_panels({Panel::heat_map("d", density, most)}, unit);
  const int x = panel_left(cut) + side / 2, y = top + side / 2;
  CHECK(cut.at(x, y) == colour_map(1));
  CHECK(whole.at(panel_left(whole) + side / 2, y) == colour_map(0.1 / 10));
  CHECK(robust_top(Batch<double>::Zero(3, 3)) == 0);
}

}  // namespace io_plot
