// SPDX-License-Identifier: MIT
// Cases computed by other libraries in float64, from tests/reference/<name>.safetensors; the file's metadata says what each is.
#pragma once

#include <string>

#include "rheo/io/safetensors.hpp"

namespace rheo_test {

class Reference {
 public:
  explicit Reference(const std::string& name) : file_(rheo::io::read_safetensors(std::string(RHEO_TEST_DIR) + "/reference/" + name + ".safetensors")) {}

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  /// A float tensor; (n) gives n x 1.
  rheo::Batch<double> batch(const std::string& name) const { return rheo::io::to_batch(tensor(name)); }
  /// An integer tensor of any shape, row-major.
  const std::vector<std::int64_t>& integers(const std::string& name) const { return tensor(name).integers; }

 private:
  const rheo::io::Tensor& tensor(const std::string& name) const {
    const rheo::io::Tensor* t = file_.find(name);
    if (!t) throw std::runtime_error("no tensor " + name);
    return *t;
  }
  rheo::io::TensorFile file_;
};

}  // namespace rheo_test
