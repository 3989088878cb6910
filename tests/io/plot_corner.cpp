// SPDX-License-Identifier: MIT
// plot_corner: heights and cells by their counts, contours that hold what they say, common axes, refusals.
#include "rheo/io/plot_corner.hpp"

#include <filesystem>

#include "catch.hpp"
#include "io/picture.hpp"
#include "rheo/rheo.hpp"

namespace io_plot_corner {
using namespace rheo;
using namespace rheo::io;

namespace {

Batch<double> normals(Index n, Index d, std::uint64_t seed) {
  Batch<double> x(n, d);
  for (Index j = 0; j < d; ++j) {
    for (Index i = 0; i < n; ++i) x(i, j) = Noise{seed}.normal(i, j);
  }
  return x;
}
/// times[k] rows of k.
Batch<double> repeated(const std::vector<Index>& times) {
  std::vector<double> v;
  for (std::size_t k = 0; k < times.size(); ++k)
    v.insert(v.end(), static_cast<std::size_t>(times[k]), static_cast<double>(k));
  return Eigen::Map<Column<double>>(v.data(), static_cast<Index>(v.size()));
}
template <class... X> io::detail::CornerGrid grid(const X&... x) { return io::detail::CornerGrid({view(x)...}); }
const Rgb white{255, 255, 255};

/// The first panel of a picture, found by its frame.
struct Panel0 {
  int left = -1, top = -1;
  Panel0(const Image& m, int side) {
    for (int y = 0; y < m.height && top < 0; ++y) {
      int run = 0;
      for (int x = 0; x < m.width && top < 0; ++x) {
        run = m.at(x, y) == io::detail::ink ? run + 1 : 0;
        if (run == side + 2) left = x - side, top = y + 1;
      }
    }
  }
};

}  // namespace

TEST_CASE("a histogram's heights are shares of the rows") {
  const std::vector<Index> times{3, 10, 0, 25, 40, 12, 7, 1, 5, 2}, others{10, 5, 5, 10, 20, 30, 60, 30, 20, 10};
  const auto most = [](const std::vector<Index>& n) {
    double sum = 0;
    for (const Index k : n) sum += static_cast<double>(k);
    return sum;
  };
  const Image one = draw_corner(repeated(times)), two = draw_corner(repeated(times), repeated(others));
  const Panel0 a(one, 360), b(two, 360);
  REQUIRE((a.left > 0 && b.left > 0));
  const double tallest = std::max(40 / most(times), 60 / most(others));
  for (int k = 0; k < 10; ++k) {  // the values 0 to 9 are in ten bins over [-0.18, 9.18]
    const auto i = static_cast<std::size_t>(k);
    int high = 0;
    for (int y = 0; y < 360; ++y) high += one.at(a.left + 36 * k + 18, a.top + y) != white;
    CHECK(high == std::lround(static_cast<double>(times[i]) / 40 * 0.92 * 360));
    const auto filled = [&](int y) { return two.at(b.left + 36 * k + 18, b.top + y) != white; };
    int first = 0;  // the height of the fill, below the line of the other
    const auto height = [&](const std::vector<Index>& n) {
      return static_cast<int>(std::lround(static_cast<double>(n[i]) / most(n) / tallest * 0.92 * 360));
    };
    for (int y = 359; y >= 0 && filled(y) && two.at(b.left + 36 * k + 18, b.top + y) != io::detail::second_colour; --y)
      ++first;
    CHECK(first == std::min(height(times), height(others) - 2));
    const int line = 360 - height(others);
    CHECK(two.at(b.left + 36 * k + 18, b.top + line) == io::detail::second_colour);
    CHECK(two.at(b.left + 36 * k + 18, b.top + line + 1) == io::detail::second_colour);
  }
}

TEST_CASE("cells of a pair are as dark as the root of their counts, upright") {
  // 20 x 20 places, (i + 1)(j + 3) mod 7 rows at (i, j)
  std::vector<double> x, y;
  const auto times = [](int i, int j) { return (i + 1) * (j + 3) % 7 + (i > j ? 2 : 0); };
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 20; ++j) {
      for (int k = 0; k < times(i, j); ++k) x.push_back(i), y.push_back(j);
    }
  }
  Batch<double> p(static_cast<Index>(x.size()), 2);
  for (Index i = 0; i < p.rows(); ++i)
    p(i, 0) = x[static_cast<std::size_t>(i)], p(i, 1) = y[static_cast<std::size_t>(i)];
  REQUIRE((p.rows() >= 1000 && p.rows() < 10000));
  const Image m = draw_corner(p);
  const Panel0 first(m, 280);
  const int top = first.top + 280 + 16;
  int same = 0, touched = 0;
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 20; ++j) {
      const Rgb here = m.at(first.left + 14 * i + 7, top + 280 - 14 * j - 7);
      same += here == io::detail::shade(std::sqrt(times(i, j) / 8.0));
      touched += here.r < io::detail::shade(1).r;  // by a contour
    }
  }
  CHECK(same > 250);
  CHECK(same + touched > 340);
}

