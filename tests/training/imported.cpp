// SPDX-License-Identifier: MIT
// An imported flow is a model like any other: training goes on where it stopped.
#include "rheo/io/import/nflows.hpp"
#include "rheo/training/fit.hpp"
#include "../parity/parity.hpp"
#include "draws.hpp"

namespace training_imported {
using namespace rheo_test;

TEST_CASE("an imported flow of nflows is trained further") {
  auto model =
      io::from_nflows<io::nflows::MaskedAutoregressiveFlow<2, 32, 3>>(state_dict("nflows_maf_D2"), "nflows_maf_D2");
  const Batch<double> x = normals(600, 2, 3) + 0.5, fresh = normals(600, 2, 4) + 0.5;
  const double before = model.log_prob(fresh).mean();
  const auto fitted = fit(model, x, {.epochs = 20, .batch = 64, .learning_rate = 3e-3});
  const double after = model.log_prob(fresh).mean();
  INFO("from " << before << " to " << after << ", " << to_string(fitted.status));
  CHECK(after > before + 0.1);
  CHECK(after < -2.7);  // the entropy is 2.838, less what 600 rows may give by chance
}
TEST_CASE("contexts of an imported flow stay as they are, however it is fitted") {
  auto model = io::from_nflows<Flow<io::nflows::MaskedAffine<3, 17, 2>, StandardNormal<3>>>(
      [] {
        io::TensorFile file = state_dict("nflows_context_D3");
        std::erase_if(file.tensors, [](const io::Tensor& t) {
          return t.name.rfind("_transform._transforms.0._transforms.0.", 0) != 0;
        });
        return file;
      }(),
      "nflows_context_D3");
  const Batch<double> x = normals(64, 3, 5), context = 10 * normals(64, 2, 6) + 100;
  const Column<double> before = model.log_prob(x, context);
  model.initialise(x, context);
  CHECK((model.log_prob(x, context) == before).all());
}

}  // namespace training_imported
