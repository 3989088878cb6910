// SPDX-License-Identifier: MIT
// Cases computed by other libraries in float64, from tests/reference/<name>.safetensors; the file's metadata says what
// each is.
#pragma once

#include <filesystem>
#include <string>

#include "rheo/io/safetensors.hpp"

namespace rheo_test {

class Reference {
 public:
  explicit Reference(const std::string& name)
      : file_(rheo::io::read_safetensors(
            (std::filesystem::path(RHEO_TEST_DIR) / "reference" / (name + ".safetensors")).string())) {}

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  /// A float tensor in rows of `columns` numbers; by default its first axis down, all others across.
  rheo::Batch<double> batch(const std::string& name, rheo::Index columns = 0) const {
    const rheo::io::Tensor& t = tensor(name);
    const auto size = static_cast<rheo::Index>(t.values.size());
    const rheo::Index c = columns > 0 ? columns : size / static_cast<rheo::Index>(t.shape.at(0));
    return Eigen::Map<const Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(t.values.data(),
                                                                                                   size / c, c);
  }
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
