// SPDX-License-Identifier: MIT
// StateDict: the tensors of another library's model, each of which must be taken once, as what it is; whatever does not
// fit is listed.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rheo/io/model_file.hpp"
#include "rheo/io/safetensors.hpp"

namespace rheo::io {
namespace detail {

/// For each of our rows or columns the number of theirs; empty: as they stand.
using Places = std::vector<Index>;
using Shape = std::vector<std::uint64_t>;

inline Shape shape_of(std::initializer_list<Index> lengths) { return Shape(lengths.begin(), lengths.end()); }
inline Index place(const Places& places, Index k) { return places.empty() ? k : places[static_cast<std::size_t>(k)]; }

/// The tensors of a masked layer.
struct MaskedNames {
  std::string weight, bias, mask;
};

class StateDict {
 public:
  /// `name` stands for the file in errors.
  StateDict(const TensorFile& file, std::string name) : file_(file), name_(std::move(name)) {}

  /// Whether some tensor's name begins with this.
  bool any(const std::string& prefix) const {
    for (const Tensor& t : file_.tensors) {
      if (t.name.compare(0, prefix.size(), prefix) == 0) return true;
    }
    return false;
  }
  /// Numbers of this name and shape, or nullptr and a fault.
  const Tensor* floats(const std::string& name, const Shape& shape) {
    const Tensor* t = of_shape(name, shape, "F64 or F32");
    if (!t) return nullptr;
    if (t->dtype != "F64" && t->dtype != "F32") {
      fault("'" + name + "' holds " + t->dtype + ", expected F64 or F32" +
            (t->is_integer() ? "" : ": widen the model before it is saved, model.float()"));
      return nullptr;
    }
    for (std::size_t k = 0; k < t->values.size(); ++k) {
      if (std::isfinite(t->values[k])) continue;
      fault("'" + name + "' holds " + general(t->values[k], 3) + " at index " + std::to_string(k) +
            ", expected finite numbers");
      return nullptr;
    }
    return t;
  }
  /// Whole numbers, or nullptr and a fault.  Masks that are kept as 0.0 and 1.0 count.
  bool integers(const std::string& name, const Shape& shape, std::vector<std::int64_t>& out) {
    const Tensor* t = of_shape(name, shape, "whole numbers");
    if (!t) return false;
    if (t->is_integer()) {
      out = t->integers;
      return true;
    }
    out.clear();
    for (const double v : t->values) {
      if (!(std::fabs(v) < 1e15) || v != std::floor(v)) {
        fault("'" + name + "' holds " + general(v, 6) + " at index " + std::to_string(out.size()) +
              ", expected whole numbers");
        return false;
      }
      out.push_back(static_cast<std::int64_t>(v));
    }
    return true;
  }
  /// Whole numbers that must be these.
  void expect(const std::string& name, const Shape& shape, const std::vector<std::int64_t>& wanted) {
    std::vector<std::int64_t> found;
    if (!integers(name, shape, found) || found == wanted) return;
    std::size_t k = 0;
    while (found[k] == wanted[k]) ++k;
    const auto text = [&](const std::vector<std::int64_t>& v) {
      if (v.size() > 16) return std::to_string(v[k]) + " at index " + std::to_string(k);
      std::string list = "(";
      for (std::size_t i = 0; i < v.size(); ++i) list += (i ? ", " : "") + std::to_string(v[i]);
      return list + ")";
    };
    fault("'" + name + "' is " + text(found) + ", expected " + text(wanted) + " by the flow's type");
  }
  /// Numbers that must all be `wanted`.
  void expect_all(const std::string& name, const Shape& shape, double wanted) {
    const Tensor* t = floats(name, shape);
    for (std::size_t k = 0; t && k < t->values.size(); ++k) {
      if (t->values[k] == wanted) continue;
      return fault("'" + name + "' holds " + general(t->values[k], 6) + " at index " + std::to_string(k) +
                   ", expected " + general(wanted, 6) + " by the flow's type");
    }
  }
  /// A permutation of 0 .. D - 1 that a Permute keeps; false after a fault.
  template <Index D> bool permutation(const std::string& name, Params<double> buffers) {
    std::vector<std::int64_t> order;
    if (!integers(name, shape_of({D}), order)) return false;
    std::array<double, static_cast<std::size_t>(D)> numbers{};
    for (std::size_t j = 0; j < order.size(); ++j) numbers[j] = static_cast<double>(order[j]);
    if (!rheo::detail::is_permutation<D>(numbers.data())) {
      fault("'" + name + "' is no permutation of 0 .. " + std::to_string(D - 1) + ", expected one");
      return false;
    }
    std::copy(numbers.begin(), numbers.end(), buffers.data());
    return true;
  }
  /// One number, 0 or 1 (or a count of starts), into a buffer that says whether a data-dependent start has been made.
  void flag(const std::string& name, const Shape& shape, Params<double> buffers) {
    if (const Tensor* t = floats(name, shape)) buffers.data()[0] = t->values[0] != 0;
  }
  /// A tensor that tells nothing after a fault.
  void ignore(const std::string& name) { taken_.insert(name); }

