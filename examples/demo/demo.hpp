// SPDX-License-Identifier: MIT
// What the three programs of the demo do alike: a picture of data, density and samples, and its section of the page.
#pragma once

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include <rheo/evaluation/metrics.hpp>
#include <rheo/io/plot.hpp>
#include <rheo/targets/table.hpp>
#include <rheo/training/fit.hpp>

namespace demo {
using namespace rheo;

struct Section {
  std::string folder, name, title, words, command;  ///< of the page; `name` is that of its files

  /// The picture of a fitted model and its figures: the mean density of fresh rows, and what is known of the target, or
  /// nothing.
  template <class M>
  void show(const M& model, const Batch<float>& data, const Batch<float>& fresh, const io::Box& box,
            const FitResult& fitted, const targets::Target* target = nullptr) const {
    constexpr Index side = 200;
    const Batch<double> density = model.log_prob(io::grid_points(box, side, side).cast<float>())
                                      .template cast<double>()
                                      .exp()
                                      .reshaped(side, side);
    const Batch<double> samples = model.sample(target ? 100'000 : 8000, Noise{5}).template cast<double>();
    using io::Panel;
    io::plot_panels(folder + "/" + name + ".png",
                    {Panel::scatter("data", data.topRows(std::min<Index>(8000, data.rows())).cast<double>()),
                     Panel::heat_map("density", density, io::robust_top(density)),
                     Panel::scatter("samples", samples.topRows(8000))},
                    box);
    const Estimate loss = mean_and_error(Column<float>(-model.log_prob(fresh)));
    char figures[400];
    int at = std::snprintf(figures, sizeof figures,
                           "%ld parameters, trained in %.1f s; mean -log p of %ld fresh rows %.3f +- %.3f nats",
                           static_cast<long>(M::param_count), fitted.seconds, static_cast<long>(fresh.rows()),
                           loss.value, loss.error);
    if (target) {
      const double leak = support_leak(samples, *target, 1e-6).value;
      std::snprintf(figures + at, sizeof figures - static_cast<std::size_t>(at),
                    ", a gap of %.3f to the exact entropy %.3f; %.2f %% of the samples outside the true support",
                    loss.value - *target->entropy, *target->entropy, 100 * leak);
    }
    io::write_file(folder + "/" + name + ".html", "<section>\n<h2>" + title + "</h2>\n<p>" + words +
                                                      "</p>\n<img src=\"" + name +
                                                      ".png\" alt=\"data, density and samples: " + title + "\">\n<p>" +
                                                      figures + ".</p>\n<pre>" + command + "</pre>\n</section>\n");
    std::printf("%s: %s\n%s\n", name.c_str(), figures, (folder + "/" + name + ".png").c_str());
  }
};

/// main of a program that wants a folder.
template <class Run> int run(int count, char** words, Run body) {
  if (count < 2) return std::fprintf(stderr, "usage: %s FOLDER ...\n", words[0]), 2;
  try {
    body(std::string(words[1]));
    return 0;
  } catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
}

}  // namespace demo
