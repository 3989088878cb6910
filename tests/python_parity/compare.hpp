// SPDX-License-Identifier: MIT
// What a real library computed (cases.py) beside what rheo computes from the weights that it saved.
#pragma once

#include <iosfwd>
#include <string>

#include "rheo/flows/model.hpp"
#include "rheo/io/safetensors.hpp"

namespace python_parity {
using namespace rheo;

/// Compares log-densities, latents and samples, each error relative to 1 + the number; counts what is not within 1e-10.
class Comparison {
 public:
  explicit Comparison(std::string folder) : folder_(std::move(folder)) {}
  int failed() const { return failed_; }
  int cases() const { return cases_; }

  /// import(path) makes the model of <folder>/<name>.safetensors.
  template <class Import> void check(const std::string& name, Import import) {
    const std::string path = folder_ + "/" + name;
    const auto model = import(path + ".safetensors");
    const io::TensorFile file = io::read_safetensors(path + ".case.safetensors");
    const auto batch = [&](const char* what) {
      const io::Tensor* t = file.find(what);
      return t ? io::to_batch(*t) : Batch<double>(0, 0);
    };
    const Batch<double> x = batch("x"), given = batch("context"),
                        context = given.size() > 0 ? given : Batch<double>(x.rows(), 0);
    report(name, error(model.log_prob(x, context), batch("log_prob")), error(model.encode(x, {}, context), batch("z")),
           error(model.decode(batch("noise"), {}, context), batch("sample")));
  }

 private:
  static double error(const Batch<double>& a, const Batch<double>& b);
  void report(const std::string& name, double log_prob, double z, double sample);
  std::string folder_;
  int failed_ = 0, cases_ = 0;
};

void zuko(Comparison& c);
void nflows(Comparison& c);
void normflows(Comparison& c);
void flowjax(Comparison& c);
void survae(Comparison& c);

}  // namespace python_parity
