// SPDX-License-Identifier: MIT
// A table of one's own: two columns of a CSV, standardised, by spline couplings.
#include <rheo/flows/presets/coupling_flows.hpp>
#include <rheo/io/csv.hpp>

#include "demo.hpp"

int main(int count, char** words) {
  using namespace rheo;
  return demo::run(count, words, [&](const std::string& folder) {
    if (count < 5) throw std::runtime_error("usage: demo_table FOLDER TABLE.csv COLUMN COLUMN");
    const Batch<float> rows = io::read_csv(words[2], {.columns = {words[3], words[4]}}).values.cast<float>();
    const Index held = rows.rows() / 10;
    const Batch<float> fresh = rows.topRows(held), data = rows.bottomRows(rows.rows() - held);
    auto model = make_model<float>(presets::Nsf<2, 6>{}, Noise{3});
    const FitResult fitted =
        fit(model, data,
            {.epochs = 120, .batch = 128, .learning_rate = 1e-3, .patience = 30, .noise = Noise{4}, .threads = 2});
    const Row<float> low = rows.colwise().minCoeff(), high = rows.colwise().maxCoeff();
    demo::Section{folder, "3_table", "A table of your own",
                  std::string("The columns ") + words[3] + " and " + words[4] +
                      " of a CSV file, here the earth's earthquakes; a tenth of the rows was not trained on.",
                  words[0] + (" " + folder) + " " + words[2] + " " + words[3] + " " + words[4]}
        .show(model, data, fresh,
              {static_cast<double>(low(0)), static_cast<double>(high(0)), static_cast<double>(low(1)),
               static_cast<double>(high(1))},
              fitted);
  });
}