  /// A vector, our number k from their out[k]; false after a fault.
  bool vector(const std::string& name, const Shape& shape, ColView<double> to, const Places& out = {}) {
    const Tensor* t = floats(name, shape);
    for (Index k = 0; t && k < to.size(); ++k) to(k) = t->values[static_cast<std::size_t>(place(out, k))];
    return t != nullptr;
  }
  /// `name` (out, in) into W (in x out): our output k is their out[k], our input i their in[i].  Where sees(k, i) is
  /// false, 0.
  template <class Sees>
  void matrix(const std::string& name, View<double> W, const Places& out, const Places& in, Sees sees) {
    const Tensor* t = floats(name, shape_of({W.cols(), W.rows()}));
    if (!t) return;
    for (Index k = 0; k < W.cols(); ++k) {
      for (Index i = 0; i < W.rows(); ++i)
        W(i, k) = sees(k, i) ? t->values[static_cast<std::size_t>(place(out, k) * W.rows() + place(in, i))] : 0;
    }
  }
  /// A layer of a net: name.weight and name.bias.
  template <class Layer>
  void linear(const std::string& name, Layer& layer, const Places& out = {}, const Places& in = {}) {
    matrix(name + ".weight", layer.W, out, in, [](Index, Index) { return true; });
    vector(name + ".bias", shape_of({layer.W.cols()}), layer.b, out);
  }
  /// A masked layer: its mask too, which must be 1 where sees(k, i), our output k and input i, and 0 elsewhere.
  template <class Layer, class Sees>
  void masked_linear(const MaskedNames& name, Layer& layer, const Places& out, const Places& in, Sees sees) {
    matrix(name.weight, layer.W, out, in, sees);
    vector(name.bias, shape_of({layer.W.cols()}), layer.b, out);
    std::vector<std::int64_t> mask(static_cast<std::size_t>(layer.W.size()));
    for (Index k = 0; k < layer.W.cols(); ++k) {
      for (Index i = 0; i < layer.W.rows(); ++i)
        mask[static_cast<std::size_t>(place(out, k) * layer.W.rows() + place(in, i))] = sees(k, i);
    }
    expect(name.mask, shape_of({layer.W.cols(), layer.W.rows()}), mask);
  }

  void fault(const std::string& what) {
    if (++count_ <= 40) faults_.push_back(what);
  }
  /// Throws FileError with all that did not fit and all that is left.
  void finish() {
    for (const Tensor& t : file_.tensors) {
      if (!taken_.count(t.name))
        fault("'" + t.name + "' " + shape_text(t.shape) + " is left over: no layer of the flow takes it");
    }
    if (count_ == 0) return;
    if (count_ > 40) faults_.push_back("and " + std::to_string(count_ - 40) + " more");
    std::string all = count_ == 1 ? faults_[0] : std::to_string(count_) + " faults";
    for (std::size_t k = 0; count_ > 1 && k < faults_.size(); ++k) all += "\n  " + faults_[k];
    if (misshapen_ > 2)
      all += "\n  where many shapes differ, the flow's type says another number of features, context, widths, bins or "
             "layers than Python did, each a template argument";
    bad_file(name_, all);
  }

 private:
  const Tensor* of_shape(const std::string& name, const Shape& shape, const char* kind) {
    taken_.insert(name);
    const Tensor* t = file_.find(name);
    if (!t) {
      fault("'" + name + "' is missing, expected " + kind + " of shape " + shape_text(shape));
    } else if (t->shape != shape) {
      ++misshapen_;
      fault("'" + name + "' has shape " + shape_text(t->shape) + ", expected " + shape_text(shape));
      t = nullptr;
    }
    return t;
  }

  const TensorFile& file_;
  std::string name_;
  std::vector<std::string> faults_;
  std::set<std::string> taken_;
  std::size_t count_ = 0, misshapen_ = 0;
};

}  // namespace detail
}  // namespace rheo::io
