// SPDX-License-Identifier: MIT
// plot_curves: points, lines and error bars at the right pixels, gaps where numbers are not finite, what is refused.
#include "rheo/io/plot_curves.hpp"

#include "catch.hpp"
#include "io/picture.hpp"

namespace io_plot_curves {
using namespace rheo;
using namespace rheo::io;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Batch<double> rows(std::initializer_list<std::initializer_list<double>> r) {
  Batch<double> b(static_cast<Index>(r.size()), static_cast<Index>(r.begin()->size()));
  Index i = 0;
  for (const auto& row : r) {
    Index j = 0;
    for (const double v : row) b(i, j++) = v;
    ++i;
  }
  return b;
}
/// The panel, found by the longest runs of ink, and how much of a rectangle of it, in parts of its sides from the top
/// left, has a colour.
struct Panel {
  const Image& m;
  int left = 0, right = 0, top = -1, bottom = 0;
  explicit Panel(const Image& image) : m(image) {
    for (int y = 0; y < m.height; ++y) {
      for (int x = 0, run = 0; x < m.width; ++x) {
        run = m.at(x, y) == io::detail::ink ? run + 1 : 0;
        if (run < 400) continue;
        if (top < 0) top = y + 1;
        bottom = y, left = x - run + 2, right = x;
      }
    }
  }
  int count(Rgb colour, double x0, double x1, double y0, double y1) const {
    int n = 0;
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) {
        const double u = (x - left + 0.5) / (right - left), v = (y - top + 0.5) / (bottom - top);
        n += u >= x0 && u <= x1 && v >= y0 && v <= y1 && m.at(x, y) == colour;
      }
    }
    return n;
  }
};
const Rgb first = io::detail::curve_colour(0), second = io::detail::curve_colour(1);
const Box unit{0, 1, 0, 1};

}  // namespace

TEST_CASE("points and their error bars are where they belong, and nowhere else") {
  const Image m = draw_curves({Curve::points("a", rows({{0.2, 0.7, 0.1}, {5, 0.5, 0}, {0.5, inf, 1}}))}, {.box = unit});
  const Panel p(m);
  const int all = p.count(first, 0, 1, 0, 1);
  CHECK(all > 60);
  CHECK(p.count(first, 0.19, 0.21, 0.19, 0.41) == all);
  CHECK(p.count(first, 0.19, 0.21, 0.19, 0.22) > 5);
  CHECK(p.count(first, 0.19, 0.21, 0.38, 0.41) > 5);
  CHECK(rheo_test::on_edge(m) == 0);
}

TEST_CASE("lines join neighbours, and are parted by a row that is not finite") {
  const Batch<double> flat =
      rows({{0.1, 0.5}, {0.4, 0.5}, {0.5, std::nan("")}, {0.6, 0.5}, {0.9, 0.5}, {0.95, inf}, {0.97, 0.5}});
  const Image m = draw_curves({Curve::line("a", flat), Curve::line("b", rows({{0, 0}, {1, 1}}))}, {.box = unit});
  const Panel p(m);
  CHECK(p.count(first, 0.2, 0.3, 0.49, 0.51) > 50);
  CHECK(p.count(first, 0.42, 0.58, 0, 1) == 0);
  CHECK(p.count(first, 0, 1, 0, 0.45) == 0);
  CHECK(p.count(second, 0.2, 0.3, 0.7, 0.8) > 50);
  CHECK(p.count(second, 0.2, 0.3, 0.2, 0.3) == 0);
}

TEST_CASE("axes have marks and numbers at every place, the ends of the box too") {
  const Image m = draw_curves({Curve::line("a", rows({{10, 0}, {11, 1}}))}, {.box = Box{10, 11, 0, 1}});
  const Panel p(m);
  const std::vector<std::string> numbers{"0", "0.2", "0.4", "0.6", "0.8", "1.0"};
  std::vector<int> across, down;
  for (int y = p.top; y < p.bottom; ++y) {
    if (m.at(p.left - 4, y) == io::detail::ink) down.insert(down.begin(), y);
  }
  for (int x = p.left; x < p.right; ++x) {
    if (m.at(x, p.bottom + 4) == io::detail::ink) across.push_back(x);
  }
  REQUIRE((down.size() == numbers.size() && across.size() == numbers.size()));
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const double part = 0.2 * static_cast<double>(k);
    CHECK(std::abs(down[k] - (p.bottom - 1 - part * (p.bottom - 1 - p.top))) <= 1);
    CHECK(std::abs(across[k] - (p.left + part * (p.right - 1 - p.left))) <= 1);
    CHECK(rheo_test::place_of(m, numbers[k], io::detail::ink).y >= 0);
  }
  const auto lowest = rheo_test::place_of(m, "0.2", io::detail::ink),
             none = rheo_test::place_of(m, "0.3", io::detail::ink);
  CHECK((lowest.x < p.left && std::abs(lowest.y + 6 - down[1]) <= 1 && none.y < 0));
}

TEST_CASE("without a box everything finite is inside, in one place too, and many names go on below") {
  for (const auto& at :
       {rows({{1e-9, 5e8}, {2e-9, -inf}, {3e-9, 6e8}}), rows({{7, 7}}), rows({{0, -1e300}, {1, 1e300}})}) {
    const Image m = draw_curves({Curve::points("a", at)});
    CHECK(Panel(m).count(first, 0, 1, 0, 1) >= 30);
    CHECK(rheo_test::on_edge(m) == 0);
  }
  std::vector<Curve> many;
  for (int k = 0; k < 9; ++k)
    many.push_back(Curve::line("a curve of number " + std::to_string(k), rows({{0, 0}, {1, 1}})));
  CHECK(rheo_test::on_edge(draw_curves(many)) == 0);
}

TEST_CASE("what cannot be drawn is refused in words") {
  CHECK_THROWS_WITH(draw_curves({Curve::line("a", rows({{1, 2, 3, 4}}))}),
                    "rheo: the curve 'a' has 4 columns, not 2 or 3");
  CHECK_THROWS_AS(draw_curves({}), std::invalid_argument);
  CHECK_THROWS_AS(draw_curves({Curve::line("a", rows({{inf, 0}}))}), std::invalid_argument);
  CHECK_THROWS_AS(draw_curves({Curve::line("a", rows({{0, 0}}))}, {.box = Box{1, 1, 0, 1}}), std::invalid_argument);
}

}  // namespace io_plot_curves
