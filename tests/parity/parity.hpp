// SPDX-License-Identifier: MIT
// What the parity tests share: a recorded case apart into the library's state dict and the case's own numbers, and the
// comparison of whole flows.
#pragma once

#include <algorithm>

#include "catch.hpp"
#include "reference.hpp"
#include "rheo/flows/model.hpp"

namespace rheo_test {
using namespace rheo;

/// The tensors of a recorded case that are of the model.
inline io::TensorFile state_dict(const std::string& name) {
  io::TensorFile file =
      io::read_safetensors((std::filesystem::path(RHEO_TEST_DIR) / "reference" / (name + ".safetensors")).string());
  std::erase_if(file.tensors, [](const io::Tensor& t) {
    for (const char* of_the_case : {"x", "context", "noise", "log_prob", "z", "log_det", "sample", "sample_log_det"}) {
      if (t.name == of_the_case) return true;
    }
    return false;
  });
  return file;
}

inline double worst_relative(const Batch<double>& a, const Batch<double>& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  REQUIRE(a.allFinite());
  return ((a - b).abs() / (1 + b.abs())).maxCoeff();
}

/// log_prob, z and log_det of x; the sample that noise gives, and its log_det: all that the file has, to 1e-10.
template <class M> void check_parity(const M& model, const Reference& r) {
  const Batch<double> x = r.batch("x"), noise = r.batch("noise");
  const auto base = [](const Batch<double>& z) {
    return Batch<double>(-0.5 * z.square().rowwise().sum() - 0.91893853320467274178 * static_cast<double>(z.cols()));
  };
  const Batch<double> context = r.has("context") ? r.batch("context") : Batch<double>(x.rows(), 0);
  const Batch<double> log_prob = model.log_prob(x, context), sample = model.decode(noise, {}, context),
                      log_prob_of_sample = model.log_prob(sample, context);
  CHECK(worst_relative(log_prob, r.batch("log_prob")) < 1e-10);
  CHECK(worst_relative(sample, r.batch("sample")) < 1e-10);
  if (r.has("z")) CHECK(worst_relative(model.encode(x, {}, context), r.batch("z")) < 1e-10);
  if (r.has("log_det")) CHECK(worst_relative(log_prob - base(r.batch("z")), r.batch("log_det")) < 1e-10);
  if (r.has("sample_log_det") && r.has("z"))
    CHECK(worst_relative(base(noise) - log_prob_of_sample, r.batch("sample_log_det")) < 1e-10);
}

}  // namespace rheo_test