TEST_CASE("contours hold half and nine tenths") {
  const Batch<double> x = normals(100000, 2, 1);
  const Image m = draw_corner(x);
  const Panel0 first(m, 280);
  const auto g = grid(x);
  const int top = first.top + 280 + 16, middle = static_cast<int>((1 - g.part(1, 0)) * 280);
  std::vector<double> crossings;  // of the horizontal through 0
  for (int px = 1; px < 279; ++px) {
    const auto dark = [&](int i) { return m.at(first.left + i, top + middle).r; };
    if (dark(px) < 120 && dark(px) < dark(px - 1) && dark(px) <= dark(px + 1)) {
      crossings.push_back((px + 0.5) / 280 * (g.ranges[0].second - g.ranges[0].first) + g.ranges[0].first);
    }
  }
  REQUIRE(crossings.size() == 4);
  CHECK(crossings[0] == Approx(-std::sqrt(-2 * std::log(0.1))).epsilon(0.06));
  CHECK(crossings[1] == Approx(-std::sqrt(-2 * std::log(0.5))).epsilon(0.06));
  CHECK(crossings[2] == Approx(std::sqrt(-2 * std::log(0.5))).epsilon(0.06));
  CHECK(crossings[3] == Approx(std::sqrt(-2 * std::log(0.1))).epsilon(0.06));
}

TEST_CASE("few rows are points at their places") {
  Batch<double> p(5, 2);
  p << 0, 0, 1, 0, 0, 1, 1, 1, 0.25, 0.75;
  const Image m = draw_corner(p);
  const Panel0 first(m, 280);
  const auto at = [&](double x, double y) {  // the axes are [-0.02, 1.02]
    return m.at(first.left + static_cast<int>((x + 0.02) / 1.04 * 280),
                first.top + 296 + static_cast<int>((1.02 - y) / 1.04 * 280));
  };
  CHECK(at(0.25, 0.75) != white);
  CHECK(at(0.75, 0.25) == white);
  CHECK((at(0, 0) != white && at(1, 1) != white && at(0.5, 0.5) == white));
}

TEST_CASE("axes are common to both sets, and few wild rows do not spoil them") {
  Batch<double> a = normals(5000, 2, 3), b = normals(5000, 2, 4);
  b.col(0) += 20;
  a(7, 1) = 1e9, b(8, 1) = -1e300;
  const auto g = grid(a, b);
  CHECK((g.ranges[0].first < -3 && g.ranges[0].first > -5 && g.ranges[0].second > 23 && g.ranges[0].second < 25));
  CHECK((g.ranges[1].first < -3 && g.ranges[1].first > -5 && g.ranges[1].second > 3 && g.ranges[1].second < 5));
  Batch<double> whole(3, 1);
  whole << 0, 4, 10;
  CHECK((grid(whole).ranges[0].first <= 0 && grid(whole).ranges[0].second >= 10));
  whole.setConstant(1e5);
  CHECK((grid(whole).ranges[0].first < 1e5 && grid(whole).ranges[0].second > 1e5));
}

