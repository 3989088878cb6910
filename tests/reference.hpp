// SPDX-License-Identifier: MIT
// Cases computed in float64 by other libraries, tests/reference/<name>.safetensors: an 8-byte length, a JSON header, row-major numbers.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "rheo/core/batch.hpp"

namespace rheo_test {

class Reference {
 public:
  explicit Reference(const std::string& name) {
    std::ifstream file(std::string(RHEO_TEST_DIR) + "/reference/" + name + ".safetensors", std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.size() < 8) throw std::runtime_error("no reference case " + name);
    std::uint64_t n = 0;
    std::memcpy(&n, bytes_.data(), 8);
    header_ = bytes_.substr(8, n);
  }
  /// The tensor in rows of `columns` numbers; by default its first axis down, all others across.
  rheo::Batch<double> batch(const std::string& name, rheo::Index columns = 0) const {
    const std::size_t at = header_.find("\"" + name + "\":");
    if (at == std::string::npos) throw std::runtime_error("no tensor " + name);
    const auto shape = numbers(at, "\"shape\""), offsets = numbers(at, "\"data_offsets\"");
    const auto size = static_cast<rheo::Index>((offsets[1] - offsets[0]) / 8);
    const rheo::Index c = columns > 0 ? columns : size / static_cast<rheo::Index>(shape[0]);
    Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> x(size / c, c);
    std::memcpy(x.data(), bytes_.data() + 8 + header_.size() + offsets[0], static_cast<std::size_t>(size) * 8);
    return x;
  }

 private:
  std::vector<std::size_t> numbers(std::size_t from, const std::string& key) const {
    std::size_t i = header_.find('[', header_.find(key, from)) + 1;
    std::vector<std::size_t> all;
    for (; header_[i - 1] != ']'; i = header_.find_first_of(",]", i) + 1) all.push_back(std::stoul(header_.substr(i)));
    return all;
  }
  std::string bytes_, header_;
};

}  // namespace rheo_test
