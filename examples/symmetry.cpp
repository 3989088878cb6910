// SPDX-License-Identifier: MIT
// Folding a symmetry away: flows behind Abs beside RealNvp on four densities, three of them symmetric, one
// anti-symmetric; nats on fresh rows, and a picture of each.
//   symmetry [epochs] [directory]
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <rheo/io/plot.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

namespace {

using Body = Repeat<8, Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>>;
using Plus = Mask<1, 0>;  // x1 is folded, x2 passes
using Signs = Given<family::Bernoulli, Mlp<64, 64>>;

/// Symmetric in both coordinates: both signs are dropped, each a fair coin; the flow sees a quarter of the plane.
template <class Map> auto abs_flow(Map to_line) {
  return Flow{Abs<2>{}, to_line, Standardize<2>{}, Body{}, StandardNormal<2>{}};
}
/// Anti-symmetric in x1: mirrored, the squares are the gaps.  Folded they fill a box, and a net learns the sign that
/// the place goes with.
auto abs_uniform() {
  return Flow{Abs<2, Signs, Plus>{}, On<2, Plus, range::LogitUpTo>{range::LogitUpTo{4}},
              On<2, Mask<0, 1>, range::Interval>{range::Interval{-4, 4}}, SigmoidMap<2>{}, Uniform<2>{}};
}

struct Run {
  const targets::Target& target;
  int epochs;
  std::string directory;
  Batch<float> train = target.sample(100'000, Noise{1}).cast<float>(),
               test = target.sample(50'000, Noise{2}).cast<float>();

  template <class F> auto fitted(F flow) const {
    auto model = make_model<float>(flow, Noise{3});
    fit(model, train,
        {.epochs = epochs, .batch = 256, .learning_rate = 4e-3, .schedule = {Cosine{0.01}, 100}, .noise = Noise{4}});
    return model;
  }
  template <class M> Batch<double> density(const M& model, const io::Box& box) const {
    return model.log_prob(io::grid_points(box, side, side).cast<float>())
        .template cast<double>()
        .exp()
        .reshaped(side, side);
  }

  /// `folded`: how many of the coordinates, from the first on, `flow` takes the modulus of.
  template <class F> void compare(const char* name, F flow, Index folded) const {
    const auto ours = fitted(flow);
    const auto plain = fitted(presets::RealNvp<2>{});  // Body on the plane as it is
    const Estimate a = mean_and_error(Column<float>(-ours.log_prob(test))),
                   b = mean_and_error(Column<float>(-plain.log_prob(test)));
    std::printf("%-16s %8.4f   %-10s %.4f +- %.4f   RealNvp %.4f +- %.4f\n", target.name.c_str(), *target.entropy, name,
                a.value, a.error, b.value, b.error);
    std::fflush(stdout);

    const io::Box box{target.box.x1_min, target.box.x1_max, target.box.x2_min,
                      target.box.x2_max};  // symmetric: mirroring is reversing
    const Batch<double> unfolded = density(ours, box), other = density(plain, box);
    Batch<double> there = unfolded,
                  data = test.topRows(8000)
                             .cast<double>();  // |x| has the sum of the densities of the points that fold onto it
    data.leftCols(folded) = data.leftCols(folded).abs().eval();
    there = (there + there.colwise().reverse()).eval();
    there.topRows(side / 2).setZero();
    if (folded == 2) {
      there = (there + there.rowwise().reverse()).eval();
      there.leftCols(side / 2).setZero();
    }
    using io::Panel;
    const auto points = [](const auto& model) { return model.sample(8000, Noise{5}).template cast<double>().eval(); };
    const double top = io::robust_top(unfolded);
    const io::Image image = io::draw_rows(
        {{Panel::scatter("data after Abs", data), Panel::heat_map("density there", there, io::robust_top(there)),
          Panel::heat_map(name, unfolded, top)},
         {Panel::scatter(std::string("samples of ") + name, points(ours)), Panel::heat_map("RealNvp", other, top),
          Panel::scatter("samples of RealNvp", points(plain))}},
        box);
    io::write_png(directory + "/symmetry_" + target.name + ".png", image);
  }
  static constexpr Index side = 210;
};

}  // namespace

int main(int count, char** words) {
  const int epochs = count > 1 ? std::atoi(words[1]) : 12;
  const std::string directory = count > 2 ? words[2] : ".";
  try {
    std::printf("%-16s %8s   nats on 50000 fresh rows\n", "target", "entropy");
    Run{targets::find("checkerboard"), epochs, directory}.compare("AbsUniform", abs_uniform(), 1);
    Run{targets::find("corners"), epochs, directory}.compare("AbsFlow", abs_flow(LogitUpToMap<2>{range::LogitUpTo{4}}),
                                                             2);
    Run{targets::find("four_circles"), epochs, directory}.compare("AbsFlow", abs_flow(SoftplusInverseMap<2>{}), 2);
    Run{targets::find("eight_gaussians"), epochs, directory}.compare("AbsFlow", abs_flow(SoftplusInverseMap<2>{}), 2);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