TEST_CASE("the legend names each set, the first above the second, and their rows") {
  const Batch<double> a = normals(20, 1, 3), b = normals(1, 1, 4);
  const auto place = [](const Image& m, const std::string& text) {
    return rheo_test::place_of(m, text, io::detail::ink);
  };
  const CornerOptions o{.first = "theirs", .second = "ours"};
  const Image one = draw_corner(a, o), two = draw_corner(a, b, o);
  CHECK(place(one, "theirs, 20 rows").y >= 0);
  const auto first = place(two, "theirs, 20 rows"), second = place(two, "ours, 1 row");
  REQUIRE((first.y >= 0 && second.y >= first.y + 14));
  CHECK(first.x == second.x);
  const auto beside = [&](const rheo_test::Place& p, Rgb colour) {  // a swatch of this colour
    for (int x = 0; x < p.x; ++x) {
      for (int y = p.y; y < p.y + 14; ++y) {
        if (two.at(x, y) == colour) return true;
      }
    }
    return false;
  };
  CHECK((beside(first, io::detail::first_colour) && !beside(first, io::detail::second_colour)));
  CHECK((beside(second, io::detail::second_colour) && !beside(second, io::detail::first_colour)));
}

TEST_CASE("a model is drawn from") {
  const auto model = make_model<float>(Flow{Standardize<2>{}, StandardNormal<2>{}}, Noise{2});
  const Batch<double> x = normals(300, 2, 3);
  const Batch<double> drawn = model.sample(20000, Noise{5}).cast<double>();
  CHECK(format_png(draw_corner(x, model, {.noise = Noise{5}})) == format_png(draw_corner(x, drawn)));
}

TEST_CASE("any number of columns to ten, of any size, leaves the picture's edge free") {
  for (const Index d : {1, 2, 3, 5, 7, 10}) {
    Batch<double> x = normals(400, d, 3), y = normals(2000, d, 4);
    for (Index j = 0; j < d; ++j)
      x.col(j) = x.col(j) * std::pow(10.0, 3 * j - 12) + 1000, y.col(j) = y.col(j) * std::pow(10.0, 3 * j - 12) + 1000;
    const CornerOptions o{.names = std::vector<std::string>(static_cast<std::size_t>(d), std::string(40, 'W')),
                          .first = std::string(50, 'W')};
    CHECK(rheo_test::on_edge(draw_corner(x, y, o)) == 0);
    CHECK(rheo_test::on_edge(draw_corner(Batch<double>::Constant(3, d, -7e-12))) == 0);
  }
}

TEST_CASE("what cannot be shown is refused in a sentence") {
  const Batch<double> x = normals(20, 3, 1);
  Batch<double> bad = x;
  bad(4, 2) = std::nan("");
  const auto said = [](const auto& draw) -> std::string {
    try {
      draw();
    } catch (const std::exception& e) { return e.what(); }
    return "";
  };
  CHECK(said([&] { draw_corner(normals(20, 11, 1)); }) ==
        "rheo: corner plot: 11 columns, it shows 1 to 10; choose some of them");
  CHECK(said([&] { draw_corner(Batch<double>(5, 0)); }) ==
        "rheo: corner plot: 0 columns, it shows 1 to 10; choose some of them");
  CHECK(said([&] { draw_corner(x, bad); }) == "rheo: 1 value of model is not finite, in row 4, column 2");
  CHECK_THROWS_AS(draw_corner(bad), DataError);
  CHECK(said([&] { draw_corner(x, normals(20, 2, 1)); }) == "rheo: corner plot: data has 3 columns and model 2");
  CHECK(said([&] { draw_corner(x, {.names = {"a", "b"}}); }) == "rheo: corner plot: 2 names for 3 columns");
  CHECK(said([&] { draw_corner(Batch<double>(0, 3)); }) == "rheo: corner plot: data has no rows");
  bad(4, 2) = 1.5e308, bad(5, 2) = -1.5e308;
  CHECK_THROWS_AS(draw_corner(bad), std::invalid_argument);
}

TEST_CASE("files have the same bytes, whatever the samples' storage") {
  const Batch<double> x = normals(500, 3, 1), y = normals(1500, 3, 2);
  const auto path =
      (std::filesystem::temp_directory_path() / ("rheo-corner-" + std::to_string(::getpid()) + ".png")).string();
  plot_corner(path, x, y, {.names = {"a", "b", "c"}});
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = x.matrix();
  CHECK(read_file(path) == format_png(draw_corner(rows, y, {.names = {"a", "b", "c"}})));
  plot_corner(path, x, {.first = "draws"});
  CHECK(read_file(path) == format_png(draw_corner(x, {.first = "draws"})));
  std::filesystem::remove(path);
}

}  // namespace io_plot_corner
